use super::*;

fn kinds(text: &str) -> Vec<Kind> {
    scan(text).iter().map(|t| t.kind).collect()
}

fn norms(text: &str) -> Vec<String> {
    scan(text).into_iter().map(|t| t.norm).collect()
}

#[test]
fn paths_and_links_are_one_token_each() {
    let cases: &[(&str, Kind)] = &[
        ("/home/a/b c/clip 3.mp4", Kind::Media),
        ("C:\\Users\\a\\my clip.MOV", Kind::Media),
        ("~/x.wav", Kind::Media),
        ("/home/素材/开场.mp4", Kind::Media),
        ("file:///a/b.mp4", Kind::Media),
        ("https://cdn.example.com/a.mp4?sig=1", Kind::Media),
        ("https://drive.google.com/file/d/1/view", Kind::Media),
        ("https://www.youtube.com/watch?v=1", Kind::Link),
        ("IMG_01.png", Kind::File),
        ("旅行.mp4", Kind::File),
    ];
    for (text, kind) in cases {
        assert_eq!(kinds(text), [*kind], "{text}");
    }
    assert_eq!(kinds("and/or"), [Kind::Word, Kind::Mark('/'), Kind::Word]);
    assert_eq!(kinds("a.b"), [Kind::Word, Kind::Mark('.'), Kind::Word]);
}

#[test]
fn quotations_are_opaque_and_apostrophes_are_no_quotes() {
    assert_eq!(kinds("say \"export now\" twice"), [Kind::Word, Kind::Quote, Kind::Word]);
    assert_eq!(kinds("写“立即导出”"), [Kind::Word, Kind::Quote]);
    assert!(!kinds("don't use my dog's name").contains(&Kind::Quote));
    assert!(!kinds("an open \" mark").contains(&Kind::Quote));
}

#[test]
fn the_longest_entry_wins() {
    assert!(!scan("微积分").iter().any(|t| t.is(Tag::Credit)));
    assert!(!scan("引导出主角").iter().any(|t| t.is(Tag::Export)));
    assert!(scan("請幫我匯出").iter().any(|t| t.is(Tag::Export)), "traditional characters");
    assert!(scan("動画").iter().any(|t| t.is(Tag::Video)), "Japanese keeps its own characters");
    assert!(scan("动画").iter().any(|t| t.is(Tag::Picture)));
    assert_eq!(norms("white balance"), ["white balance"]);
    assert!(scan("ＥＸＰＯＲＴ").iter().all(|t| t.is(Tag::Export)), "full width");
}

#[test]
fn slips_of_the_finger_are_read_as_meant() {
    for (typed, meant) in [
        ("exprot", "export"),
        ("downlaod", "download"),
        ("exporttt", "export"),
        ("balence", "balance"),
        ("uplaod", "upload"),
    ] {
        assert_eq!(norms(typed), [meant]);
    }
    for word in ["exporter", "statue", "states", "uploader"] {
        assert_eq!(norms(word), [word], "another word, no slip");
    }
}

#[test]
fn places_are_byte_offsets_of_the_text() {
    for text in ["Ünïcode “导出” /a/b.mp4 don’t 🎉 ok", "ＡＢＣ動画を書き出して", "a\r\nb\u{200b}c"]
    {
        let mut last = 0;
        for token in scan(text) {
            assert!(token.start >= last && token.start < token.end, "{text}: {token:?}");
            assert!(text.get(token.start..token.end).is_some(), "{text}: {token:?}");
            last = token.end;
        }
    }
}
