//! Spellings, names and numbers; the outer-door tests are in `tests/it/paths.rs`.

use std::path::{Path, PathBuf};

use jiff::Zoned;

use super::{name, output, spelling};
use crate::error::Kind;

fn now() -> Zoned {
    "2026-11-20T14:32:10+01:00[+01:00]".parse().unwrap()
}

#[test]
fn names_say_what_is_shown() {
    for (prompt, shown) in [
        ("generate a 10-second video of a sunset over the ocean", "sunset-over-the-ocean"),
        (
            "a 10-second video of a sunset over the ocean with waves crashing",
            "sunset-over-the-ocean-with-waves-crashing",
        ),
        ("Please make me a 30s clip about Zürich, in 4K!", "zürich"),
        ("a lake at dawn, 3 seconds long", "lake-at-dawn"),
        ("a fox running for 10 seconds in the snow", "fox-running-in-the-snow"),
        ("three boats, 10-second, 9:16, 1080p, with rain", "three-boats-with-rain"),
        ("3 cats and 2 dogs in 16:9", "cats-and-2-dogs"),
        ("10 seconds", "video"),
        ("生成一个10秒的海上日落视频", "海上日落"),
        ("10秒の夕日の動画を作って", "夕日"),
        ("सूर्यास्त का वीडियो", "सूर्यास्त-का-वीडियो"),
        ("génère une vidéo de 10 secondes d'un coucher de soleil", "coucher-de-soleil"),
        ("🌅🌅🌅", "video"),
        ("make a video", "video"),
        ("../../etc/passwd", "etc-passwd"),
        ("nul", "video"),
        ("COM1", "video"),
    ] {
        assert_eq!(name::from_prompt(prompt, &now()), format!("{shown}_20261120-1432.mp4"), "{prompt}");
    }
}

#[test]
fn names_stay_short_in_any_script() {
    for prompt in ["wave ".repeat(500), "海".repeat(20_000), "x".repeat(20_000), "a\u{301}".repeat(400)] {
        let got = name::from_prompt(&prompt, &now());
        assert!(got.len() <= 120 && got.ends_with(".mp4"), "{} bytes", got.len());
    }
}

#[cfg(unix)]
#[test]
fn every_spelling_of_a_path_is_understood() {
    let drives = tempfile::tempdir().unwrap();
    std::fs::create_dir(drives.path().join("c")).unwrap();
    let here = spelling::Here {
        working_dir: Path::new("/studio"),
        home_dir: Some(Path::new("/home/ann")),
        drives: drives.path(),
    };
    let drive = |rest: &str| drives.path().join("c").join(rest);
    for (text, path) in [
        ("clip.mp4", PathBuf::from("/studio/clip.mp4")),
        (" \"a b.mp4\" ", "/studio/a b.mp4".into()),
        ("/abs/clip.mp4", "/abs/clip.mp4".into()),
        ("~/clip.mp4", "/home/ann/clip.mp4".into()),
        ("file:///tmp/a%20b.mp4", "/tmp/a b.mp4".into()),
        ("file://localhost/tmp/a.mp4", "/tmp/a.mp4".into()),
        (r"C:\Users\Ann\clip.mp4", drive("Users/Ann/clip.mp4")),
        ("c:/clip.mp4", drive("clip.mp4")),
        (r"\\?\C:\clip.mp4", drive("clip.mp4")),
        ("file:///C:/clip.mp4", drive("clip.mp4")),
        (r"\\wsl$\Ubuntu\home\ann\a.mp4", "/home/ann/a.mp4".into()),
        (r"\\wsl.localhost\Ubuntu\home\ann\a.mp4", "/home/ann/a.mp4".into()),
        ("//wsl.localhost/Ubuntu/home/a.mp4", "/home/a.mp4".into()),
        (r"a\b.mp4", r"/studio/a\b.mp4".into()),
    ] {
        assert_eq!(spelling::read(text, here).unwrap(), path, "{text}");
    }
    for text in [
        "",
        "  ",
        "a\nb",
        "a\0b",
        "~bob/x",
        r"D:\x.mp4",
        r"\\server\share\x.mp4",
        "file://nas/x.mp4",
        "ftp://x/y",
    ] {
        let error = spelling::read(text, here).unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidInput, "{text:?}");
        assert!(error.next_step().is_some(), "{text:?}");
    }
}

#[test]
fn a_number_is_added_to_what_exists() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.mp4");
    assert_eq!(output::unused(&path), path);
    std::fs::write(&path, "x").unwrap();
    std::fs::write(folder.path().join("clip-2.mp4"), "x").unwrap();
    assert_eq!(output::unused(&path), folder.path().join("clip-3.mp4"));
}
