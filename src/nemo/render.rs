//! Renders: submitting a draft for export, asking how far it is, cancelling it (NemoVideo skill, Export).

use serde::Serialize;
use url::Url;

use crate::error::{Error, Kind, Result};
use crate::nemo::call::{Body, Call, Effect, without};
use crate::nemo::client::Client;
use crate::nemo::draft::Draft;
use crate::nemo::errors;
use crate::nemo::wire::{Fields, Payload};
use crate::redact::SafeUrl;

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submission {
    /// The render is under way.
    Accepted,
    /// The service knew this id already: an earlier submission had arrived.
    AlreadyKnown,
}

/// How far a render is.
#[derive(Clone, Debug, PartialEq)]
pub enum RenderStatus {
    /// It waits for a machine.
    Pending {
        /// 0 to 100.
        progress: Option<f64>,
    },
    /// It is being made.
    Processing {
        /// 0 to 100.
        progress: Option<f64>,
    },
    /// It is done.
    Completed {
        /// Where the file is; without it, ask once more and then use the service's own download route.
        url: Option<SafeUrl>,
    },
    /// It failed or was cancelled.
    Failed {
        /// The service's words; quote them, do not trust them.
        message: String,
    },
    /// A status that we do not know; it is not final.
    Other {
        /// The status as it came.
        status: String,
        /// 0 to 100.
        progress: Option<f64>,
    },
}

#[derive(Serialize)]
struct Submit<'a> {
    id: &'a str,
    #[serde(rename = "sessionId")]
    session_id: &'a str,
    draft: &'a Draft,
    output: Output,
}

#[derive(Serialize)]
struct Output {
    format: &'static str,
    quality: &'static str,
}

impl Client {
    /// Submits the draft, byte for byte, as the render `render_id`, which the caller has chosen and recorded before.
    ///
    /// # Errors
    /// [`Kind::EmptyTimeline`] before anything is sent; [`Kind::Uncertain`] when it perhaps arrived (asking for the status
    /// of `render_id` tells); every other kind means that it surely had no effect.
    pub async fn submit_render(
        &self,
        render_id: &str,
        session_id: &str,
        draft: &Draft,
    ) -> Result<Submission> {
        if !draft.is_exportable() {
            return Err(Error::new(Kind::EmptyTimeline, "There is nothing on the timeline to export.")
                .next("Generate or upload a clip first."));
        }
        let output = Output { format: "mp4", quality: "high" };
        let body = serde_json::to_string(&Submit { id: render_id, session_id, draft, output })
            .map_err(|error| Error::internal("The draft cannot be written down.").because(error))?;
        let path = ["api", "render", "proxy", "lambda"];
        let call = Call {
            session: Some(session_id),
            ..Call::post("start the export", &path, Body::Json(body), Effect::Costly)
        };
        match self.ask(&call, |_| Ok(())).await {
            Ok(()) => Ok(Submission::Accepted),
            Err(failed) if failed.refusal.as_ref().is_some_and(errors::is_duplicate) => {
                Ok(Submission::AlreadyKnown)
            }
            Err(failed) => Err(failed.into()),
        }
    }

    /// Asks how far a render is.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for an unknown id; else as the error table.
    pub async fn render_status(&self, render_id: &str) -> Result<RenderStatus> {
        let path = ["api", "render", "proxy", "lambda", render_id];
        let call = Call { render: Some(render_id), ..Call::get("tell how far the export is", &path) };
        Ok(self.ask(&call, status).await?)
    }

    /// Cancels a render that has not begun.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for an unknown id; else as the error table.
    pub async fn cancel_render(&self, render_id: &str) -> Result<()> {
        let path = ["api", "render", "proxy", "lambda", render_id, "cancel"];
        let call = Call {
            render: Some(render_id),
            ..Call::post("cancel the export", &path, Body::Empty, Effect::Harmless)
        };
        Ok(self.ask(&call, |_| Ok(())).await?)
    }
}

