//! Values of settings, understood or refused with the right form.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing_subscriber::filter::{LevelFilter, Targets};
use url::Host;

use super::places::Surroundings;
use super::read::{Given, Source};
use super::{Preview, ServiceChoice};
use crate::money::Usd;
use crate::redact::{self, Secret};

/// What is logged when nothing is set; the protocol crate's lower levels would show arguments.
pub(super) const LOG: &str = "warn,rmcp=warn";

/// A value that cannot be used.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Goes on after "NAME (source)".
    pub(super) what: String,
    /// A full sentence.
    pub(super) fix: String,
}

impl Wrong {
    pub(super) fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what: what.into(), fix: fix.into() }
    }
}

pub(super) type Parsed<T> = Result<T, Wrong>;

pub(super) fn shown(text: &str) -> String {
    format!("\"{}\"", redact::quote(text, 80))
}

pub(super) fn yes_or_no(given: &Given) -> Parsed<bool> {
    let text = given.text()?;
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(Wrong::new(format!("is {}", shown(text)), "Set it to 1 or 0.")),
    }
}

pub(super) fn service(given: &Given) -> Parsed<ServiceChoice> {
    let text = given.text()?;
    [ServiceChoice::Auto, ServiceChoice::Nemo, ServiceChoice::SkillBoss, ServiceChoice::Sandbox]
        .into_iter()
        .find(|choice| choice.name().eq_ignore_ascii_case(text.trim()))
        .ok_or_else(|| {
            Wrong::new(
                format!("is {}, which is no service", shown(text)),
                "Choose auto, nemo, skillboss or sandbox.",
            )
        })
}

pub(super) fn preview(given: &Given) -> Parsed<Preview> {
    let text = given.text()?;
    text.trim().to_ascii_lowercase().parse().map_err(|_| {
        Wrong::new(format!("is {}, which is no preview", shown(text)), "Choose none, poster or sheet.")
    })
}

pub(super) fn whole(given: &Given, range: RangeInclusive<usize>) -> Parsed<usize> {
    let text = given.text()?;
    text.trim().parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let fix = format!("Give a whole number from {} to {}.", range.start(), range.end());
        Wrong::new(format!("is {}", shown(text)), fix)
    })
}

pub(super) fn seconds(given: &Given, range: RangeInclusive<f64>) -> Parsed<Duration> {
    let text = given.text()?;
    let number = text.trim().parse::<f64>().ok().filter(|seconds| range.contains(seconds));
    number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or_else(|| {
        let fix = format!("Give seconds as a number from {} to {}.", range.start(), range.end());
        Wrong::new(format!("is {}", shown(text)), fix)
    })
}

/// A line of text.
pub(super) fn text(given: &Given) -> Parsed<String> {
    given.text().map(str::to_owned)
}

/// Dollars such as 3.20.
pub(super) fn dollars(given: &Given) -> Parsed<Usd> {
    let text = given.text()?;
    let amount = text.trim().trim_start_matches('$').parse::<Usd>().ok();
    amount.filter(|usd| *usd >= Usd::ZERO).ok_or_else(|| {
        Wrong::new(format!("is {}", shown(text)), "Give dollars as a number of 0 or more, such as 3.20.")
    })
}

/// Secrets, one or several with commas between.
pub(super) fn secrets(given: &Given) -> Parsed<Vec<Secret>> {
    let words: Vec<&str> = given
        .words
        .iter()
        .map(|word| word.to_str().ok_or_else(|| Wrong::new("is not valid Unicode", "Copy it again.")))
        .collect::<Parsed<_>>()?;
    let parts = words.iter().flat_map(|word| word.split(',')).map(str::trim).filter(|part| !part.is_empty());
    Ok(parts.map(|part| Secret::new(part.to_owned())).collect())
}

/// A folder; relative ones start at the settings file, else at the working folder.
pub(super) fn folder(given: &Given, around: &Surroundings) -> Parsed<PathBuf> {
    match given.words.as_slice() {
        [word] => absolute(Path::new(word), &given.source, around).and_then(no_file),
        _ => Err(Wrong::new("is a list", "Give one folder.")),
    }
}

