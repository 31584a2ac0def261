//! Every recorded stream folds to what is expected of it, whole and in pieces of 7 bytes and of one.

use firstcut::nemo::events::TurnEvent;
use firstcut::nemo::turn::{Fold, Outcome, StreamEnd};
use firstcut::net::sse::{Decoder, Ending, Frame};
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/recordings");

fn fold(stream: &[u8], piece: usize, dropped: bool) -> Outcome {
    let (mut decoder, mut frames) = (Decoder::default(), Vec::<Frame>::new());
    for bytes in stream.chunks(piece) {
        decoder.push(bytes, &mut frames).unwrap();
    }
    match decoder.finish() {
        Ending::Last(frame) if !dropped => frames.push(frame),
        ending => assert_eq!(ending == Ending::Cut, dropped, "a cut shows even when the transport hides it"),
    }
    let mut fold = Fold::default();
    for frame in &frames {
        fold.push(TurnEvent::read(frame));
    }
    fold.finish(if dropped { StreamEnd::Dropped } else { StreamEnd::Complete })
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn recordings_fold_as_expected() {
    let expected: Value =
        serde_json::from_slice(&std::fs::read(format!("{FOLDER}/expected.json")).unwrap()).unwrap();
    let recordings = expected["recordings"].as_array().unwrap();
    assert_eq!(recordings.len(), std::fs::read_dir(FOLDER).unwrap().count() - 1, "every file is described");
    for recording in recordings {
        let file = recording["file"].as_str().unwrap();
        let stream = std::fs::read(format!("{FOLDER}/{file}")).unwrap();
        let dropped = recording["ended"] == "connection dropped";
        for piece in [stream.len(), 7, 1] {
            let outcome = fold(&stream, piece, dropped);
            let at = format!("{file} in pieces of {piece}");
            assert_eq!(outcome.text, recording["visible_text"].as_str().unwrap(), "{at}");
            assert_eq!(outcome.tool_calls, words(&recording["tool_calls"]), "{at}");
            assert_eq!(outcome.tool_results, words(&recording["tool_results"]), "{at}");
            assert_eq!(outcome.errors, words(&recording["errors"]), "{at}");
            assert_eq!(outcome.state_delta_keys, words(&recording["state_delta_keys"]), "{at}");
            assert_eq!(outcome.thought_parts as u64, recording["thought_parts"].as_u64().unwrap(), "{at}");
            assert_eq!(outcome.partial_events as u64, recording["partial_events"].as_u64().unwrap(), "{at}");
            assert_eq!(outcome.events as u64, recording["json_events"].as_u64().unwrap(), "{at}");
            // The description counts lines; an `event: heartbeat` with its `data:` line is one heartbeat for us.
            let lines = recording["heartbeats"].as_u64().unwrap() as usize;
            assert!(outcome.heartbeats >= lines.div_ceil(2), "{at}: {}", outcome.heartbeats);
            let silent = !dropped && outcome.errors.is_empty() && outcome.text.is_empty();
            assert_eq!(outcome.silent, silent, "{at}");
            assert!(!outcome.text.contains("SECRET-THOUGHT"), "{at}");
        }
    }
}

#[test]
fn what_the_recordings_mean() {
    let outcome = |file: &str| {
        fold(&std::fs::read(format!("{FOLDER}/{file}.sse")).unwrap(), 7, file == "cut_mid_event")
    };
    for file in ["silent_edit", "silent_noop", "thoughts_only", "empty_text"] {
        assert!(outcome(file).silent && outcome(file).needs_the_state(), "{file}");
    }
    for file in ["exception_first", "exception_mid_stream", "error_event", "cut_mid_event"] {
        assert!(!outcome(file).silent && outcome(file).needs_the_state(), "{file}");
    }
    let credits = outcome("credits_midstream");
    assert!(credits.out_of_credits);
    let apology = outcome("error_after_text");
    assert!(apology.trailing_apology && !apology.only_apology);
    assert_eq!(apology.words(), "Lo-fi background music now runs under the whole video at 35%.");
    assert_eq!(outcome("tool_error").tool_faults, ["5003: content policy"]);
    assert!(!outcome("generate").needs_the_state());
}
