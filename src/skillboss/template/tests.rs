//! Which definitions can be sent.

use super::*;

const ID: &str = "f5493c17-d01f-445c-bb49-535fae65f219";

fn definition() -> Value {
    json!({
        "timeline": {"tracks": [{"clips": [
            {"asset": {"type": "video", "src": "https://a.example/clip.mp4"}, "start": "auto", "length": "auto"},
            {"asset": {"type": "title", "text": "{{TITLE}}"}, "start": 0, "length": "{{LENGTH}}"},
        ]}]},
        "output": {"format": "mp4", "resolution": "1080", "aspectRatio": "9:16", "fps": 30},
    })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut definition = definition();
    *definition.pointer_mut(pointer).unwrap() = value;
    definition
}

#[test]
fn a_right_update_is_sent_as_the_vendor_wants_it() {
    let update = TemplateUpdate::new(ID, Some(" Promo "), Some(definition()), false).unwrap();
    assert_eq!(
        Value::Object(update.to_json()),
        json!({"prompt": "Promo", "id": ID, "name": "Promo", "template": definition()})
    );
    assert!(!update.blanks());
    // A whole template out of a file.
    let unnamed = TemplateUpdate::new(ID, None, Some(definition()), false).unwrap().to_json();
    assert_eq!((unnamed.get("name"), &unnamed["prompt"]), (None, &json!(format!("Update of template {ID}"))));
    let whole = json!({"name": "old", "template": definition()});
    assert_eq!(
        TemplateUpdate::new(ID, None, Some(whole), false).unwrap().to_json()["template"],
        definition()
    );
}

#[test]
fn nothing_is_blanked_by_mistake() {
    let empty = with("/timeline/tracks", json!([]));
    for (name, definition) in [
        (Some("Promo"), None),
        (None, Some(empty.clone())),
        (None, Some(with("/timeline/tracks/0/clips", json!([])))),
    ] {
        let error = TemplateUpdate::new(ID, name, definition.clone(), false).unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidInput);
        assert!(error.message().contains("blank"), "{error}");
        assert!(TemplateUpdate::new(ID, name, definition, true).unwrap().blanks());
    }
    assert!(TemplateUpdate::new(ID, None, None, true).is_err(), "nothing to change");
}

#[test]
fn every_problem_is_named_with_its_place() {
    for (wrong, says) in [
        (json!([]), "the definition is no JSON object"),
        (json!({"output": {"format": "mp4"}}), "/timeline is missing"),
        (json!({"timeline": {"tracks": []}}), "/output is missing"),
        (with("/timeline/tracks", json!({})), "/timeline/tracks is no list"),
        (with("/timeline/tracks/0", json!({"clip": []})), "/timeline/tracks/0/clips is no list"),
        (
            with("/timeline/tracks/0/clips/0/asset", json!(null)),
            "/timeline/tracks/0/clips/0/asset is missing",
        ),
        (with("/timeline/tracks/0/clips/0/asset/type", json!("")), "clips/0/asset/type is missing"),
        (with("/timeline/tracks/0/clips/0/asset", json!({"type": "video"})), "asset/src is missing"),
        (with("/timeline/tracks/0/clips/0/asset/src", json!("clips/a.mp4")), "is no https or http address"),
        (
            with("/timeline/tracks/0/clips/0/asset/src", json!("file:///etc/passwd")),
            "is no https or http address",
        ),
        (
            with("/timeline/tracks/0/clips/0/start", json!("soon")),
            "clips/0/start is neither seconds nor auto",
        ),
        (with("/timeline/tracks/0/clips/0/length", json!(-1)), "clips/0/length is neither"),
        (with("/output/format", json!("mov")), "/output/format is none of mp4"),
        (with("/output/resolution", json!("8k")), "/output/resolution is none of"),
        (with("/output/fps", json!("fast")), "/output/fps"),
    ] {
        let error = TemplateUpdate::new(ID, None, Some(wrong), true).unwrap_err();
        assert!(error.message().contains(says), "{error}");
    }
    let clips: Vec<Value> = (0..20).map(|_| json!({})).collect();
    let error = TemplateUpdate::new(ID, None, Some(with("/timeline/tracks/0/clips", json!(clips))), true);
    assert!(error.unwrap_err().message().contains("and 10 more"));
}

#[test]
fn limits() {
    for id in ["", "a/b", "..", &"x".repeat(65)] {
        assert!(TemplateUpdate::new(id, None, Some(definition()), false).is_err(), "{id}");
    }
    for name in ["", "a\nb", &"x".repeat(201)] {
        assert!(TemplateUpdate::new(ID, Some(name), Some(definition()), false).is_err(), "{name}");
    }
    let large = with("/timeline/tracks/0/clips/1/asset/text", json!("x".repeat(MAX_DEFINITION_BYTES)));
    assert_eq!(TemplateUpdate::new(ID, None, Some(large), false).unwrap_err().kind(), Kind::FileTooLarge);
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let error = TemplateUpdate::new(ID, None, Some(with("/timeline/tracks/0/clips/1/start", deep)), false);
    assert!(error.unwrap_err().message().contains("too deeply"));
}