/// A file, which may be missing; who reads it says so.
pub(super) fn file(given: &Given, around: &Surroundings) -> Parsed<PathBuf> {
    match given.words.as_slice() {
        [word] => absolute(Path::new(word), &given.source, around),
        _ => Err(Wrong::new("is a list", "Give one file.")),
    }
}

/// A program: a bare name is looked for in the usual places by the system, anything else is a path.
pub(super) fn program(given: &Given, around: &Surroundings) -> Parsed<PathBuf> {
    match given.words.as_slice() {
        [word] if Path::new(word).components().count() == 1 && word != "~" => Ok(PathBuf::from(word)),
        [word] => absolute(Path::new(word), &given.source, around),
        _ => Err(Wrong::new("is a list", "Give one program.")),
    }
}

/// Several folders: a list in the file, separated as in PATH elsewhere.
pub(super) fn folders(given: &Given, around: &Surroundings) -> Parsed<Vec<PathBuf>> {
    let split = |word| std::env::split_paths(word).filter(|path| !path.as_os_str().is_empty()).collect();
    let paths: Vec<PathBuf> = match given.source {
        Source::File(..) => given.words.iter().map(PathBuf::from).collect(),
        Source::Environment | Source::Flag(_) => {
            given.words.iter().flat_map(|word| -> Vec<PathBuf> { split(word) }).collect()
        }
    };
    paths.iter().map(|path| absolute(path, &given.source, around).and_then(no_file)).collect()
}

fn absolute(path: &Path, source: &Source, around: &Surroundings) -> Parsed<PathBuf> {
    let path = match path.strip_prefix("~") {
        Ok(rest) => around.home_dir.as_ref().map(|home| home.join(rest)).ok_or_else(|| {
            Wrong::new("begins with ~ and your home folder is not known", "Write the whole path.")
        })?,
        Err(_) => path.to_owned(),
    };
    let base = match source {
        Source::File(file, _) => file.parent().unwrap_or(&around.working_dir),
        Source::Environment | Source::Flag(_) => &around.working_dir,
    };
    Ok(base.join(path))
}

fn no_file(path: PathBuf) -> Parsed<PathBuf> {
    if path.is_file() {
        let what = format!("is {}, which is a file", shown(&path.to_string_lossy()));
        return Err(Wrong::new(what, "Name a folder."));
    }
    Ok(path)
}

pub(super) fn log_filter(given: &Given) -> Parsed<String> {
    let text = given.text()?;
    // A lone word that is no level would be taken for a target whose every line is wanted.
    let is_level = |word: &str| word.contains('=') || word.trim().parse::<LevelFilter>().is_ok();
    match text.parse::<Targets>() {
        Ok(_) if text.split(',').all(is_level) => Ok(text.to_owned()),
        _ => Err(Wrong::new(
            format!("is {}, which is no log filter", shown(text)),
            "Write a level (error, warn, info, debug, trace) or target=level, separated by commas.",
        )),
    }
}

/// A token of NemoVideo, where there is another way without one.
pub(super) fn token(given: &Given) -> Parsed<Secret> {
    header_secret(
        given,
        "Copy it again, without spaces, line ends, quotation marks or the word Bearer; or unset it to use \
         an anonymous account. A token that is set is never silently swapped for an anonymous account.",
    )
}

/// A key of SkillBoss.
pub(super) fn key(given: &Given) -> Parsed<Secret> {
    header_secret(
        given,
        "Copy it again, without spaces, line ends, quotation marks or the word Bearer; or unset it.",
    )
}

/// A secret of our own making, which nobody shall guess.
pub(super) fn own_token(given: &Given) -> Parsed<Secret> {
    const LEAST: usize = 16;
    let fix = "Make a random one of 16 letters and digits or more, for example with `openssl rand -hex 32`.";
    let secret = header_secret(given, fix)?;
    match secret.reveal().len() {
        length if length < LEAST => Err(Wrong::new("is shorter than 16 characters", fix)),
        _ => Ok(secret),
    }
}

/// Host names, with commas between or as a list.
pub(super) fn hosts(given: &Given) -> Parsed<Vec<String>> {
    let words: Vec<&str> = given
        .words
        .iter()
        .map(|word| word.to_str().ok_or_else(|| Wrong::new("is not valid Unicode", "Type it again.")))
        .collect::<Parsed<_>>()?;
    let names = words.iter().flat_map(|word| word.split(',')).map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| match Host::parse(name) {
            Ok(host) if !name.contains(':') => Ok(host.to_string().to_ascii_lowercase()),
            _ => Err(Wrong::new(
                format!("holds {}, which is no host name", shown(name)),
                "Write names such as video.example.com, without https:// and without a port.",
            )),
        })
        .collect()
}

