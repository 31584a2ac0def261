//! The assistants that are known here: where each keeps its servers and skills, and in which form.

use std::path::{Path, PathBuf};

use crate::config::Machine;
use crate::error::{Error, Result};

/// A program that can use firstcut.
#[derive(Debug)]
pub(super) struct Client {
    /// As it is named on the command line.
    pub(super) name: &'static str,
    /// As people call it.
    pub(super) title: &'static str,
    /// How its file is written.
    pub(super) form: Form,
    /// What to do before it sees the change.
    pub(super) then: &'static str,
    /// The file of the user.
    file: fn(&Machine) -> Option<PathBuf>,
    /// The file of a project, below its folder.
    project_file: Option<&'static str>,
    /// The folder with the user's skills.
    skills: fn(&Machine) -> Option<PathBuf>,
    /// The same of a project.
    project_skills: Option<&'static str>,
    /// Exists where the program is installed, or was used once.
    trace: fn(&Machine) -> Option<PathBuf>,
}

/// How a client writes servers down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON: the name of the object with the servers, and what an entry says beside command and arguments.
    Json {
        /// `mcpServers`, or `servers`.
        servers: &'static str,
        /// Names and values that belong to every entry; a value with commas is a list.
        extra: &'static [(&'static str, Extra)],
    },
    /// TOML with a table per server (Codex).
    Toml,
}

