//! What is written for people and assistants agrees with the program.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::CommandFactory;
use firstcut::cli::Cli;
use firstcut::config::SETTINGS;
use firstcut::error::Kind;
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Value, json};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

pub(crate) fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The rows of the table below this heading line.
fn table(text: &str, heading: &str) -> Vec<String> {
    let mut lines = text.lines().skip_while(|line| *line != heading);
    assert!(lines.next().is_some(), "there is no table {heading}");
    lines.skip(1).take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

/// The words between the first pair of backquotes.
fn code(cell: &str) -> &str {
    cell.split('`').nth(1).unwrap_or_else(|| panic!("{cell:?} has no code"))
}

/// The tools as a client sees them.
fn tools() -> BTreeSet<String> {
    let names = asked("tools/list");
    names["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

/// What the program answers to a client that asks this.
fn asked(method: &str) -> Value {
    let home = tempfile::tempdir().unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_firstcut"))
        .arg("serve")
        .env_clear()
        .env("FIRSTCUT_HOME", home.path())
        .current_dir(home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let client = json!({ "name": "docs", "version": "1" });
    let opening = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
    let mut stdin = server.stdin.take().unwrap();
    for message in [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": opening }),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": method }),
    ] {
        writeln!(stdin, "{message}").unwrap();
    }
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(server.stdout.take().unwrap()));
    let listed = lines
        .by_ref()
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
        .find(|answer| answer["id"] == 2);
    drop(stdin);
    assert!(server.wait().unwrap().success());
    listed.expect("no answer")["result"].clone()
}

#[test]
fn readme_lists_every_setting() {
    let expected: Vec<String> = SETTINGS
        .iter()
        .map(|setting| {
            let flag = setting.flag.map(|flag| format!(", `{flag}`")).unwrap_or_default();
            let key = setting.key.map_or("–".to_owned(), |key| format!("`{key}`"));
            format!(
                "| `{}`{flag} | {key} | {} | {} | {} |",
                setting.name, setting.form, setting.default, setting.meaning
            )
        })
        .collect();
    let found = table(&read("README.md"), "| Setting | In the file | Value | Default | Meaning |");
    assert!(found == expected, "the table of settings in README.md must be:\n{}", expected.join("\n"));
}

#[test]
fn readme_lists_every_error_code() {
    let rows = table(&read("README.md"), "| Code | Exit | What it means |");
    let found: BTreeSet<(String, u8)> = rows
        .iter()
        .map(|row| cells(row))
        .map(|cells| {
            assert!(cells[2].len() > 15, "{cells:?} explains nothing");
            (code(cells[0]).to_owned(), cells[1].parse().unwrap())
        })
        .collect();
    let expected = Kind::ALL.iter().map(|kind| (kind.code().to_owned(), kind.exit_code())).collect();
    assert_eq!(found, expected);
    assert_eq!(rows.len(), Kind::ALL.len(), "a code is listed twice");
}

#[test]
fn readme_and_skill_name_every_tool_and_no_other() {
    let tools = tools();
    let rows = table(&read("README.md"), "| Tool | What it does | Costs |");
    let listed: BTreeSet<String> = rows.iter().map(|row| code(cells(row)[0]).to_owned()).collect();
    assert_eq!(listed, tools);
    let skill = read("SKILL.md");
    for tool in &tools {
        assert!(skill.contains(&format!("`{tool}`")), "SKILL.md does not know {tool}");
    }
}

#[test]
fn readme_lists_every_prompt_and_resource() {
    let readme = read("README.md");
    let prompts = asked("prompts/list");
    let expected: Vec<(String, Vec<String>)> = prompts["prompts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|prompt| {
            let name = |one: &Value| one["name"].as_str().unwrap().to_owned();
            (name(prompt), prompt["arguments"].as_array().unwrap().iter().map(name).collect())
        })
        .collect();
    let rows = table(&readme, "| Prompt | Arguments | What the assistant is told to do |");
    let listed: Vec<(String, Vec<String>)> = rows
        .iter()
        .map(|row| {
            let cells = cells(row);
            (code(cells[0]).to_owned(), cells[1].split(", ").map(|name| code(name).to_owned()).collect())
        })
        .collect();
    assert_eq!(listed, expected);

    let rows = table(&readme, "| Resource | What it is |");
    let listed: BTreeSet<String> = rows.iter().map(|row| code(cells(row)[0]).to_owned()).collect();
    let uris = |method: &str, list: &str, key: &str| -> Vec<String> {
        let answer = asked(method);
        answer[list].as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
    };
    let mut expected = BTreeSet::from_iter(uris("resources/list", "resources", "uri"));
    expected.extend(uris("resources/templates/list", "resourceTemplates", "uriTemplate"));
    assert_eq!(listed, expected);
}

