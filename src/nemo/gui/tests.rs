use std::collections::BTreeSet;

use serde::Deserialize;

use super::Action::*;
use super::When::*;
use super::*;

#[test]
fn what_a_reply_becomes() {
    type Case = (&'static str, &'static str, &'static [(Action, When, Option<&'static str>)]);
    let cases: &[Case] = &[
        ("Ready! Click **Export** to save it.", "Ready!", &[(ExecuteExport, Now, Some("Export"))]),
        (
            "The cut is done. Once you are happy, click Export.",
            "The cut is done. Once you are happy, just say so.",
            &[(ExecuteExport, UserConfirms, Some("Export"))],
        ),
        (
            "片子好了。满意后点击“导出”按钮。",
            "片子好了。满意后告诉我即可。",
            &[(ExecuteExport, UserConfirms, Some("导出"))],
        ),
        (
            "色を直しました。問題なければ、「書き出し」をクリックしてください。",
            "色を直しました。問題なければ、お知らせください。",
            &[(ExecuteExport, UserConfirms, Some("書き出し"))],
        ),
        ("「適用」をクリックしました。", "「適用」をクリックしました。", &[]),
        ("Your last export ended at noon.", "Your last export ended at noon.", &[]),
        ("点击导出后，文件会进入相册。", "点击导出后，文件会进入相册。", &[]),
        (
            "Click Save, or click Cancel.",
            "",
            &[(ExecuteViaApi, UserConfirms, Some("Save")), (ExecuteViaApi, UserConfirms, Some("Cancel"))],
        ),
        (
            "Open the Text panel to see the new font.",
            "You will see the new font.",
            &[(QueryState, Now, Some("Text"))],
        ),
        (
            "Click \"Add Music\" to put Dawn under the titles.",
            "This will put Dawn under the titles.",
            &[(ExecuteViaApi, Now, Some("Add Music"))],
        ),
        (
            "The beat is at 0:07. Drag the cut there.",
            "The beat is at 0:07.",
            &[(SendEdit, Now, Some("The beat is at 0:07. Drag the cut there"))],
        ),
        (
            "Two steps are left:\n1. Open the Music panel\n2. Click Save\n\nThat is all.",
            "Two steps are left.\n\nThat is all.",
            &[(QueryState, Now, Some("Music")), (ExecuteViaApi, Now, Some("Save"))],
        ),
        (
            "Preview it in the timeline; if it looks good, click Export.",
            "If it looks good, just say so.",
            &[(ShowTracks, Now, None), (ExecuteExport, UserConfirms, Some("Export"))],
        ),
        ("I clicked Save.", "I clicked Save.", &[]),
        ("The sign reads \"Click here\".", "The sign reads \"Click here\".", &[]),
        ("Would you like me to export it?", "Would you like me to export it?", &[]),
        ("Please don't click Export yet.", "Please don't click Export yet.", &[]),
        ("A hand opens the door.", "A hand opens the door.", &[]),
        ("I'll open the mixer and drag the voice down.", "I'll open the mixer and drag the voice down.", &[]),
        (
            "Click Export, provided the length suits you.",
            "Provided the length suits you, just say so.",
            &[(ExecuteExport, UserConfirms, Some("Export"))],
        ),
        (
            "Click Mute or press Solo.",
            "",
            &[(ExecuteViaApi, UserConfirms, Some("Mute")), (ExecuteViaApi, UserConfirms, Some("Solo"))],
        ),
        ("请点击照片下面的“替换”。", "", &[(ExecuteViaApi, Now, Some("替换"))]),
        ("Choose Fit to Frame.", "", &[(ExecuteViaApi, Now, Some("Fit to Frame"))]),
        ("Do not close the tab or click Cancel.", "Do not close the tab or click Cancel.", &[]),
        ("点击导出之前我会再检查一遍。", "点击导出之前我会再检查一遍。", &[]),
        ("", "", &[]),
    ];
    for (reply, text, actions) in cases {
        let got = translate(reply);
        assert_eq!(got.text, *text, "{reply}");
        let said: Vec<_> = got.actions.iter().map(|a| (a.action, a.when, a.target.as_deref())).collect();
        assert_eq!(said, *actions, "{reply}");
        assert_eq!(got.reasons.len(), got.actions.len());
    }
}

