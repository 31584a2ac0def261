//! tests
mod canned;
mod guard;
mod nemo;
mod recordings;