/// A secret goes into a header as it is: whatever would be changed or refused there is refused here.
fn header_secret(given: &Given, fix: &str) -> Parsed<Secret> {
    let malformed = |what: &str| Wrong::new(what, fix);
    let text = match given.words.as_slice() {
        [word] => word.to_str().ok_or_else(|| malformed("holds characters that no key has"))?,
        _ => return Err(malformed("is a list")),
    };
    if text.trim().is_empty() {
        Err(malformed("holds only blanks"))
    } else if text.chars().any(char::is_whitespace) {
        Err(malformed("holds a blank or a line end"))
    } else if !text.bytes().all(|b| b.is_ascii_graphic()) || text.contains(['"', '\'']) {
        Err(malformed("holds characters that no key has"))
    } else if text.len() > 4096 {
        Err(malformed("is longer than 4096 characters"))
    } else {
        Ok(Secret::new(text))
    }
}

/// A short word that goes into a header (NemoVideo skill: X-Client-Id up to 64 characters, X-Skill-Platform).
pub(super) fn header_word(given: &Given) -> Parsed<String> {
    let text = given.text()?.trim();
    if !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err(Wrong::new(
            format!("is {}", shown(text)),
            "Use 1 to 64 printable ASCII characters without blanks, or unset it.",
        ))
    }
}

/// The schedulers that there are.
pub(super) const SCHEDULERS: [&str; 4] = ["buffer", "ayrshare", "postiz", "hook"];

pub(super) fn scheduler(given: &Given) -> Parsed<String> {
    let text = given.text()?.trim().to_ascii_lowercase();
    if SCHEDULERS.contains(&text.as_str()) {
        return Ok(text);
    }
    let fix = format!("Choose {}.", SCHEDULERS.join(", "));
    Err(Wrong::new(format!("is {}, which is no scheduler", shown(&text)), fix))
}

pub(super) fn destination(given: &Given) -> Parsed<String> {
    let text = given.text()?.trim().to_ascii_lowercase();
    match text.as_str() {
        "folder" | "s3" => Ok(text),
        _ => Err(Wrong::new(format!("is {}", shown(&text)), "Choose folder or s3.")),
    }
}

/// A bucket's name (Amazon S3, general purpose bucket naming rules; other stores take no others).
pub(super) fn bucket(given: &Given) -> Parsed<String> {
    let text = given.text()?.trim();
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let ends = text.as_bytes().first().zip(text.as_bytes().last());
    let is_edge = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if (3..=63).contains(&text.len())
        && text.bytes().all(legal)
        && ends.is_some_and(|(first, last)| is_edge(first) && is_edge(last))
    {
        return Ok(text.to_owned());
    }
    Err(Wrong::new(
        format!("is {}, which is no bucket's name", shown(text)),
        "Give only the name, without s3:// or a path: 3 to 63 lower-case letters, digits, dots and hyphens.",
    ))
}

/// The places in an object's name that are filled in.
const PLACES: [&str; 4] = ["{job}", "{date}", "{name}", "{service}"];

/// How objects are called.
pub(super) fn object_key(given: &Given) -> Parsed<String> {
    let text = given.text()?.trim();
    let bare = PLACES.iter().fold(text.to_owned(), |text, place| text.replace(place, "x"));
    let legal = |c: char| c.is_ascii_alphanumeric() || "/-_.!'()".contains(c);
    let wrong = |what: &str| {
        Wrong::new(
            format!("is {}, {what}", shown(text)),
            "Write it as clips/{job}.mp4; beside {job} there are {date}, {name} and {service}.",
        )
    };
    if !text.contains("{job}") {
        return Err(wrong("in which {job} is missing: two clips would get the same name"));
    }
    if text.starts_with('/') || text.contains("//") || text.contains("..") || bare.len() > 512 {
        return Err(wrong("which is no path in a bucket"));
    }
    if !bare.chars().all(legal) {
        return Err(wrong("which has signs that addresses do not take"));
    }
    Ok(text.to_owned())
}
