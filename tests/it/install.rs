//! `install`, as people use it: the real program in a home of its own, and the files of assistants before and after.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_firstcut");
const CLIENTS: [&str; 8] =
    ["claude-desktop", "claude-code", "cursor", "vscode", "codex", "gemini", "windsurf", "copilot"];
/// In the environment of every command; it must never come into a file by itself.
const CANARY: &str = "nmv_usr_CANARY0123456789";

/// A user with a home and a project.
struct User(TempDir);

impl User {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("project")).unwrap();
        Self(folder)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(words).env_clear().env("HOME", self.0.path()).env("APPDATA", self.path("AppData"));
        command.env("FIRSTCUT_HOME", self.path("own")).env("NEMO_TOKEN", CANARY).stdin(Stdio::null());
        command.current_dir(self.path("project"));
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        let output = self.command(words).output().unwrap();
        let shown = [output.stdout.clone(), output.stderr.clone()].concat();
        assert!(!String::from_utf8_lossy(&shown).contains("CANARY"), "{words:?}");
        output
    }

    /// What `--json` prints about a command that ends well.
    fn told(&self, words: &[&str]) -> Value {
        let output = self.run(&[words, &["--json"]].concat());
        assert!(output.status.success(), "{words:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Every file below the home, with its bytes.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut folders, mut files) = (vec![self.0.path().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path)
                } else {
                    files.push((path.clone(), fs::read(&path).unwrap()))
                }
            }
        }
        files.sort();
        files
    }
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path.as_ref()).unwrap()
}

/// What the client's file says about us, whatever its form.
fn entry(path: &Path) -> Value {
    let text = read(path);
    let whole = match path.extension().is_some_and(|kind| kind == "toml") {
        true => serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap(),
        false => serde_json::from_str(&text).unwrap(),
    };
    ["mcpServers", "servers", "mcp_servers"]
        .iter()
        .map(|name| whole[name]["firstcut"].clone())
        .find(|it| !it.is_null())
        .unwrap_or_default()
}

#[test]
fn each_client_learns_it_once_and_forgets_it() {
    for client in CLIENTS {
        let user = User::new();
        let shown = user.told(&["install", client, "--print"]);
        assert!(user.files().is_empty(), "--print writes nothing");
        assert!(shown["block"].as_str().unwrap().contains("firstcut"), "{shown}");

        let told = user.told(&["install", client]);
        assert_eq!(told["outcome"], "written", "{told}");
        assert_eq!(told["file"], shown["file"]);
        assert!(told["next"].as_str().unwrap().len() > 10, "{told}");
        let file = PathBuf::from(told["file"].as_str().unwrap());
        assert!(file.starts_with(user.0.path()), "{file:?}");
        let said = entry(&file);
        assert!(Path::new(said["command"].as_str().unwrap()).is_absolute(), "{said}");
        assert_eq!(said["args"], json!(["serve"]), "{client}");
        // Without its folder it would work on another ledger; a key is never passed on by itself, and that is said.
        assert_eq!(said["env"], json!({ "FIRSTCUT_HOME": user.path("own") }), "{said}");
        assert_eq!(told["env_left_out"], json!(["NEMO_TOKEN"]), "{told}");
        if let Some(skill) = told["skill"][0].as_str() {
            assert_eq!(read(skill), include_str!("../../SKILL.md"), "{client}");
            assert!(skill.ends_with("SKILL.md") && Path::new(skill).parent().unwrap().ends_with("firstcut"));
        }
        let listed = user.told(&["install"]);
        let listed =
            listed["clients"].as_array().unwrap().iter().find(|one| one["client"] == client).unwrap().clone();
        assert_eq!((&listed["found"], &listed["installed"]), (&json!(true), &json!(true)), "{listed}");

        let before = user.files();
        let again = user.told(&["install", client]);
        assert_eq!(again["outcome"], "already", "{again}");
        assert_eq!(user.files(), before, "twice is once");

        let gone = user.told(&["install", client, "--remove"]);
        assert_eq!(gone["outcome"], "removed", "{gone}");
        assert!(entry(&file).is_null());
        let before = user.files();
        assert_eq!(user.told(&["install", client, "--remove"])["outcome"], "absent");
        assert_eq!(user.files(), before);
        assert!(!before.iter().any(|(path, _)| path.ends_with("firstcut/SKILL.md")), "{before:?}");
    }
}