/// What an entry says beside command and arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extra {
    Word(&'static str),
    /// A list of one.
    Only(&'static str),
}

const PLAIN: Form = Form::Json { servers: "mcpServers", extra: &[] };
const WITH_TYPE: Form = Form::Json { servers: "mcpServers", extra: &[("type", Extra::Word("stdio"))] };

fn none(_: &Machine) -> Option<PathBuf> {
    None
}

fn home(machine: &Machine, below: &str) -> Option<PathBuf> {
    machine.home_dir.as_ref().map(|home| home.join(below))
}

fn settings(machine: &Machine, below: &str) -> Option<PathBuf> {
    machine.settings_dir.as_ref().map(|settings| settings.join(below))
}

/// Every client whose places are documented by its maker.
pub(super) const CLIENTS: [Client; 8] = [
    Client {
        name: "claude-desktop",
        title: "Claude Desktop",
        form: PLAIN,
        then: "Quit Claude Desktop and open it again.",
        file: |machine| settings(machine, "Claude/claude_desktop_config.json"),
        project_file: None,
        skills: none,
        project_skills: None,
        trace: |machine| settings(machine, "Claude"),
    },
    Client {
        name: "claude-code",
        title: "Claude Code",
        form: WITH_TYPE,
        then: "Start a new session; /mcp shows firstcut.",
        file: |machine| match &machine.claude_code_dir {
            Some(folder) => Some(folder.join(".claude.json")),
            None => home(machine, ".claude.json"),
        },
        project_file: Some(".mcp.json"),
        skills: |machine| match &machine.claude_code_dir {
            Some(folder) => Some(folder.join("skills")),
            None => home(machine, ".claude/skills"),
        },
        project_skills: Some(".claude/skills"),
        trace: |machine| machine.claude_code_dir.clone().or_else(|| home(machine, ".claude")),
    },
    Client {
        name: "cursor",
        title: "Cursor",
        form: PLAIN,
        then: "Open Cursor's settings, Tools & MCP, and switch firstcut on.",
        file: |machine| home(machine, ".cursor/mcp.json"),
        project_file: Some(".cursor/mcp.json"),
        skills: |machine| home(machine, ".cursor/skills"),
        project_skills: Some(".cursor/skills"),
        trace: |machine| home(machine, ".cursor"),
    },
    Client {
        name: "vscode",
        title: "VS Code",
        form: Form::Json { servers: "servers", extra: &[("type", Extra::Word("stdio"))] },
        then: "Run \"MCP: List Servers\" in VS Code and start firstcut.",
        file: |machine| settings(machine, "Code/User/mcp.json"),
        project_file: Some(".vscode/mcp.json"),
        skills: |machine| home(machine, ".copilot/skills"),
        project_skills: Some(".github/skills"),
        trace: |machine| settings(machine, "Code"),
    },
    Client {
        name: "codex",
        title: "Codex",
        form: Form::Toml,
        then: "Start Codex anew; /mcp shows firstcut. A project must be trusted.",
        file: |machine| match &machine.codex_dir {
            Some(folder) => Some(folder.join("config.toml")),
            None => home(machine, ".codex/config.toml"),
        },
        project_file: Some(".codex/config.toml"),
        skills: |machine| home(machine, ".agents/skills"),
        project_skills: Some(".agents/skills"),
        trace: |machine| machine.codex_dir.clone().or_else(|| home(machine, ".codex")),
    },
    Client {
        name: "gemini",
        title: "Gemini CLI",
        form: PLAIN,
        then: "Start Gemini CLI anew; /mcp shows firstcut.",
        file: |machine| home(machine, ".gemini/settings.json"),
        project_file: Some(".gemini/settings.json"),
        skills: |machine| home(machine, ".gemini/skills"),
        project_skills: Some(".gemini/skills"),
        trace: |machine| home(machine, ".gemini"),
    },
    Client {
        name: "windsurf",
        title: "Windsurf",
        form: PLAIN,
        then: "Refresh the list of MCP servers in Cascade's settings.",
        file: |machine| home(machine, ".codeium/windsurf/mcp_config.json"),
        project_file: None,
        skills: none,
        project_skills: None,
        trace: |machine| home(machine, ".codeium/windsurf"),
    },
    Client {
        name: "copilot",
        title: "GitHub Copilot CLI",
        form: Form::Json {
            servers: "mcpServers",
            extra: &[("type", Extra::Word("local")), ("tools", Extra::Only("*"))],
        },
        then: "Start Copilot CLI anew; /mcp show lists firstcut.",
        file: |machine| home(machine, ".copilot/mcp-config.json"),
        project_file: None,
        skills: |machine| home(machine, ".copilot/skills"),
        project_skills: None,
        trace: |machine| home(machine, ".copilot"),
    },
];

impl Client {
    /// The client of that name.
    pub(super) fn named(name: &str) -> Result<&'static Self> {
        let plain = name.trim().to_lowercase().replace(['_', ' '], "-");
        CLIENTS.iter().find(|client| client.name == plain || client.title.to_lowercase().replace(' ', "-") == plain).ok_or_else(
            || {
                let names: Vec<_> = CLIENTS.iter().map(|client| client.name).collect();
                Error::invalid(format!("{} is no client that is known here.", crate::redact::quotation(name)))
                    .next(format!(
                        "Choose one of {}; for any other, paste what `firstcut install cursor --print` shows.",
                        names.join(", ")
                    ))
            },
        )
    }

    /// The file that holds its servers.
    pub(super) fn file(&self, machine: &Machine, project: bool) -> Result<PathBuf> {
        if project {
            let below = self.project_file.ok_or_else(|| {
                Error::invalid(format!("{} has no settings of a project.", self.title))
                    .next("Leave --project out: the settings of the user hold everywhere.")
            })?;
            return Ok(machine.working_dir.join(below));
        }
        (self.file)(machine).ok_or_else(|| {
            Error::invalid("Your home folder is not known, so the client's settings cannot be found.")
                .next(format!("Set HOME, or paste what `firstcut install {} --print` shows.", self.name))
        })
    }

    /// Where the skill goes, if it has skills.
    pub(super) fn skill(&self, machine: &Machine, project: bool) -> Option<PathBuf> {
        let folder = match project {
            true => self.project_skills.map(|below| machine.working_dir.join(below)),
            false => (self.skills)(machine),
        };
        folder.map(|folder| folder.join("firstcut").join("SKILL.md"))
    }

    /// Whether it seems to be installed on this machine.
    pub(super) fn is_found(&self, machine: &Machine) -> bool {
        (self.trace)(machine).as_deref().is_some_and(Path::is_dir)
    }
}
