//! Files in and out: what may be read, what is media, where a video may go.

use std::path::{Path, PathBuf};

use firstcut::config::{Config, Overrides, Surroundings};
use firstcut::error::Kind;
use firstcut::jobs::paths::{MAX_UPLOAD_BYTES, input_file, input_media, input_url, output_file};
use firstcut::jobs::plan::{Caller, Door};
use firstcut::model::request::Media;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tempfile::TempDir;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
const MP4: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2";

/// 2026-11-20 14:32:10 UTC.
const NOW_MS: i64 = 1_795_185_130_000;

/// The name that the prompt gives at [`NOW_MS`], where this test runs.
fn own_name(number: &str) -> String {
    let local = Timestamp::from_millisecond(NOW_MS).unwrap().to_zoned(TimeZone::system());
    format!("sunset-over-the-ocean_{}{number}.mp4", local.strftime("%Y%m%d-%H%M"))
}

/// A machine with a working folder, a media folder and something outside of both.
struct Machine {
    _all: TempDir,
    root: PathBuf,
    config: Config,
}

impl Machine {
    fn new() -> Self {
        Self::with(|around, root| around.and("FIRSTCUT_FILES", root.join("media")))
    }

    fn with(set: impl FnOnce(Surroundings, &Path) -> Surroundings) -> Self {
        let all = tempfile::tempdir().unwrap();
        let root = all.path().canonicalize().unwrap();
        for folder in ["work", "media", "outside", "home"] {
            std::fs::create_dir(root.join(folder)).unwrap();
        }
        let around = set(Surroundings::only(&root.join("home")), &root);
        Self { config: Config::load(&Overrides::default(), &around).unwrap(), root, _all: all }
    }

    fn caller(&self, door: Door) -> Caller {
        Caller { door, working_dir: self.root.join("work") }
    }

