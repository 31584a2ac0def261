//! Keeps an answer within what clients take, and says so where something was left out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

/// Bytes of structured content. Claude Code puts results above 50,000 characters into a file.
const STRUCTURED: usize = 48_000;

/// Characters of text: about a thousand tokens.
const TEXT: usize = 4_000;

/// Bytes of a whole answer: clients drop or cut what is above 1 MB.
const WHOLE: usize = 900_000;

/// A picture in the form of the protocol, if it fits beside what is there already.
pub(in crate::mcp) fn picture(taken: usize, jpeg: &[u8]) -> Option<String> {
    /// Around the data: the names of the block's fields.
    const FRAME: usize = 64;
    let size = jpeg.len().div_ceil(3) * 4 + FRAME;
    (taken.saturating_add(size) <= WHOLE).then(|| BASE64.encode(jpeg))
}

/// Shortens a text in its middle: the message stands at the beginning, the next step at the end.
pub(in crate::mcp) fn text(text: String) -> String {
    let length = text.chars().count();
    if length <= TEXT {
        return text;
    }
    let (head, tail) = (TEXT * 3 / 4, TEXT / 4);
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{start}\n[… {} characters left out …]\n{end}", length - head - tail)
}

/// Shortens the longest words and lists, step by step, until the whole is what clients show. The shape stays.
pub(in crate::mcp) fn structured(value: Value) -> Value {
    within(value, STRUCTURED)
}

/// The same for so many bytes.
pub(in crate::mcp) fn within(mut value: Value, bytes: usize) -> Value {
    let mut longest = bytes.div_ceil(6).max(32);
    while size(&value) > bytes && longest >= 32 {
        shorten(&mut value, longest, longest / 32);
        longest /= 2;
    }
    value
}

fn size(value: &Value) -> usize {
    value.to_string().len()
}

fn shorten(value: &mut Value, chars: usize, items: usize) {
    match value {
        Value::String(text) => {
            let length = text.chars().count();
            if length > chars {
                let kept: String = text.chars().take(chars).collect();
                *text = format!("{kept}… [{} characters left out]", length - chars);
            }
        }
        Value::Array(list) => {
            if list.len() > items {
                let left_out = list.len() - items;
                list.truncate(items);
                // Lists of words can say it themselves; for lists of things the message does.
                if list.first().is_some_and(Value::is_string) {
                    list.push(json!(format!("… and {left_out} more")));
                }
            }
            list.iter_mut().for_each(|item| shorten(item, chars, items));
        }
        Value::Object(object) => {
            let long = object
                .values()
                .filter_map(Value::as_array)
                .any(|list| list.len() > items && list.first().is_some_and(Value::is_object));
            if long && let Some(Value::String(message)) = object.get_mut("message") {
                let note = " [The list is shortened.]";
                if !message.ends_with(note) {
                    message.push_str(note);
                }
            }
            object.values_mut().for_each(|inner| shorten(inner, chars, items));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_not_touched() {
        let value = json!({"message": "ä".repeat(3_000), "changes": ["a", "b"]});
        assert_eq!(structured(value.clone()), value);
        assert_eq!(text("short".into()), "short");
    }

    #[test]
    fn a_picture_comes_along_when_it_fits() {
        assert_eq!(picture(0, b"abc").unwrap(), "YWJj");
        assert!(picture(1_000, &[0; 600_000]).is_some_and(|data| data.len() + 1_000 <= WHOLE));
        for (taken, length) in [(100_001, 600_000), (0, 700_000), (usize::MAX, 3)] {
            assert!(picture(taken, &vec![0; length]).is_none(), "{taken} {length}");
        }
    }

    #[test]
    fn what_does_not_fit_is_shortened_and_says_so() {
        let job = json!({"job_id": "job_1", "message": "m", "timeline": "t".repeat(2_000_000)});
        let value = structured(job);
        assert!(size(&value) <= STRUCTURED);
        assert_eq!(value["job_id"], "job_1");
        assert!(value["timeline"].as_str().unwrap().ends_with("characters left out]"));

        let jobs: Vec<_> = (0..5_000).map(|n| json!({"job_id": n, "message": "x".repeat(200)})).collect();
        let value = structured(json!({"jobs": jobs, "message": "5000 jobs."}));
        assert!(size(&value) <= STRUCTURED);
        assert_eq!(value["message"], "5000 jobs. [The list is shortened.]");

        let value = structured(json!({"changes": vec!["c".repeat(100); 10_000]}));
        assert!(size(&value) <= STRUCTURED);
        assert!(value["changes"].as_array().unwrap().last().unwrap().as_str().unwrap().ends_with("more"));

        // As text of a resource its quotation marks are escaped once more.
        let clips: Vec<_> = (0..100_000).map(|n| json!({"name": "\"a\" clip", "start_s": n})).collect();
        let value = within(json!({"message": "m", "layout": {"tracks": [{"clips": clips}]}}), 400_000);
        assert!(json!(value.to_string()).to_string().len() < WHOLE && value["message"] == "m");

        let long = text(format!("first {} last", "ü".repeat(100_000)));
        assert!(long.starts_with("first") && long.ends_with("last") && long.chars().count() < TEXT + 60);
    }
}
