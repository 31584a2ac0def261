//! tests

mod mcp;
