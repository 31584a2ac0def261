//! tests
mod recordings;
