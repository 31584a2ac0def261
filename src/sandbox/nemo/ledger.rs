//! Credits: frozen while a run works, charged when it has changed something, given back when it has not.

use std::{fs, io};

use serde_json::Value;

use super::Nemo;
use super::rows::{Arrival, RenderStatus, Session, User};
use super::script::text_of;
use crate::sandbox::log::Charge;

impl Nemo {
    /// Registered users of the options; those that are known keep the credits they have.
    pub(super) fn add_accounts(&self) -> io::Result<()> {
        for account in &self.options.accounts {
            self.users.insert(
                &account.user_id,
                User {
                    id: account.user_id.clone(),
                    token: account.token.clone(),
                    expires_at_ms: None,
                    came: None::<Arrival>,
                    available: account.credits,
                    frozen: 0,
                    plan: account.plan,
                },
            )?;
        }
        Ok(())
    }

    /// Moves credits aside; `false` when there are not enough.
    pub(super) fn freeze(&self, user: &str, credits: i64) -> io::Result<bool> {
        let done = self.users.change(user, |user| {
            let enough = user.available >= credits;
            if enough {
                user.available -= credits;
                user.frozen += credits;
            }
            enough
        })?;
        Ok(done.unwrap_or(false))
    }

    /// Takes frozen credits for good, and writes it down.
    pub(super) fn charge(&self, session: &Session, text: &str, credits: i64) -> io::Result<()> {
        if credits == 0 {
            return Ok(());
        }
        self.log.charge(&Charge {
            at_ms: self.clock.now_ms(),
            user: session.user.clone(),
            session: session.id.clone(),
            text: text.to_owned(),
            credits,
        })?;
        self.users.change(&session.user, |user| user.frozen -= credits)?;
        Ok(())
    }

    /// Gives frozen credits back.
    pub(super) fn give_back(&self, user: &str, credits: i64) -> io::Result<()> {
        if credits > 0 {
            self.users.change(user, |user| {
                user.frozen -= credits;
                user.available += credits;
            })?;
        }
        Ok(())
    }

    /// After a kill: renders that were under way start again.
    pub(super) fn settle_after_restart(&self) -> io::Result<()> {
        for id in self.renders.ids() {
            let open = self.renders.get(&id).is_some_and(|render| {
                matches!(render.status, RenderStatus::Pending | RenderStatus::Processing)
            });
            if open {
                self.renders.change(&id, |render| render.status = RenderStatus::Pending)?;
                self.enqueue(&id);
            }
        }
        Ok(())
    }

    /// Removes what a kill left half-written: renders, and uploads that no session knows.
    pub(super) fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.output_folder())? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "part") {
                fs::remove_file(path)?;
            }
        }
        for entry in fs::read_dir(self.media_folder())? {
            let entry = entry?;
            let mark = format!("/cdn/media/{}/", entry.file_name().to_string_lossy());
            let mentions = |file: &Value| text_of(file, "cdn_url").is_some_and(|url| url.contains(&mark));
            if self.sessions.find(|session| session.project.video_infos.iter().any(mentions)).is_none() {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }
}