#[test]
fn readme_lists_every_command() {
    let rows = table(&read("README.md"), "| Command | What it does |");
    let listed: BTreeSet<String> =
        rows.iter().map(|row| code(cells(row)[0]).split(' ').nth(1).unwrap().to_owned()).collect();
    let commands = Cli::command();
    let expected = commands.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    assert_eq!(listed, expected);
}

#[test]
fn readme_commands_are_ones_that_exist() {
    let readme = read("README.md");
    let words = ["firstcut", "make", "a 10-second video of a sunset over the ocean", "--service", "sandbox"];
    let command = format!("cargo run --release -- make {:?} --service sandbox", words[2]);
    assert!(readme.contains(&command));
    Cli::command().try_get_matches_from(words).unwrap();
    assert!(readme.contains("cargo test --release"));
    let example = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("firstcut.toml"), example).unwrap();
    let around = firstcut::config::Surroundings::only(home.path());
    firstcut::config::Config::load(&firstcut::config::Overrides::default(), &around).unwrap();
    for block in readme.split("```json\n").skip(1) {
        let text = block.split("```").next().unwrap();
        serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
}

#[test]
fn the_skill_is_valid() {
    let skill = read("SKILL.md");
    let (front, body) = skill.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    let yaml = Yaml::load_from_str(front).unwrap();
    let fields = yaml[0].as_mapping().unwrap();
    let text = |name: &str| yaml[0].as_mapping_get(name).and_then(Yaml::as_str).unwrap_or_default();
    let allowed = ["name", "description", "license", "compatibility", "metadata", "allowed-tools"];
    for (name, _) in fields {
        assert!(allowed.contains(&name.as_str().unwrap()), "{name:?} is no field of a skill");
    }
    let name = text("name");
    assert_eq!(name, "firstcut");
    assert!(
        name.len() <= 64 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    );
    let description = text("description").chars().count();
    assert!((1..=1024).contains(&description), "the description has {description} characters");
    assert!(text("compatibility").chars().count() <= 500);
    assert_eq!(text("license"), env!("CARGO_PKG_LICENSE"));
    let version = yaml[0].as_mapping_get("metadata").and_then(|metadata| metadata.as_mapping_get("version"));
    assert_eq!(
        version.and_then(Yaml::as_str),
        Some(env!("CARGO_PKG_VERSION")),
        "as text, in quotation marks"
    );
    assert!(body.lines().count() < 500);
    assert!(body.len() < 5000 * 4, "longer than 5,000 tokens");
}

#[test]
fn the_house_files_are_there() {
    assert!(read("ARCHITECTURE.md").lines().count() <= 150);
    assert!(read("CHANGELOG.md").contains(concat!("\n## ", env!("CARGO_PKG_VERSION"))));
    assert!(read("LICENSE-MIT").contains("Permission is hereby granted"));
    assert!(read("LICENSE-APACHE").contains("Version 2.0, January 2004"));
    let deny: toml::Table = read("deny.toml").parse().unwrap();
    for section in ["advisories", "licenses", "bans", "sources"] {
        assert!(deny.contains_key(section), "{section}");
    }
    // Links lead somewhere.
    for name in ["README.md", "ARCHITECTURE.md", "SKILL.md"] {
        for link in read(name).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(link.contains("://") || path(link).exists(), "{name} links to {link}");
        }
    }
}

