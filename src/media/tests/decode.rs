//! Decoded pictures against ffmpeg's, which were hashed once.

use sha2::{Digest, Sha256};

use super::fixture;
use crate::media::decode::Decoder;
use crate::media::{Error, Limits};

/// Decodes all of a fixture into (milliseconds, hash of the I420 bytes).
fn hashes(name: &str) -> Vec<(u64, String)> {
    let mut decoder = Decoder::open(&fixture(name), &Limits::default()).unwrap();
    let mut list = Vec::new();
    while let Some(shown) = decoder.next_frame().unwrap() {
        let mut hash = Sha256::new();
        for plane in [&shown.frame.y, &shown.frame.u, &shown.frame.v] {
            hash.update(plane);
        }
        let hex = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        list.push((shown.at_ms, hex));
    }
    assert_eq!(decoder.damaged(), 0, "{name}");
    list
}

/// What ffmpeg decodes: frame number at ten pictures a second, and hash.
fn golden(name: &str) -> Vec<(u64, String)> {
    let text = std::fs::read_to_string(fixture(&format!("{name}.frames"))).unwrap();
    let lines = text.lines().map(|line| line.split_once(' ').unwrap());
    lines.map(|(tick, hash)| (tick.parse::<u64>().unwrap() * 100, hash.to_owned())).collect()
}

#[test]
fn every_picture_is_the_one_that_ffmpeg_decodes() {
    for name in [
        "h264-high-bframes-aac.mp4",
        "late-index.mp4",
        "h264-baseline-cropped.mp4",
        "h264-turned.mp4",
        "fragmented.mp4",
        "quicktime.mov",
    ] {
        assert_eq!(hashes(name), golden(name), "{name}");
    }
}

#[test]
fn an_edit_list_that_cuts_a_picture_short_shows_the_rest_of_it() {
    // Cut at 0.55 s between two pictures: ffmpeg drops the first part, a player shows its last 50 ms.
    let ours = hashes("edit-list.mp4");
    assert_eq!(
        ours.iter().map(|(at, _)| *at).collect::<Vec<_>>(),
        [0, 50, 150, 250, 350, 450, 550, 650, 750, 850, 950]
    );
    let after: Vec<_> = ours.iter().skip(1).map(|(_, hash)| hash).collect();
    assert_eq!(after, golden("edit-list.mp4").iter().map(|(_, hash)| hash).collect::<Vec<_>>());
}

#[test]
fn what_cannot_be_decoded_says_why() {
    for (name, word) in [
        ("h264-10bit.mp4", "10-bit"),
        ("h264-interlaced.mp4", "interlaced"),
        ("hevc.mp4", "HEVC"),
        ("av1.mp4", "AV1"),
        ("vp9-opus.webm", "Webm"),
        ("h264.mkv", "Mkv"),
        ("sound-only.mp4", "no video track"),
    ] {
        match Decoder::open(&fixture(name), &Limits::default()) {
            Err(Error::Undecodable { reason }) => assert!(reason.contains(word), "{name}: {reason}"),
            other => panic!("{name}: {:?}", other.map(|d| d.info().clone())),
        }
    }
}

#[test]
fn limits_end_the_work() {
    let path = fixture("h264-high-bframes-aac.mp4");
    let small = Limits { pixels: 160 * 90, ..Limits::default() };
    assert!(matches!(Decoder::open(&path, &small), Err(Error::TooBig { .. })), "160x96 are coded");
    let few = Limits { frames: 3, ..Limits::default() };
    let mut decoder = Decoder::open(&path, &few).unwrap();
    let end = std::iter::from_fn(|| decoder.next_frame().transpose()).find_map(Result::err);
    assert!(matches!(end, Some(Error::TooBig { what: "pictures to decode", limit: 3 })));
    let over = Limits { stop: Some(std::sync::Arc::new(|| true)), ..Limits::default() };
    assert!(matches!(Decoder::open(&path, &over), Err(Error::Stopped)));
}