#[test]
fn what_stands_in_the_file_stays() {
    let user = User::new();
    let path = user.path(".cursor/mcp.json");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mine = "\u{feff}{\n\t// my servers\n\t\"mcpServers\": {\n\t\t\"mine\": { \"command\": \"x\", \"args\": [] }, // dear\n\t}\n}\n";
    fs::write(&path, mine).unwrap();
    let told = user.told(&["install", "cursor"]);
    let text = read(&path);
    for part in [
        "\u{feff}{\n\t// my servers\n",
        "\"mine\": { \"command\": \"x\", \"args\": [] }",
        "// dear",
        "\t\t\"firstcut\": {\n\t\t\t\"command\"",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
    assert_eq!(read(told["kept"].as_str().unwrap()), mine, "the file as it was");
    user.told(&["install", "cursor", "--remove"]);
    assert!(read(&path).contains("// dear") && !read(&path).contains("firstcut"), "{}", read(&path));
}

#[test]
fn a_file_that_is_not_understood_is_left_alone() {
    let user = User::new();
    let path = user.path(".gemini/settings.json");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    for broken in [&b"{\"mcpServers\": "[..], b"[1]", b"{\"mcpServers\": 7}", b"\xff\xfe{}"] {
        fs::write(&path, broken).unwrap();
        let before = user.files();
        let output = user.run(&["install", "gemini", "--json"]);
        assert_eq!(output.status.code(), Some(11), "{output:?}");
        let error: Value = serde_json::from_slice(&output.stdout).unwrap();
        let next = error["error"]["next"].as_str().unwrap();
        assert!(next.contains("\"mcpServers\"") && next.contains("serve"), "the block to paste: {next}");
        assert_eq!(user.files(), before);
    }
}

#[test]
fn a_project_has_settings_of_its_own_where_the_client_has() {
    let user = User::new();
    for (client, below) in [
        ("claude-code", ".mcp.json"),
        ("cursor", ".cursor/mcp.json"),
        ("vscode", ".vscode/mcp.json"),
        ("codex", ".codex/config.toml"),
        ("gemini", ".gemini/settings.json"),
    ] {
        let told = user.told(&["install", client, "--project", "--no-skill"]);
        let path = user.path("project").join(below);
        assert!(told.get("skill").is_none());
        assert_eq!(entry(&path)["args"], json!(["serve"]), "{client}");
    }
    let inside = user.path("project");
    assert!(user.files().iter().all(|(path, _)| path.starts_with(&inside)), "{:?}", user.files());
    for client in ["claude-desktop", "windsurf"] {
        let output = user.run(&["install", client, "--project"]);
        assert_eq!(output.status.code(), Some(2), "{client}");
    }
}

#[test]
fn settings_go_in_only_when_asked_for() {
    let user = User::new();
    user.told(&["install", "vscode", "--env", "NEMO_TOKEN=abc", "--service", "sandbox"]);
    let told = user.told(&["install", "vscode", "--service", "sandbox"]);
    assert_eq!(told["outcome"], "already", "what the user put there stays: {told}");
    let said = entry(Path::new(told["file"].as_str().unwrap()));
    assert_eq!(said["env"], json!({ "NEMO_TOKEN": "abc", "FIRSTCUT_HOME": user.path("own") }));
    assert!(told.get("env_left_out").is_none(), "it has it already: {told}");
    assert_eq!(said["args"], json!(["serve", "--service", "sandbox"]));
    for wrong in [["--env", "NEMO_API_URL"], ["--env", "PATH=/x"], ["--env", "PATH"]] {
        assert_eq!(user.run(&["install", "vscode", wrong[0], wrong[1]]).status.code(), Some(2), "{wrong:?}");
    }
    // A link is the whole entry, or it would connect another firstcut than the block does.
    let decoded = |link: &str| -> Value {
        let (_, config) = link.split_once("config=").or_else(|| link.split_once('?')).unwrap();
        let config =
            url::form_urlencoded::parse(format!("a={config}").as_bytes()).next().unwrap().1.into_owned();
        let bytes = base64::engine::general_purpose::STANDARD.decode(&config).unwrap_or(config.into_bytes());
        serde_json::from_slice(&bytes).unwrap()
    };
    for (client, start) in [
        ("cursor", "cursor://anysphere.cursor-deeplink/mcp/install?name=firstcut&config="),
        ("vscode", "vscode:mcp/install?"),
    ] {
        let shown = user.told(&["install", client, "--print", "--env", "FIRSTCUT_STRICT=1"]);
        let link = shown["link"].as_str().unwrap();
        assert!(link.starts_with(start), "{link}");
        let env = json!({ "FIRSTCUT_STRICT": "1", "FIRSTCUT_HOME": user.path("own") });
        assert_eq!(decoded(link)["env"], env, "{link}");
        assert!(shown.get("warnings").is_none(), "{shown}");
        let shown = user.told(&["install", client, "--print", "--env", "NEMO_TOKEN=abc"]);
        assert_eq!(decoded(shown["link"].as_str().unwrap())["env"]["NEMO_TOKEN"], "abc");
        assert!(shown["block"].as_str().unwrap().contains("abc"));
        assert!(
            shown["warnings"][0].as_str().unwrap().contains("NEMO_TOKEN: keep it to yourself"),
            "{shown}"
        );
    }
    // A name alone takes the value of this shell, and what people read names what is left out.
    let words = user.run(&["install", "gemini"]);
    let words = String::from_utf8(words.stdout).unwrap();
    assert!(
        words.contains("Gemini CLI does not know: NEMO_TOKEN. To pass one on, add --env NEMO_TOKEN."),
        "{words}"
    );
    let told = user.told(&["install", "gemini", "--env", "NEMO_TOKEN"]);
    assert_eq!(entry(Path::new(told["file"].as_str().unwrap()))["env"]["NEMO_TOKEN"], CANARY);
    assert!(told.get("env_left_out").is_none(), "{told}");
}

#[cfg(unix)]
#[test]
fn a_file_that_gets_a_key_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let user = User::new();
    let path = user.path(".cursor/mcp.json");
    let rights = |mode: Option<u32>| {
        mode.inspect(|mode| fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap());
        fs::metadata(&path).unwrap().permissions().mode() & 0o777
    };
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "{}").unwrap();
    rights(Some(0o644));
    user.told(&["install", "cursor", "--env", "FIRSTCUT_STRICT=1"]);
    assert_eq!(rights(None), 0o644, "what is no secret changes no rights");
    // Also when it stands there already.
    for _ in 0..2 {
        rights(Some(0o644));
        let told = user.told(&["install", "cursor", "--env", "NEMO_TOKEN=abc"]);
        assert_eq!(rights(None), 0o600);
        assert!(told["warnings"][0].as_str().unwrap().contains("from now on only you may"), "{told}");
    }
    let told = user.told(&["install", "cursor", "--env", "NEMO_TOKEN=abc"]);
    assert!(told.get("warnings").is_none(), "nothing is left to say: {told}");
    let told = user.told(&["install", "cursor", "--project", "--env", "NEMO_TOKEN=abc"]);
    assert!(told["warnings"][0].as_str().unwrap().contains("version control"), "{told}");
}

