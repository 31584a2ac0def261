//! The words of a service on their way to a person: GUI talk becomes actions, internals and secrets are cut.

use crate::model::report::ActionReport;
use crate::nemo::gui::{self, Action, When};
use crate::redact;

/// Longest reply that is handed on, in characters.
const MAX_REPLY_CHARS: usize = 2_000;

/// A reply without instructions to click anything, and what it asked for.
///
/// Showing the timeline is free and harmless, so it is done. An export is carried out where the caller wanted a
/// file, which the caller's job does anyway; everything that costs or changes something is offered.
pub(super) fn translate(reply: &str) -> (String, Vec<ActionReport>) {
    let translation = gui::translate(reply);
    let actions = translation
        .actions
        .iter()
        .map(|wish| {
            let (action, status) = match (wish.action, wish.when) {
                (Action::ShowTracks | Action::QueryState, _) => ("show_timeline", "done"),
                (Action::ExecuteExport, When::Now) => ("export", "asked"),
                (Action::ExecuteExport, When::UserConfirms) => ("export", "offered"),
                (Action::SendEdit, _) => ("edit", "offered"),
                (Action::ExecuteViaApi, _) => ("operate", "offered"),
            };
            ActionReport { action: action.to_owned(), status: status.to_owned(), detail: detail(wish) }
        })
        .collect();
    (cap(&redact::scrub(&translation.text)), actions)
}

/// Gestures of a mouse, and what they do to the timeline. Longer ones first.
const GESTURES: [(&str, &str); 16] = [
    ("drag and drop", "move"),
    ("drag-and-drop", "move"),
    ("drag & drop", "move"),
    ("drag", "move"),
    ("drop", "put"),
    ("拖拽到", "移到"),
    ("拖放到", "移到"),
    ("拖动到", "移到"),
    ("拖到", "移到"),
    ("拖拽", "移动"),
    ("拖放", "移动"),
    ("拖动", "移动"),
    ("ドラッグ＆ドロップ", "移動"),
    ("ドラッグアンドドロップ", "移動"),
    ("ドラッグ", "移動"),
    ("ドロップ", "配置"),
];
/// Parts of an editor, and ways to use them, that nobody has here.
const EDITOR: [&str; 19] = [
    "handle",
    "slider",
    "edge",
    "corner",
    "playhead",
    "knob",
    "cursor",
    "mouse",
    "panel",
    "button",
    "click",
    "tap ",
    "press ",
    "手柄",
    "滑块",
    "边缘",
    "点击",
    "ハンドル",
    "クリック",
];

/// What an offered action is about, in words for somebody without an editor; none where nothing else is left.
fn detail(wish: &gui::GuiAction) -> Option<String> {
    // The timeline is shown and the file is made: which control would have done it is nobody's business.
    if matches!(wish.action, Action::ShowTracks | Action::QueryState | Action::ExecuteExport) {
        return None;
    }
    let mut words = redact::quote(wish.target.as_deref()?, 200);
    for (gesture, deed) in GESTURES {
        words = replaced(&words, gesture, deed);
    }
    let lower = words.to_lowercase();
    let needs_an_editor = match wish.action {
        Action::SendEdit => EDITOR.iter().any(|word| lower.contains(word)),
        // The name of a control, and no more than that.
        _ => !gui::translate(&words).actions.is_empty(),
    };
    (!needs_an_editor).then_some(words)
}

/// With every `from`, in any case, turned into `to`; a capital stays one. Latin words are taken only whole.
fn replaced(text: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let whole = !from.is_ascii() || !out.ends_with(char::is_alphanumeric);
        let found = rest.get(..from.len()).filter(|head| whole && head.eq_ignore_ascii_case(from));
        let ends = |head: &str| {
            !from.is_ascii() || !rest[head.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
        };
        if let Some(head) = found.filter(|head| ends(head)) {
            let mut letters = to.chars();
            match letters.next() {
                Some(letter) if first.is_uppercase() => {
                    out.extend(letter.to_uppercase());
                    out.push_str(letters.as_str());
                }
                _ => out.push_str(to),
            }
            rest = &rest[head.len()..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// A service's error without paths and process numbers, which are nobody's business.
pub(super) fn without_internals(error: &str) -> String {
    let words: Vec<_> = error
        .split_whitespace()
        .filter(|word| (!word.contains('/') || word.contains("://")) && !word.starts_with("pid="))
        .collect();
    words.join(" ").trim_end_matches(':').to_owned()
}

/// Cut at a length that an assistant can read.
fn cap(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_REPLY_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_action_tells_anybody_to_use_a_mouse() {
        for (reply, told) in [
            (
                "Drag the music clip to the end of the timeline, then click Export.",
                &[("edit", Some("Move the music clip to the end of the timeline")), ("export", None)][..],
            ),
            ("You can drag the clip onto track 2.", &[("edit", Some("move the clip onto track 2"))]),
            ("Drag and drop the logo to 0:03.", &[("edit", Some("Move the logo to 0:03"))]),
            ("把片段拖到时间轴的末尾。", &[("edit", Some("把片段移到时间轴的末尾"))]),
            ("To shorten it, drag the right handle to 0:08.", &[("edit", None)]),
            ("Open the media panel.", &[("show_timeline", None)]),
            ("Done. Click Apply.", &[("operate", Some("Apply"))]),
        ] {
            let (_, actions) = translate(reply);
            let actions: Vec<_> =
                actions.iter().map(|action| (action.action.as_str(), action.detail.as_deref())).collect();
            assert_eq!(actions, told, "{reply}");
        }
        assert_eq!(replaced("Dragon, drag it", "drag", "move"), "Dragon, move it");
    }

    #[test]
    fn internals_are_cut() {
        assert_eq!(
            without_internals("RuntimeError: worker vanished: /srv/nemo/worker-17 pid=4242"),
            "RuntimeError: worker vanished"
        );
    }
}
