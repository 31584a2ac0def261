//! The house holds: imports go down, secrets of the process stay on their floor, files stay readable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The modules from the ground up; a module may use its own folder and every floor below. Those of one line do not
/// know each other.
const FLOORS: [&[&str]; 10] = [
    &["redact", "money"],
    &["error"],
    &["config"],
    &["model", "net"],
    &["nemo", "skillboss", "ledger", "delivery", "social", "media"],
    &["app"],
    &["jobs"],
    &["mcp", "http"],
    // A door too, and the one through which the others are opened.
    &["cli"],
    &["main", "lib"],
];

/// The annex stands beside the house: it uses this much of it …
const ANNEX: &str = "sandbox";
const ANNEX_USES: [&str; 4] = ["redact", "error", "config", "media"];
/// … and only these use it.
const USES_ANNEX: [&str; 2] = ["src/app/", "src/cli/sandbox.rs"];

struct Source {
    /// As in `src/jobs/mod.rs`.
    path: String,
    text: String,
    /// The text without comments, strings and characters.
    code: String,
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.contains("/tests/")
    }

    /// Without the tests at the end of the file.
    fn without_tests<'a>(&self, text: &'a str) -> &'a str {
        let is_module = |at: usize| {
            text[at..].lines().nth(1).is_some_and(|line| line.starts_with("mod ") && line.ends_with('{'))
        };
        text.match_indices("#[cfg(test)]\n")
            .find(|(at, _)| is_module(*at))
            .map_or(text, |(at, _)| &text[..at])
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src")];
    let mut found: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(found.len() > 50, "the sources were not found");
    let load = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
        Source { path, code: code_of(&text), text }
    };
    found.into_iter().map(load).collect()
}

/// Blanks out what the compiler does not read as code.
fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut code = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let before = code.chars().next_back().unwrap_or(' ');
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                i += 2;
                while i < chars.len() && !(at(i) == '*' && at(i + 1) == '/') {
                    i += 1;
                }
                i += 2;
            }
            'r' if matches!(at(i + 1), '"' | '#') && !before.is_alphanumeric() && before != '_' => {
                let hashes = (i + 1..).take_while(|&j| at(j) == '#').count();
                if at(i + 1 + hashes) != '"' {
                    code.push('r');
                    i += 1;
                    continue;
                }
                let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                i += 2 + hashes;
                while i < chars.len() && !chars[i..].starts_with(&end) {
                    i += 1;
                }
                i += end.len();
                code.push_str("\"\"");
            }
            '"' => {
                i += 1;
                while i < chars.len() && at(i) != '"' {
                    i += if at(i) == '\\' { 2 } else { 1 };
                }
                i += 1;
                code.push_str("\"\"");
            }
            // A character, and not a lifetime.
            '\'' if at(i + 1) == '\\' || at(i + 2) == '\'' => {
                i += if at(i + 1) == '\\' { 3 } else { 2 };
                while i < chars.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
                code.push_str("' '");
            }
            other => {
                code.push(other);
                i += 1;
            }
        }
    }
    code
}

/// The top-level modules that a file names, by `crate::…`, a group, or `super` up to the root.
fn uses(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (start, _) in source.code.match_indices("crate::") {
        let before = source.code[..start].chars().next_back().unwrap_or(' ');
        if before.is_alphanumeric() || before == '_' || before == '$' {
            continue;
        }
        found.extend(heads(&source.code[start + "crate::".len()..]));
    }
    let depth = source.path.trim_end_matches("/mod.rs").matches('/').count();
    let climb = "super::".repeat(depth.max(1));
    for (start, _) in source.code.match_indices(&climb) {
        found.extend(heads(&source.code[start + climb.len()..]));
    }
    found
}