    fn write(&self, path: &str, content: &[u8]) -> PathBuf {
        let path = self.root.join(path);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn input(&self, door: Door, text: impl AsRef<Path>) -> firstcut::error::Result<PathBuf> {
        input_file(&self.config, &self.caller(door), text.as_ref().to_str().unwrap())
    }

    fn output(&self, door: Door, asked: Option<&str>) -> firstcut::error::Result<PathBuf> {
        output_file(&self.config, &self.caller(door), asked, "a video of a sunset over the ocean", NOW_MS)
    }
}

#[test]
fn media_in_allowed_folders_is_taken() {
    let machine = Machine::new();
    let here = machine.write("work/a.png", PNG);
    let there = machine.write("media/b.MP4", MP4);
    for (text, found) in [
        (PathBuf::from("a.png"), &here),
        (PathBuf::from("./x/../a.png"), &here),
        (here.clone(), &here),
        (there.clone(), &there),
        (PathBuf::from(url::Url::from_file_path(&there).unwrap().as_str()), &there),
    ] {
        assert_eq!(machine.input(Door::Mcp, &text).unwrap(), *found, "{text:?}");
    }
}

#[test]
fn what_cannot_be_sent_is_refused_with_a_way_out() {
    let machine = Machine::new();
    machine.write("work/empty.mp4", b"");
    machine.write("work/prompt.txt", b"a sunset");
    machine.write("work/notes", b"a sunset");
    machine.write("work/id_rsa.mp4", b"-----BEGIN OPENSSH PRIVATE KEY-----");
    machine.write("work/picture.mp4", PNG);
    machine.write("work/document.pdf", b"%PDF-1.7");
    std::fs::create_dir(machine.root.join("work/folder.mp4")).unwrap();
    let large = std::fs::File::create(machine.root.join("work/large.mp4")).unwrap();
    large.set_len(MAX_UPLOAD_BYTES + 1).unwrap();
    for (text, kind, says, fix) in [
        ("", Kind::InvalidInput, "empty", "Name a file"),
        ("nothing.mp4", Kind::NotFound, "There is no file", "Check"),
        ("empty.mp4", Kind::InvalidInput, "is empty", "something in it"),
        ("folder.mp4", Kind::InvalidInput, "is a folder", "one by one"),
        ("prompt.txt", Kind::UnsupportedFile, ".txt", "as the prompt"),
        ("notes", Kind::UnsupportedFile, "no extension", "mp4, mov, avi"),
        ("document.pdf", Kind::UnsupportedFile, ".pdf", "mp4, mov, avi"),
        ("id_rsa.mp4", Kind::UnsupportedFile, "a key", "real file"),
        ("picture.mp4", Kind::UnsupportedFile, "is a .png file", "ends in .png"),
        ("large.mp4", Kind::FileTooLarge, "201 MB; the limit is 200 MB", "Compress or trim"),
        ("https://a.example/x.mp4", Kind::InvalidInput, "is an address", "https"),
    ] {
        let error = machine.input(Door::Mcp, text).unwrap_err();
        assert_eq!(error.kind(), kind, "{text}: {error}");
        assert!(error.message().contains(says), "{text}: {error}");
        assert!(error.next_step().unwrap().contains(fix), "{text}: {error:?}");
    }
    large.set_len(MAX_UPLOAD_BYTES).unwrap();
    let error = machine.input(Door::Mcp, "large.mp4").unwrap_err();
    assert_eq!(error.kind(), Kind::UnsupportedFile, "200 MB itself is allowed, a file of zeros is no media");
}

#[cfg(unix)]
#[test]
fn nothing_leads_out_of_the_allowed_folders() {
    let machine = Machine::new();
    let secret = machine.write("outside/secret.png", PNG);
    std::os::unix::fs::symlink(&secret, machine.root.join("work/link.png")).unwrap();
    std::os::unix::fs::symlink(machine.root.join("outside"), machine.root.join("work/door")).unwrap();
    machine.write("work/inside.png", PNG);
    std::os::unix::fs::symlink("inside.png", machine.root.join("work/fine.png")).unwrap();
    for text in ["link.png", "door/secret.png", "../outside/secret.png", "door/../../outside/secret.png"] {
        let error = machine.input(Door::Mcp, text).unwrap_err();
        assert_eq!(error.kind(), Kind::Forbidden, "{text}: {error}");
        assert!(error.next_step().unwrap().contains("FIRSTCUT_FILES"), "{error:?}");
    }
    // What is outside is not even looked for.
    let missing = machine.input(Door::Mcp, machine.root.join("outside/none.png")).unwrap_err();
    assert_eq!(missing.kind(), Kind::Forbidden);
    assert!(machine.input(Door::Mcp, "fine.png").unwrap().ends_with("work/inside.png"));
    // An explicit setting binds the command line too; without one a person may name what he likes.
    assert_eq!(machine.input(Door::Cli, &secret).unwrap_err().kind(), Kind::Forbidden);
    let open = Machine::with(|around, _| around);
    let theirs = open.write("outside/own.png", PNG);
    assert_eq!(open.input(Door::Cli, &theirs).unwrap(), theirs);
    assert_eq!(open.input(Door::Mcp, &theirs).unwrap_err().kind(), Kind::Forbidden);
}

#[cfg(unix)]
#[test]
fn a_server_started_at_the_root_does_not_open_the_whole_disk() {
    let machine = Machine::new();
    let file = machine.write("outside/clip.png", PNG);
    for working_dir in [Path::new("/"), machine.root.as_path()] {
        let caller = Caller { door: Door::Mcp, working_dir: working_dir.to_owned() };
        let error = input_file(&machine.config, &caller, file.to_str().unwrap()).unwrap_err();
        assert_eq!(error.kind(), Kind::Forbidden, "{}", working_dir.display());
    }
}

#[test]
fn a_name_is_made_from_the_prompt() {
    let machine = Machine::new();
    let path = machine.output(Door::Mcp, None).unwrap();
    assert_eq!(path, machine.root.join("home/output").join(own_name("")));
    std::fs::write(&path, "x").unwrap();
    let second = machine.output(Door::Mcp, None).unwrap();
    assert!(second.ends_with(own_name("-2")));
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "the trial file is gone");
}