/// The commands of a text's shell blocks, as words; without remarks, and as far as they are ours.
pub(crate) fn commands(text: &str) -> Vec<Vec<String>> {
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).map(|line| line.split('#').next().unwrap_or_default().trim());
    lines
        .filter(|line| line.starts_with("firstcut "))
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect()
}

#[test]
fn the_guide_of_the_pipeline_holds() {
    let guide = read("docs/pipeline.md");
    for link in guide.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(link.contains("://") || path("docs").join(link).exists(), "docs/pipeline.md links to {link}");
    }
    let words = commands(&guide);
    assert!(words.len() > 15, "{words:?}");
    for words in words {
        let read = Cli::command().try_get_matches_from(&words);
        assert!(read.is_ok(), "{words:?}: {}", read.unwrap_err());
    }
    let example = read("examples/prompts.jsonl");
    let form = firstcut::jobs::batch::read::Form::of("prompts.jsonl", &example).unwrap();
    let lines = firstcut::jobs::batch::read::read(form, &example).unwrap();
    assert_eq!(lines.len(), 20);
    for line in lines {
        let wish = line.wish.unwrap();
        assert!(wish.channels.len() == 1 && wish.caption.is_some() && wish.key.is_some(), "{wish:?}");
    }
}

#[test]
fn the_worker_starts_as_it_is_deployed() {
    let unit = read("deploy/firstcut-worker.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    Cli::command().try_get_matches_from(start.split_whitespace()).unwrap();
    let compose = read("deploy/compose.yaml");
    Yaml::load_from_str(&compose).unwrap();
    let mut started = 0;
    for line in compose.lines().filter_map(|line| line.trim().strip_prefix("command: ")) {
        let words: Vec<String> = serde_json::from_str(line).unwrap();
        let words = std::iter::once("firstcut".to_owned()).chain(words);
        match Cli::command().try_get_matches_from(words) {
            Ok(_) => started += 1,
            Err(error) => assert_eq!(error.kind(), clap::error::ErrorKind::DisplayHelp, "{line}"),
        }
    }
    assert_eq!(started, 1);
    // Every setting of the example is one that there is, or one of the usual `AWS_*`.
    for line in read("deploy/worker.env.example").lines().filter(|line| !line.starts_with('#')) {
        let Some((name, _)) = line.split_once('=') else { continue };
        let known = SETTINGS.iter().any(|setting| setting.name == name) || name.starts_with("AWS_");
        assert!(known, "worker.env.example sets {name}");
    }
}

#[test]
fn the_packages_say_what_is_true() {
    let package = |name: &str| serde_json::from_str::<Value>(&read(name)).unwrap();
    let bundle = package("packaging/mcpb/manifest.json");
    let plugin = package("packaging/claude-plugin/.claude-plugin/plugin.json");
    for package in [&bundle, &plugin] {
        assert_eq!(package["name"], "firstcut");
        assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(package["license"], env!("CARGO_PKG_LICENSE"));
    }
    let env = bundle["server"]["mcp_config"]["env"].as_object().unwrap();
    for (name, value) in env {
        let setting =
            SETTINGS.iter().find(|setting| setting.name == name).unwrap_or_else(|| panic!("{name}"));
        let field = value.as_str().unwrap().trim_start_matches("${user_config.").trim_end_matches('}');
        let asked = &bundle["user_config"][field];
        assert!(asked["title"].is_string(), "{name} is asked for as {field}");
        assert_eq!(asked["sensitive"] == true, setting.secret, "{name}");
    }
    assert_eq!(read("packaging/claude-plugin/skills/firstcut/SKILL.md"), read("SKILL.md"));
}
