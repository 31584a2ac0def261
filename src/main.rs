//! firstcut
fn main() {}
