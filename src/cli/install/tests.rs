//! Other people's files: what we put in is right, and nothing else changes.

use super::client::{CLIENTS, Form};
use super::*;

fn entry() -> Entry {
    Entry { program: "/opt/firstcut".into(), args: vec!["serve".into()], env: Vec::new() }
}

fn form(name: &str) -> Form {
    Client::named(name).unwrap().form
}

/// Puts it in, sees that a second time changes nothing, takes it out.
fn round(form: Form, before: &str) -> (String, String) {
    let put = form.change(before, &Change::Put(&entry())).unwrap().expect("a change");
    assert_eq!(form.program(&put).unwrap().as_deref(), Some("/opt/firstcut"));
    assert!(form.change(&put, &Change::Put(&entry())).unwrap().is_none(), "twice is once:\n{put}");
    let without = form.change(&put, &Change::Remove).unwrap().expect("a change");
    assert!(form.program(&without).unwrap().is_none());
    assert!(form.change(&without, &Change::Remove).unwrap().is_none());
    (put, without)
}

#[test]
fn an_empty_file_gets_the_block_that_is_shown() {
    for client in &CLIENTS {
        let put = client.form.change("", &Change::Put(&entry())).unwrap().unwrap();
        let block = client.form.block(&entry());
        match client.form {
            Form::Toml => assert_eq!(put.trim_end(), block),
            Form::Json { .. } => {
                let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
                assert_eq!(read(&put), read(&block), "{}", client.name);
            }
        }
    }
}

#[test]
fn comments_order_and_odd_spacing_stay() {
    let before = "// mine\n{\n    \"inputs\": [ ],   // nothing yet\n    \"servers\": {\n        /* a friend */\n        \
                  \"other\": {\"command\": \"x\", \"args\": [\"1\",\"2\"]}, // kept\n    },\n}\n";
    let (put, without) = round(form("vscode"), before);
    for part in
        ["// mine\n{\n    \"inputs\": [ ],   // nothing yet", "/* a friend */", "// kept", "[\"1\",\"2\"]"]
    {
        assert!(put.contains(part) && without.contains(part), "{part} in\n{put}\n{without}");
    }
    assert!(put.contains("        \"firstcut\": {\n            \"type\": \"stdio\",\n"), "{put}");
    let crlf = form("cursor").change("{\r\n  \"a\": 1\r\n}\r\n", &Change::Put(&entry())).unwrap().unwrap();
    assert!(!crlf.replace("\r\n", "").contains('\n'), "{crlf:?}");
}

#[test]
fn toml_keeps_everything_else() {
    let before = "# mine\nmodel = \"o9\" # best\n\n[mcp_servers.other]\ncommand = \"x\"\n\n[tui]\n# quiet\nnotifications = false\n";
    let (put, without) = round(form("codex"), before);
    assert!(put.starts_with("# mine\nmodel = \"o9\" # best\n") && put.contains("[tui]\n# quiet\n"), "{put}");
    assert!(
        put.contains("[mcp_servers.firstcut]\ncommand = \"/opt/firstcut\"\nargs = [\"serve\"]\n"),
        "{put}"
    );
    assert_eq!(without, before);
}

#[test]
fn what_the_user_added_to_our_entry_stays() {
    let json = r#"{"mcpServers":{"firstcut":{"command":"/old/firstcut","args":["serve"],"env":{"NEMO_TOKEN":"t"},"timeout":9}}}"#;
    let toml = "[mcp_servers.firstcut]\ncommand = \"/old/firstcut\" # here\nargs = [\"serve\"]\ntool_timeout_sec = 90\n\n\
                [mcp_servers.firstcut.env]\nNEMO_TOKEN = \"t\" # mine\n";
    for (form, before, kept) in [
        (form("cursor"), json, ["\"NEMO_TOKEN\":\"t\"", "\"timeout\":9"]),
        (form("codex"), toml, ["NEMO_TOKEN = \"t\" # mine", "tool_timeout_sec = 90"]),
    ] {
        let env = vec![("FIRSTCUT_STRICT".to_owned(), "1".to_owned())];
        let put = form.change(before, &Change::Put(&Entry { env, ..entry() })).unwrap().unwrap();
        assert!(put.contains("/opt/firstcut") && !put.contains("/old/"), "{put}");
        assert!(put.contains("FIRSTCUT_STRICT"), "{put}");
        assert!(
            put.contains(kept[1]) && (put.contains(kept[0]) || put.contains("\"NEMO_TOKEN\": \"t\"")),
            "{put}"
        );
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    for (client, text) in [
        ("cursor", "{\"mcpServers\": "),
        ("cursor", "[]"),
        ("cursor", "{\"mcpServers\": []}"),
        ("cursor", "{\"mcpServers\": {\"firstcut\": 1}}"),
        ("cursor", "{\"mcpServers\": {}, \"mcpServers\": {}}"),
        ("cursor", "{'mcpServers': {}}"),
        ("cursor", "{\"a\": 1 \"b\": 2}"),
        ("codex", "[mcp_servers"),
        ("codex", "mcp_servers = 1"),
        ("codex", "[mcp_servers]\nfirstcut = 1"),
    ] {
        assert!(form(client).change(text, &Change::Put(&entry())).is_err(), "{text}");
    }
}

#[test]
fn clients_are_found_by_any_of_their_names() {
    for (name, found) in [
        ("Claude Desktop", "claude-desktop"),
        ("VS_CODE", "vscode"),
        ("vs code", "vscode"),
        ("gemini", "gemini"),
    ] {
        assert_eq!(Client::named(name).map(|client| client.name).ok(), Some(found), "{name}");
    }
    let error = Client::named("emacs").unwrap_err();
    assert!(error.next_step().unwrap().contains("cursor"), "{error:?}");
}
