//! Whether the terminal that we were started in can show pictures, and in which language.

use std::ffi::OsStr;

use super::places::Surroundings;

/// The language in which a terminal takes pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pictures {
    /// The kitty graphics protocol: kitty, Ghostty, Konsole.
    Kitty,
    /// Inline images of iTerm2: iTerm2, `WezTerm`, mintty.
    Iterm,
}

/// What the environment says. Asking the terminal itself would mean to read its answers from the keyboard.
pub(super) fn pictures(around: &Surroundings) -> Option<Pictures> {
    let var = |name: &str| around.env.get(OsStr::new(name)).and_then(|value| value.to_str()).unwrap_or("");
    let term = var("TERM");
    // Multiplexers swallow what they do not know.
    if !var("TMUX").is_empty() || term.starts_with("screen") || term.starts_with("tmux") || term == "dumb" {
        return None;
    }
    let program = var("TERM_PROGRAM");
    if program == "vscode" {
        return None; // it inherits the variables of the terminal that it was started from
    }
    if matches!(term, "xterm-kitty" | "xterm-ghostty")
        || program == "ghostty"
        || !var("KITTY_WINDOW_ID").is_empty()
        || !var("KONSOLE_VERSION").is_empty()
    {
        return Some(Pictures::Kitty);
    }
    let iterm = matches!(program, "iTerm.app" | "WezTerm" | "mintty") || var("LC_TERMINAL") == "iTerm2";
    iterm.then_some(Pictures::Iterm)
}
