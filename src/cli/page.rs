//! `jobs show --open`: the page that chats show, as a file of its own in the browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::{Exit, Shell};
use crate::error::{Error, Result};
use crate::jobs::inspect::{self, Keep};
use crate::jobs::session;
use crate::mcp::page::{self, MAX_VIDEO_BYTES};
use crate::model::job::Job;
use crate::model::report::FileReport;

/// Pages are made anew each time; older ones go.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a service may take to show a timeline; the page is good without.
const PATIENCE: Duration = Duration::from_secs(10);

impl Shell {
    /// Writes the page of a job and opens it, if there is a screen and the person does not mind.
    pub(super) async fn open_page(&self, job: &Job, may_open: bool) -> Result<Exit> {
        let folder = self.app.config().data_dir().join("pages");
        let path = folder.join(format!("{}.html", job.id));
        let page = page::with_data(&self.page_data(job).await?);
        let fault = |error| Error::storage(format!("{} cannot be written.", path.display()), error);
        fs::create_dir_all(&folder).map_err(fault)?;
        forget_old(&folder);
        fs::write(&path, page).map_err(fault)?;

        let opened = may_open && self.app.config().machine.has_screen && open(&path);
        let shape = json!({ "job_id": job.id, "page": path, "opened": opened });
        self.out.result(&shape, || match opened {
            true => format!("Opened {}", path.display()),
            false => format!("Open this in a browser: {}", path.display()),
        })?;
        Ok(0)
    }

    /// What the page shows: the report, the picture, and the video itself where it is small.
    async fn page_data(&self, job: &Job) -> Result<Value> {
        let mut report = self.report(job).await?;
        let picture = inspect::show(&self.app, job, &mut report, None, Keep::Nowhere).await;
        let picture = picture
            .map(|jpeg| json!({ "type": "image", "mimeType": "image/jpeg", "data": BASE64.encode(jpeg) }));
        let mut timeline = None;
        if let Some(session_id) = &report.session_id {
            match session::look(&self.app, session_id, PATIENCE).await {
                Ok((_, layout)) => timeline = Some(layout),
                Err(error) => {
                    self.out.note(&format!("The page has no timeline: {}", error.message()));
                }
            }
        }
        let video = report.files.iter().find(|file| file.mime.starts_with("video/")).and_then(address);
        Ok(json!({
            "prompt": job.request.words(),
            "result": { "structuredContent": report, "content": picture.into_iter().collect::<Vec<_>>() },
            "timeline": timeline,
            "video": video,
        }))
    }
}

/// Where the page finds the video: inside itself, or, when it is large, on the disk.
fn address(video: &FileReport) -> Option<String> {
    let path = Path::new(&video.path);
    let bytes = path.metadata().ok()?.len();
    if bytes > MAX_VIDEO_BYTES {
        return Some(video.uri.clone());
    }
    Some(format!("data:{};base64,{}", video.mime, BASE64.encode(fs::read(path).ok()?)))
}

/// Asks the platform to open a file. False when it has nothing to ask.
fn open(path: &Path) -> bool {
    let (program, before): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(before).arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().is_ok()
}

fn forget_old(folder: &Path) {
    let pages = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_old = |path: &PathBuf| {
        let written = path.metadata().and_then(|about| about.modified()).ok();
        written.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > KEPT)
    };
    for page in pages.filter(|path| path.extension().is_some_and(|kind| kind == "html")).filter(is_old) {
        // One that stays is looked at again the next time.
        let _ = fs::remove_file(page);
    }
}
