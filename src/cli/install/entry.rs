//! What a client is told: the program, its arguments, and the settings that go along.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use super::client::{Extra, Form};
use super::{json as json_file, toml as toml_file};

/// The name under which clients know us.
pub(super) const NAME: &str = "firstcut";

/// How the server is started.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) program: String,
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(String, String)>,
}

/// A file of a client that is not understood, and why.
#[derive(Debug)]
pub(super) struct Misread(pub(super) String);

/// What is to become of an entry, with what stands there now.
pub(super) enum Change<'a> {
    Put(&'a Entry),
    Remove,
}

impl Form {
    /// The text after the change; none when nothing is to be changed.
    pub(super) fn change(self, text: &str, change: &Change<'_>) -> Result<Option<String>, Misread> {
        match self {
            Self::Json { servers, extra } => json_file::change(text, servers, change, extra),
            Self::Toml => toml_file::change(text, change),
        }
    }

    /// The program that the file names for us; none when it does not know us.
    pub(super) fn program(self, text: &str) -> Result<Option<String>, Misread> {
        let said = self.said(text)?;
        Ok(said.map(|said| said["command"].as_str().unwrap_or_default().to_owned()))
    }

    /// The settings that the file has for us.
    pub(super) fn env(self, text: &str) -> Result<Vec<String>, Misread> {
        let said = self.said(text)?.unwrap_or_default();
        Ok(said["env"].as_object().map(|env| env.keys().cloned().collect()).unwrap_or_default())
    }

    /// What the file says about us; none when it does not know us.
    fn said(self, text: &str) -> Result<Option<Value>, Misread> {
        match self {
            Self::Json { servers, .. } => json_file::said(text, servers),
            Self::Toml => toml_file::entry(text),
        }
    }

    /// The block for those who paste it themselves: a whole file.
    pub(super) fn block(self, entry: &Entry) -> String {
        let text = match self {
            Self::Json { servers, extra } => {
                let file = json!({ servers: { NAME: entry.fields(None, extra) } });
                serde_json::to_string_pretty(&file).unwrap_or_default()
            }
            Self::Toml => self.change("", &Change::Put(entry)).ok().flatten().unwrap_or_default(),
        };
        text.trim_end().to_owned()
    }
}

impl Entry {
    /// An address that has the client put the entry in by itself, where it knows such addresses: the whole entry, with
    /// its settings.
    pub(super) fn link(&self, client: &str) -> Option<String> {
        let encode = |text: String| {
            let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            encoded.replace('+', "%20")
        };
        match client {
            // Cursor documentation, "MCP Install Links".
            "cursor" => {
                let config = BASE64.encode(Value::Object(self.fields(None, &[])).to_string());
                let at = "cursor://anysphere.cursor-deeplink/mcp/install";
                Some(format!("{at}?name={NAME}&config={}", encode(config)))
            }
            // VS Code documentation, "MCP developer guide", installation links.
            "vscode" => {
                let mut server = self.fields(None, &[("type", Extra::Word("stdio"))]);
                server.insert("name".into(), json!(NAME));
                Some(format!("vscode:mcp/install?{}", encode(Value::Object(server).to_string())))
            }
            _ => None,
        }
    }

    /// What the entry should say, over what it says now: everything that we do not set stays, such as a key that the
    /// user put there.
    pub(super) fn fields(
        &self,
        now: Option<&Map<String, Value>>,
        extra: &[(&str, Extra)],
    ) -> Map<String, Value> {
        let mut fields = now.cloned().unwrap_or_default();
        for (name, value) in extra {
            fields.entry(*name).or_insert_with(|| match value {
                Extra::Word(word) => json!(word),
                Extra::Only(word) => json!([word]),
            });
        }
        fields.insert("command".into(), json!(self.program));
        fields.insert("args".into(), json!(self.args));
        if !self.env.is_empty() {
            let mut env = fields.get("env").and_then(Value::as_object).cloned().unwrap_or_default();
            env.extend(self.env.iter().map(|(name, value)| (name.clone(), json!(value))));
            fields.insert("env".into(), Value::Object(env));
        }
        fields
    }
}