#[test]
fn an_asked_path_is_kept_or_refused() {
    let machine = Machine::new();
    machine.write("work/taken.mp4", b"precious");
    machine.write("work/file", b"x");
    for (asked, file) in [
        ("clip.mp4", "work/clip.mp4"),
        ("clip", "work/clip.mp4"),
        ("take 1.final", "work/take 1.final.mp4"),
        ("Clip.MP4", "work/Clip.MP4"),
        ("taken.mp4", "work/taken-2.mp4"),
        ("new/folder/", &format!("work/new/folder/{}", own_name(""))),
        (".", &format!("work/{}", own_name(""))),
        ("deep/er/clip.mp4", "work/deep/er/clip.mp4"),
    ] {
        assert_eq!(machine.output(Door::Mcp, Some(asked)).unwrap(), machine.root.join(file), "{asked}");
    }
    assert_eq!(std::fs::read(machine.root.join("work/taken.mp4")).unwrap(), b"precious");
    for (asked, kind) in [
        ("../outside/clip.mp4", Kind::Forbidden),
        ("clip.mov", Kind::InvalidInput),
        ("nul.mp4", Kind::InvalidInput),
        ("CON", Kind::InvalidInput),
        (".mp4", Kind::InvalidInput),
        ("file/clip.mp4", Kind::Storage),
        ("file:///etc/../../x\0.mp4", Kind::InvalidInput),
    ] {
        let error = machine.output(Door::Mcp, Some(asked)).unwrap_err();
        assert_eq!(error.kind(), kind, "{asked}: {error}");
        assert!(error.next_step().is_some(), "{asked}");
    }
    let long = format!("{}.mp4", "x".repeat(300));
    assert_eq!(machine.output(Door::Mcp, Some(&long)).unwrap_err().kind(), Kind::InvalidInput);
    assert!(!machine.root.join("outside/clip.mp4").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_is_paid() {
    let machine = Machine::with(|around, _| around);
    for asked in ["/proc/clip.mp4", "/proc/firstcut/clip.mp4"] {
        let error = machine.output(Door::Cli, Some(asked)).unwrap_err();
        assert_eq!(error.kind(), Kind::Storage, "{error}");
    }
}

#[cfg(unix)]
#[test]
fn an_output_folder_behind_a_symlink_is_checked_at_its_true_place() {
    let machine = Machine::new();
    std::os::unix::fs::symlink(machine.root.join("outside"), machine.root.join("work/door")).unwrap();
    let error = machine.output(Door::Mcp, Some("door/new/clip.mp4")).unwrap_err();
    assert_eq!(error.kind(), Kind::Forbidden);
    assert!(!machine.root.join("outside/new").exists(), "nothing is made outside");
    std::os::unix::fs::symlink("/nowhere/gone.mp4", machine.root.join("work/broken.mp4")).unwrap();
    assert!(machine.output(Door::Mcp, Some("broken.mp4")).unwrap().ends_with("broken-2.mp4"));
}

#[test]
fn only_public_https_addresses_are_taken() {
    let machine = Machine::new();
    let url = input_url(&machine.config, " https://cdn.example/clip.mp4?sig=1 ").unwrap();
    assert_eq!(url.as_str(), "https://cdn.example/clip.mp4?sig=1");
    for (text, kind) in [
        ("", Kind::InvalidInput),
        ("clip.mp4", Kind::InvalidInput),
        ("file:///etc/passwd", Kind::InvalidInput),
        ("http://cdn.example/clip.mp4", Kind::Forbidden),
        ("ftp://cdn.example/clip.mp4", Kind::Forbidden),
        ("https://user:CANARY@cdn.example/clip.mp4", Kind::Forbidden),
        ("https://localhost/clip.mp4", Kind::Forbidden),
        ("https://127.0.0.1/clip.mp4", Kind::Forbidden),
        ("https://10.0.0.8/clip.mp4", Kind::Forbidden),
        ("https://192.168.1.1/clip.mp4", Kind::Forbidden),
        ("https://169.254.169.254/latest/meta-data", Kind::Forbidden),
        ("https://[::1]/clip.mp4", Kind::Forbidden),
        ("https://[::ffff:10.0.0.1]/clip.mp4", Kind::Forbidden),
        ("https://2130706433/clip.mp4", Kind::Forbidden),
    ] {
        let error = input_url(&machine.config, text).unwrap_err();
        assert_eq!(error.kind(), kind, "{text}: {error}");
        assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    }
    let long = format!("https://cdn.example/{}", "x".repeat(3000));
    assert_eq!(input_url(&machine.config, &long).unwrap_err().kind(), Kind::InvalidInput);
}

#[test]
fn media_may_be_a_file_or_an_address() {
    let machine = Machine::new();
    let file = machine.write("work/a.png", PNG);
    let caller = machine.caller(Door::Mcp);
    let media = |text| input_media(&machine.config, &caller, text).unwrap();
    assert_eq!(media("a.png"), Media::File(file));
    assert_eq!(
        media("https://cdn.example/a.png"),
        Media::Url(firstcut::redact::SafeUrl::new("https://cdn.example/a.png".parse().unwrap()))
    );
}