#[cfg(unix)]
#[test]
fn links_and_rights_of_files_are_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let user = User::new();
    let (real, link) = (user.path("dotfiles/claude.json"), user.path(".claude.json"));
    fs::create_dir_all(real.parent().unwrap()).unwrap();
    fs::write(&real, "{\"mcpServers\":{}}").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&real, &link).unwrap();
    user.told(&["install", "claude-code"]);
    assert!(link.is_symlink(), "the link is still one");
    assert_eq!(entry(&real)["type"], "stdio");
    for path in [&real, &user.path("dotfiles/claude.json.before-firstcut")] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
    }
    // A second time, with something new: what was there before us is still kept. A new file is its user's own.
    user.told(&["install", "claude-code", "--env", "NEMO_TOKEN=abc"]);
    assert!(read(&real).contains("abc"));
    assert_eq!(read(user.path("dotfiles/claude.json.before-firstcut")), "{\"mcpServers\":{}}");
    user.told(&["install", "cursor", "--env", "NEMO_TOKEN=abc"]);
    let fresh = fs::metadata(user.path(".cursor/mcp.json")).unwrap();
    assert_eq!(fresh.permissions().mode() & 0o777, 0o600);
}

#[test]
fn places_that_clients_were_moved_to_are_found() {
    let user = User::new();
    let run = |client: &str, name: &str| {
        let mut command = user.command(&["install", client, "--json"]);
        assert!(command.env(name, user.path("moved")).status().unwrap().success());
    };
    run("claude-code", "CLAUDE_CONFIG_DIR");
    run("codex", "CODEX_HOME");
    for file in ["moved/.claude.json", "moved/config.toml"] {
        assert!(entry(&user.path(file)).is_object(), "{file}");
    }
}

#[test]
fn a_skill_of_somebody_else_is_not_removed() {
    let user = User::new();
    user.told(&["install", "claude-code"]);
    let skill = user.path(".claude/skills/firstcut/SKILL.md");
    fs::write(&skill, "---\nname: mine\n---\n").unwrap();
    let told = user.told(&["install", "claude-code", "--remove"]);
    assert_eq!(told["skill"][1], "absent");
    assert_eq!(read(&skill), "---\nname: mine\n---\n");
}

#[test]
fn the_list_and_the_doctor_say_who_knows_us() {
    let user = User::new();
    let clients = user.told(&["install"])["clients"].clone();
    let names: Vec<_> = clients.as_array().unwrap().iter().map(|one| one["client"].clone()).collect();
    assert_eq!(names, CLIENTS);
    assert!(clients.as_array().unwrap().iter().all(|one| one["found"] == false), "{clients}");
    let about = |user: &User| {
        let output = user.run(&["doctor", "--offline", "--json"]);
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        told["checks"].as_array().unwrap().iter().find(|check| check["name"] == "assistants").unwrap().clone()
    };
    assert_eq!(about(&user)["health"], "ok");
    fs::create_dir_all(user.path(".cursor")).unwrap();
    assert_eq!(about(&user)["fix"], "firstcut install cursor");
    user.told(&["install", "cursor"]);
    assert_eq!(about(&user)["detail"], "Know firstcut: Cursor.");
    // The program that a client would start is gone.
    let path = user.path(".cursor/mcp.json");
    let gone = read(&path).replace(entry(&path)["command"].as_str().unwrap(), "/gone/firstcut");
    fs::write(&path, gone).unwrap();
    let told = about(&user);
    assert!(
        told["health"] == "note" && told["detail"].as_str().unwrap().contains("/gone/firstcut"),
        "{told}"
    );
    assert_eq!(told["fix"], "firstcut install cursor");
    let output = user.run(&["install", "emacs"]);
    assert_eq!(output.status.code(), Some(2));
}