/// The first name of a path, or the first names of a group.
fn heads(rest: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let mut names = vec![name(group)];
    let mut depth = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(name(&group[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn module(path: &str) -> &str {
    path.trim_start_matches("src/").split('/').next().unwrap().trim_end_matches(".rs")
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

#[test]
fn imports_go_down() {
    let mut wrong = Vec::new();
    for source in sources() {
        let own = module(&source.path);
        assert!(own == ANNEX || floor(own).is_some(), "{} stands on no floor", source.path);
        for used in uses(&source) {
            let allowed = if used == own || own == "lib" || (used != ANNEX && floor(&used).is_none()) {
                true
            } else if own == ANNEX {
                ANNEX_USES.contains(&used.as_str())
            } else if used == ANNEX {
                source.is_test() || USES_ANNEX.iter().any(|place| source.path.starts_with(place))
            } else {
                floor(&used) < floor(own)
            };
            if !allowed {
                wrong.push(format!("{} uses {used}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "sideways or up:\n{}", wrong.join("\n"));
}

#[test]
fn the_rule_is_read_from_every_form_of_import() {
    let source =
        |path: &str, text: &str| Source { path: path.into(), text: text.into(), code: code_of(text) };
    for (path, text, expected) in [
        ("src/jobs/wait.rs", "use crate::app::App;", vec!["app"]),
        ("src/jobs/wait.rs", "use crate::{app::{App, x}, error::Result};", vec!["app", "error"]),
        ("src/jobs/wait.rs", "fn f() -> crate::error::Result<()> {}", vec!["error"]),
        ("src/jobs/wait.rs", "use super::super::mcp::x;", vec!["mcp"]),
        ("src/jobs/mod.rs", "use super::mcp::x;", vec!["mcp"]),
        ("src/app.rs", "use super::jobs;", vec!["jobs"]),
        (
            "src/jobs/wait.rs",
            "use super::plan; // crate::mcp\nlet a = \"crate::mcp\"; let b = 'x'; /* crate::cli */",
            vec![],
        ),
        (
            "src/jobs/wait.rs",
            "let a = r#\"crate::mcp \" \"#; fn f<'a>(b: &'a str) { c('\\'', crate::cli::d) }",
            vec!["cli"],
        ),
    ] {
        assert_eq!(uses(&source(path, text)), expected, "{text}");
    }
}

/// What may stand only in these places: words of code, and the files or folders that may have them. The pipes of
/// `media/ffmpeg.rs` and `cli/page.rs` are those of the programs that they run.
const PLACES: [(&[&str], &[&str]); 7] = [
    (&["env::var", "env::temp_dir", "env::home_dir", "ProjectDirs", "UserDirs"], &["src/config/"]),
    (
        &["stdout(", "stdio()", "stdio_pipes"],
        &["src/cli/report.rs", "src/mcp/", "src/media/ffmpeg.rs", "src/cli/page.rs"],
    ),
    (&["stderr("], &["src/cli/", "src/config/log.rs", "src/media/ffmpeg.rs"]),
    (&["println!", "eprintln!", "print!(", "eprint!("], &[]),
    (&["todo!", "unimplemented!", "dbg!"], &[]),
    (&["unsafe "], &[]),
    (&["process::exit"], &[]),
];

#[test]
fn what_belongs_to_one_place_stays_there() {
    let mut wrong = Vec::new();
    for source in sources().into_iter().filter(|source| !source.is_test()) {
        for (words, places) in PLACES {
            let is_home = places.iter().any(|place| source.path.starts_with(place));
            let code = source.without_tests(&source.code);
            for word in words.iter().filter(|word| !is_home && code.contains(**word)) {
                wrong.push(format!("{} says {word}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "out of place:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_says_what_it_is() {
    for source in sources().into_iter().filter(|source| !source.is_test()) {
        let first = source.text.lines().next().unwrap_or_default();
        let subject =
            first.strip_prefix("//!").unwrap_or_else(|| panic!("{} opens without //!", source.path));
        assert!(subject.trim().len() >= 10, "{}: {first:?} names no subject", source.path);
        assert!(
            !source.path.ends_with("utils.rs") && !source.path.ends_with("helpers.rs"),
            "{}",
            source.path
        );
    }
}

#[test]
fn no_trait_has_a_single_implementation() {
    let sources = sources();
    let mut traits = BTreeMap::new();
    for source in &sources {
        for (start, _) in source.code.match_indices("trait ") {
            let is_word = source.code[..start].ends_with([' ', '\n', ')']) || start == 0;
            let name: String = source.code[start + 6..].chars().take_while(|c| c.is_alphanumeric()).collect();
            if is_word && name.starts_with(char::is_uppercase) {
                traits.insert(name, source.path.clone());
            }
        }
    }
    for (name, path) in traits {
        let implementations = sources
            .iter()
            .flat_map(|source| source.code.lines())
            .filter(|line| {
                line.trim_start().starts_with("impl") && line.contains(&name) && line.contains(" for ")
            })
            .count();
        assert!(implementations != 1, "trait {name} in {path} has one implementation");
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the lengths are a report too")]
fn files_read_in_one_sitting() {
    let mut lengths: Vec<(usize, String)> = sources()
        .into_iter()
        .filter(|source| !source.is_test())
        .map(|source| (source.without_tests(&source.text).lines().count(), source.path))
        .collect();
    lengths.sort();
    let median = lengths[lengths.len() / 2].0;
    let ninth = lengths[lengths.len() * 9 / 10].0;
    let longest: Vec<_> = lengths.iter().rev().take(8).collect();
    println!(
        "{} files, median {median} lines, nine in ten up to {ninth}; longest {longest:?}",
        lengths.len()
    );
    assert!(median <= 150, "the median file has {median} lines; longest: {longest:?}");
    assert!(ninth <= 400, "one file in ten has more than {ninth} lines; longest: {longest:?}");
}
