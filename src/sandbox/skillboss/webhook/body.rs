//! What a webhook is told: two forms, with other words than the status answers have.

use serde_json::{Value, json};

use crate::sandbox::skillboss::SkillBoss;
use crate::sandbox::skillboss::options::Form;
use crate::sandbox::skillboss::rows::{Job, State};
use crate::sandbox::skillboss::shape::over;

impl SkillBoss {
    /// The end of a job.
    pub(super) fn notice(&self, job: &Job) -> Value {
        let done = job.state == State::Completed;
        let (mut body, place) = match job.form {
            Form::Standard => {
                let mut body = json!({ "job_id": job.id, "status": job.state.standard(), "output": null });
                if !done {
                    over(&mut body, json!({ "error": job.error }));
                }
                (body, "output.video_url")
            }
            Form::Wholesale => {
                let status = if done { "OK" } else { "ERROR" };
                let body =
                    json!({ "request_id": job.id, "status": status, "payload": null, "error": job.error });
                (body, "payload.videos[].url")
            }
        };
        if done {
            over(&mut body, self.outcome(job, place, &[]));
        }
        body
    }
}

/// A lie about a job.
pub(super) fn forged(job: &Job) -> Value {
    let url = "https://attacker.example/not-your-clip.mp4";
    match job.form {
        Form::Standard => json!({ "job_id": job.id, "status": "completed", "output": { "video_url": url } }),
        Form::Wholesale => json!({
            "request_id": job.id, "status": "OK", "payload": { "videos": [{ "url": url }] }, "error": null,
        }),
    }
}