#[test]
fn a_reply_without_instructions_is_kept_to_the_letter() {
    for reply in [
        "Timeline (3 tracks): 1. Video: a (0-10s) 2. BGM: b\n\n- one\n- two  \n\n**Done**",
        "已完成：\n1. 港口\n2. 集市",
    ] {
        assert_eq!(translate(reply).text, reply);
    }
}

#[derive(Deserialize)]
struct Item {
    text: String,
    actions: Vec<Gold>,
    clean_hint: Hint,
}
#[derive(Deserialize)]
struct Gold {
    action: Action,
    when: String,
}
#[derive(Deserialize)]
struct Hint {
    keep: Vec<String>,
    strip: Vec<String>,
}

fn letters(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == '%').collect()
}

fn check(jsonl: &str, exact_bar: f64, acted_bar: f64) {
    let items: Vec<Item> = jsonl.lines().map(|l| serde_json::from_str(l).expect("an item")).collect();
    let [
        mut exact,
        mut quiet,
        mut acted,
        mut silent,
        mut exported,
        mut keeps,
        mut kept,
        mut strips,
        mut stripped,
    ] = [0usize; 9];
    for item in &items {
        let got = translate(&item.text);
        let want: BTreeSet<_> = item.actions.iter().map(|a| a.action as u8).collect();
        let have: BTreeSet<_> = got.actions.iter().map(|a| a.action as u8).collect();
        exact += usize::from(want == have);
        if item.actions.iter().all(|a| a.when == "user_confirms") {
            quiet += 1;
            acted += usize::from(got.actions.iter().any(|a| a.when == Now));
        }
        if !want.contains(&(ExecuteExport as u8)) {
            silent += 1;
            exported += usize::from(have.contains(&(ExecuteExport as u8)));
        }
        let clean = letters(&got.text);
        keeps += item.clean_hint.keep.len();
        kept += item.clean_hint.keep.iter().filter(|k| clean.contains(&letters(k))).count();
        strips += item.clean_hint.strip.len();
        stripped += item.clean_hint.strip.iter().filter(|s| !clean.contains(&letters(s))).count();
    }
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    assert!(items.len() > 100 && quiet > 20 && silent > 50);
    assert!(share(exact, items.len()) >= exact_bar, "exact {exact} of {}", items.len());
    assert!(share(acted, quiet) <= acted_bar, "acted without being asked: {acted} of {quiet}");
    assert!(share(exported, silent) <= 0.005, "exported without being asked: {exported} of {silent}");
    assert!(share(kept, keeps) >= 0.99, "kept {kept} of {keeps}");
    assert!(share(stripped, strips) >= 0.98, "stripped {stripped} of {strips}");
}

/// The bars are below the measured values (docs/understanding.md).
#[test]
fn the_held_out_replies_are_translated_as_well_as_ever() {
    check(include_str!("../../../data/understand/gui.held.jsonl"), 0.98, 0.01);
}

/// Rounds of people who never saw the rules.
#[test]
fn the_replies_of_others_are_translated_as_well_as_ever() {
    check(include_str!("../../../data/understand/gui.round_a.jsonl"), 0.99, 0.01);
    check(include_str!("../../../data/understand/gui.round_b.jsonl"), 0.99, 0.01);
    check(include_str!("../../../data/understand/gui.round_c.jsonl"), 0.98, 0.01);
    check(include_str!("../../../data/understand/gui.round_d.jsonl"), 0.97, 0.02);
    check(include_str!("../../../data/understand/gui.round_e.jsonl"), 0.97, 0.02);
    check(include_str!("../../../data/understand/gui.round_f.jsonl"), 0.97, 0.02);
}

#[test]
fn the_tuning_replies_are_translated_as_well_as_ever() {
    check(include_str!("../../../data/understand/gui.tune.jsonl"), 0.99, 0.01);
}

/// Work inside a clause may grow with the square of its length, so the length is bounded: the whole stays linear.
#[test]
fn a_clause_is_bounded_however_long_the_reply() {
    for scrap in ["click the ", "and open the panel ", "把导出", "> Export "] {
        let reply = scrap.repeat(5000);
        let lines = sentence::lines(&reply);
        let clauses = lines.iter().flat_map(|l| &l.sentences).flat_map(|s| &s.clauses);
        assert!(
            clauses.map(|c| c.tokens.len()).max().is_some_and(|n| n > 1 && n <= sentence::LONGEST),
            "{scrap}"
        );
    }
}
