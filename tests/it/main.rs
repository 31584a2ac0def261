//! tests

mod clients;
mod mcp;