fn status(reply: &Payload<'_>) -> Result<RenderStatus> {
    let status = reply.text("status").ok_or_else(|| without("a status"))?;
    let progress = reply.number("progress").map(|progress| progress.clamp(0.0, 100.0));
    Ok(match status.trim().to_ascii_lowercase().as_str() {
        "pending" | "queued" => RenderStatus::Pending { progress },
        "processing" | "rendering" | "running" => RenderStatus::Processing { progress },
        "completed" | "complete" | "succeeded" | "success" | "done" => {
            RenderStatus::Completed { url: output_url(reply) }
        }
        "failed" | "failure" | "error" | "cancelled" | "canceled" => {
            let fields = reply.object("error").unwrap_or_default();
            let message = ["error", "message", "msg"].iter().find_map(|name| reply.text(name));
            RenderStatus::Failed { message: message.or_else(|| fields.text("message")).unwrap_or(status) }
        }
        _ => RenderStatus::Other { status, progress },
    })
}

/// `output.url` in the skill's text, `outputUrl` in the service's reference; both with and without an envelope.
fn output_url(reply: &Payload<'_>) -> Option<SafeUrl> {
    let nested = reply.object("output").and_then(|output: Fields<'_>| output.text("url"));
    let text = nested
        .or_else(|| ["outputUrl", "output_url", "output", "url"].iter().find_map(|name| reply.text(name)))?;
    Url::parse(text.trim()).ok().map(SafeUrl::new)
}

/// The address in the answer of the download route, which may be a file or JSON.
pub(super) fn download_url(reply: &Payload<'_>) -> Option<SafeUrl> {
    output_url(reply).or_else(|| Url::parse(reply.text("downloadUrl")?.trim()).ok().map(SafeUrl::new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nemo::wire;

    #[test]
    fn every_reply_variant() {
        let done = |url: &str| RenderStatus::Completed { url: Some(SafeUrl::new(url.parse().unwrap())) };
        for (body, expected) in [
            (
                r#"{"taskId":"r","status":"completed","progress":100,"output":{"url":"https://a.test/o.mp4","duration":30.5}}"#,
                done("https://a.test/o.mp4"),
            ),
            (
                r#"{"success":true,"data":{"id":"r","status":"completed","outputUrl":"https://a.test/o.mp4"}}"#,
                done("https://a.test/o.mp4"),
            ),
            (
                r#"{"success":true,"data":{"status":"completed","output":{"url":"https://a.test/o.mp4"}}}"#,
                done("https://a.test/o.mp4"),
            ),
            (
                r#"{"code":0,"data":{"status":"Completed","output":"https://a.test/o.mp4"}}"#,
                done("https://a.test/o.mp4"),
            ),
            (r#"{"status":"completed"}"#, RenderStatus::Completed { url: None }),
            (r#"{"status":"completed","output":{"url":"not a url"}}"#, RenderStatus::Completed { url: None }),
            (r#"{"status":"pending","progress":5}"#, RenderStatus::Pending { progress: Some(5.0) }),
            (
                r#"{"success":true,"data":{"status":"processing","progress":"42.5"}}"#,
                RenderStatus::Processing { progress: Some(42.5) },
            ),
            (r#"{"status":"processing","progress":120}"#, RenderStatus::Processing { progress: Some(100.0) }),
            (r#"{"status":"failed","error":"boom"}"#, RenderStatus::Failed { message: "boom".into() }),
            (
                r#"{"status":"failed","error":{"message":"boom"}}"#,
                RenderStatus::Failed { message: "boom".into() },
            ),
            (r#"{"status":"cancelled"}"#, RenderStatus::Failed { message: "cancelled".into() }),
            (
                r#"{"status":"warming_up"}"#,
                RenderStatus::Other { status: "warming_up".into(), progress: None },
            ),
        ] {
            assert_eq!(status(&wire::open(200, body).unwrap()).unwrap(), expected, "{body}");
        }
        assert_eq!(status(&wire::open(200, "{}").unwrap()).unwrap_err().kind(), Kind::Protocol);
    }
}
