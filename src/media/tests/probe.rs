//! Every fixture is what its maker says.

use super::fixture;
use crate::media::probe::probe;

#[test]
fn dump() {
    let mut names: Vec<_> = std::fs::read_dir(fixture(""))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in names.iter().filter(|n| !n.ends_with("frames")) {
        match probe(&fixture(name)) {
            Ok(p) => eprintln!("{name}: {}\n    {}", p.summary(), serde_json::to_string(&p).unwrap()),
            Err(e) => eprintln!("{name}: ERROR {e}"),
        }
    }
}
