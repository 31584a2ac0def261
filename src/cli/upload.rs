//! `upload`: puts files and web addresses into the session.

use clap::Args;

use super::follow::interrupted;
use super::progress::Progress;
use super::{Exit, Shell, text};
use crate::error::{Error, Kind, Result};
use crate::jobs::plan::UploadInput;
use crate::jobs::session;

#[derive(Args, Debug)]
pub(super) struct Upload {
    /// Files or https addresses: mp4, mov, avi, webm, mkv, jpg, png, gif, webp, mp3, wav, m4a, aac; 200 MB each
    #[arg(value_name = "FILE", required = true)]
    items: Vec<String>,
    /// Put them into this session instead of the last one
    #[arg(long, value_name = "ID")]
    session: Option<String>,
}

impl Upload {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        // A file may be called anything, but no file is called "https://…".
        let (urls, files) = self.items.into_iter().partition(|item| is_web_address(item));
        let input = UploadInput { files, urls, service: None, session_id: self.session };
        let progress = Progress::start(shell.out, "Uploading…");
        let on_progress = |sent, total| progress.bytes(sent, total);
        let report = tokio::select! {
            report = session::upload(&shell.app, &shell.caller, input, &on_progress) => report?,
            () = interrupted() => {
                return Err(Error::new(Kind::Cancelled, "The upload was stopped.")
                    .next("Files that went up before may be in the session: firstcut state shows them."));
            }
        };
        progress.end();
        shell.out.result(&report, || text::upload(&report))?;
        Ok(0)
    }
}

fn is_web_address(item: &str) -> bool {
    item.split_once("://")
        .is_some_and(|(scheme, _)| ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web)))
}
