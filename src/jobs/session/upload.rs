//! Files and addresses on their way into a session.

use std::io::Read as _;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::{Chosen, choose, create, remember};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::jobs::inspect::{PATIENCE, aside};
use crate::jobs::paths;
use crate::jobs::plan::{Caller, UploadInput};
use crate::jobs::rehearsal;
use crate::ledger::{Filter, Ledger};
use crate::media::probe::{self, Probe};
use crate::media::sniff;
use crate::model::job::{JobKind, Service};
use crate::model::report::{UploadReport, UploadedReport};
use crate::model::request::{Media, Request};
use crate::nemo::upload::{UploadFile, Uploaded};
use crate::nemo::{Client, language};
use crate::redact::SafeUrl;

/// Puts files and addresses into a session; makes one when there is none. `on_progress` gets bytes sent and total.
pub async fn upload(
    app: &App,
    caller: &Caller,
    input: UploadInput,
    on_progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<UploadReport> {
    let media = media(app, caller, &input.files, &input.urls)?;
    if media.is_empty() {
        return Err(Error::invalid("Neither files nor urls were given; nothing was sent.")
            .next("Give the path of at least one media file, or a public https address."));
    }
    let ledger = app.ledger().await?;
    let chosen = match choose(app, caller, input.service.as_deref(), input.session_id.as_deref()).await? {
        Some(chosen) => chosen,
        None => {
            let service = app.service(input.service.as_deref())?;
            let language = language_of(ledger, service, &media).await?;
            let session_id = create(app, ledger, service, &language, caller.is_here()).await?;
            Chosen { service, session_id }
        }
    };
    let client = app.client(chosen.service).await?;
    let stored = put(&client, &chosen.session_id, &media, on_progress).await?;
    remember(app, caller, &chosen).await?;
    ledger.note_uploads(chosen.service, &chosen.session_id, true).await?;
    let names: Vec<_> = stored.iter().map(|file| format!("\"{}\"", file.name)).collect();
    let mut message = format!("{}Uploaded {}.", rehearsal::mark(chosen.service), names.join(", "));
    for file in stored.iter().filter(|file| file.is_cut) {
        message.push_str(&format!(
            " ⚠️ \"{}\" is cut off: it ends before what its headers announce, so part of it is missing.",
            file.name
        ));
    }
    Ok(UploadReport {
        message,
        uploaded: stored,
        service: chosen.service.name().to_owned(),
        session_id: chosen.session_id,
        next: "Call generate_video or edit_video and say what to do with it.".to_owned(),
    })
}

/// The language of a session that begins with an upload, before anybody has said a word in it: that of the files'
/// names where their script tells, else that of the words that were said last, else English.
async fn language_of(ledger: &Ledger, service: Service, media: &[Media]) -> Result<String> {
    let named: String = media.iter().map(Media::name).collect::<Vec<_>>().join(" ");
    let by_name = language::detect(&named);
    if by_name != language::FALLBACK {
        return Ok(by_name.to_owned());
    }
    let turns = Filter { kind: Some(JobKind::Turn), ..Filter::default() };
    let last = ledger.list(&turns, 20).await?.into_iter().find_map(|job| match job.request {
        Request::Turn(turn) if job.service == service => Some(turn.language),
        _ => None,
    });
    Ok(last.unwrap_or_else(|| language::FALLBACK.to_owned()))
}

/// Paths and addresses, checked one by one before the first byte leaves.
pub(in crate::jobs) fn media(
    app: &App,
    caller: &Caller,
    files: &[String],
    urls: &[String],
) -> Result<Vec<Media>> {
    let mut media = Vec::new();
    for text in files {
        media.push(paths::input_media(app.config(), caller, text)?);
    }
    for address in urls {
        let is_file =
            address.trim_start().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"));
        media.push(if is_file {
            // Wherever it is written, a file is held to the rules for files.
            paths::input_media(app.config(), caller, address)?
        } else {
            Media::Url(SafeUrl::new(paths::input_url(app.config(), address)?))
        });
    }
    Ok(media)
}

/// Sends media into a session.
pub(in crate::jobs) async fn put(
    client: &Client,
    session_id: &str,
    media: &[Media],
    on_progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<Vec<UploadedReport>> {
    let mut files = Vec::new();
    let mut urls = Vec::new();
    for item in media {
        match item {
            Media::File(path) => files.push(opened(path)?),
            Media::Url(url) => urls.push(url.reveal().clone()),
        }
    }
    let mut stored = Vec::new();
    if !files.is_empty() {
        let mut probes = Vec::new();
        for file in &files {
            probes.push(measured(&file.path).await);
        }
        let sizes = files.iter().map(|file| Some(file.bytes)).chain(std::iter::repeat(None));
        let probes = probes.into_iter().chain(std::iter::repeat_with(|| None));
        let answers = client.upload_files(session_id, &files, on_progress).await?;
        let answers = answers.into_iter().zip(sizes).zip(probes);
        stored.extend(answers.map(|((answer, bytes), probe)| told(answer, bytes, probe.as_ref())));
    }
    if !urls.is_empty() {
        let answers = client.upload_urls(session_id, &urls).await?;
        stored.extend(answers.into_iter().map(|answer| told(answer, None, None)));
    }
    Ok(stored)
}

/// A file with the type that its content has.
fn opened(path: &Path) -> Result<UploadFile> {
    let unreadable = |error| Error::storage(format!("{} cannot be read.", path.display()), error);
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let mut head = Vec::new();
    file.by_ref().take(sniff::HEAD_BYTES as u64).read_to_end(&mut head).map_err(unreadable)?;
    Ok(UploadFile {
        path: path.to_owned(),
        filename: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        // Looked at again, because time has passed since the path was checked.
        mime: sniff::sniff(&head).ok_or_else(|| no_media(path))?.mime().to_owned(),
        bytes: file.metadata().map_err(unreadable)?.len(),
    })
}

fn no_media(path: &Path) -> Error {
    Error::new(
        Kind::UnsupportedFile,
        format!("{} is no media by its content, so it was not sent.", path.display()),
    )
    .next("Give a video, picture or sound file.")
}

/// What is in a file, by its own headers; none when they cannot be read, which is the service's to judge.
async fn measured(path: &Path) -> Option<Probe> {
    let path = path.to_owned();
    let probed =
        aside(CancellationToken::new(), PATIENCE, move |limits| probe::probe_within(&path, limits).ok());
    probed.await.ok().flatten()
}

/// What the service measured; where it says nothing, what was measured here.
fn told(answer: Uploaded, bytes: Option<u64>, probe: Option<&Probe>) -> UploadedReport {
    let pixels = |there: Option<f64>, here: fn(&Probe) -> Option<u32>| {
        there.map(|pixels| pixels as u32).or_else(|| probe.and_then(here))
    };
    UploadedReport {
        name: crate::redact::quote(&answer.filename, 120),
        kind: crate::redact::quote(answer.kind.as_deref().unwrap_or("media"), 20),
        bytes,
        duration_s: answer.duration_ms.map(|ms| ms / 1000.0).or(probe.and_then(|probe| probe.duration_s)),
        width: pixels(answer.width, |probe| probe.width),
        height: pixels(answer.height, |probe| probe.height),
        is_cut: probe.is_some_and(|probe| probe.truncated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_does_not_say_is_measured_here() {
        let name = "tests/fixtures/media/h264-high-bframes-aac.mp4";
        let probe = probe::probe(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
        let silent = Uploaded { filename: "a.mp4".into(), ..Uploaded::default() };
        let report = told(silent.clone(), Some(7), Some(&probe));
        assert_eq!((report.width, report.height, report.duration_s), (Some(160), Some(90), Some(1.6)));
        assert!(!report.is_cut);
        let report = told(silent.clone(), Some(7), None);
        assert_eq!((report.width, report.height, report.duration_s), (None, None, None));
        let measured = Uploaded { width: Some(1920.0), duration_ms: Some(9000.0), ..silent };
        let report = told(measured, None, Some(&probe));
        assert_eq!((report.width, report.height, report.duration_s), (Some(1920), Some(90), Some(9.0)));
    }
}
