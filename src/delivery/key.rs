//! The name of an object: made from its job, the same for ever.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Store;
use crate::model::job::EpochMs;

/// What a name is made from.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// The job that made the file.
    pub job: &'a str,
    /// When it was asked for.
    pub created_at_ms: EpochMs,
    /// The file's own name, without its ending.
    pub name: &'a str,
    /// The service that made it.
    pub service: &'a str,
    /// A rehearsal lies apart, so that nobody takes it for the real thing.
    pub rehearsal: bool,
}

impl Store {
    /// The name of the object for a job.
    #[must_use]
    pub fn key(&self, named: &Named<'_>) -> String {
        fill(&self.settings.key, named)
    }
}

fn fill(pattern: &str, named: &Named<'_>) -> String {
    let day = Timestamp::from_millisecond(named.created_at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let key = pattern
        .replace("{job}", named.job)
        .replace("{date}", &day.to_zoned(TimeZone::UTC).date().to_string())
        .replace("{service}", named.service)
        .replace("{name}", &plain(named.name));
    if named.rehearsal { format!("rehearsal/{key}") } else { key }
}

/// The pattern's names end in `.mp4`; a video of another kind gets its own ending.
#[must_use]
pub fn with_ending(key: String, mime: &str) -> String {
    let ending = match mime {
        "video/quicktime" => "mov",
        "video/webm" => "webm",
        "video/x-matroska" => "mkv",
        "video/x-msvideo" => "avi",
        _ => return key,
    };
    match key.strip_suffix(".mp4") {
        Some(stem) => format!("{stem}.{ending}"),
        None => key,
    }
}

/// Letters and digits that every address takes.
fn plain(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().take(80) {
        let c = if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '-' };
        if c != '-' || !(out.is_empty() || out.ends_with('-')) {
            out.push(c);
        }
    }
    let out = out.trim_matches('-');
    if out.is_empty() { "clip".to_owned() } else { out.to_owned() }
}

/// The same name with a number, for other bytes of the same job.
pub(super) fn numbered(key: &str, number: u32) -> String {
    let (folder, file) = key.rsplit_once('/').map_or(("", key), |(folder, file)| (folder, file));
    let file = match file.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() => format!("{stem}-{number}.{end}"),
        _ => format!("{file}-{number}"),
    };
    if folder.is_empty() { file } else { format!("{folder}/{file}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_from_the_job() {
        let named = Named {
            job: "job_1",
            created_at_ms: 1_795_219_200_000,
            name: "Sunset over the océan_20261121",
            service: "nemo",
            rehearsal: false,
        };
        for (pattern, rehearsal, key) in [
            ("clips/{job}.mp4", false, "clips/job_1.mp4"),
            ("clips/{job}.mp4", true, "rehearsal/clips/job_1.mp4"),
            (
                "{service}/{date}/{name}-{job}.mp4",
                false,
                "nemo/2026-11-21/sunset-over-the-oc-an_20261121-job_1.mp4",
            ),
        ] {
            assert_eq!(fill(pattern, &Named { rehearsal, ..named }), key);
        }
        assert_eq!(plain("海上的日落"), "clip");
        for (key, mime, ending) in [
            ("a.mp4", "video/mp4", "a.mp4"),
            ("a.mp4", "video/quicktime", "a.mov"),
            ("a.mp4", "video/webm", "a.webm"),
            ("a", "video/webm", "a"),
        ] {
            assert_eq!(with_ending(key.to_owned(), mime), ending);
        }
    }

    #[test]
    fn other_bytes_get_a_number() {
        for (key, numbered_key) in [
            ("clips/job_1.mp4", "clips/job_1-2.mp4"),
            ("a.b/job", "a.b/job-2"),
            ("job.tar.gz", "job.tar-2.gz"),
        ] {
            assert_eq!(numbered(key, 2), numbered_key);
        }
    }
}
