//! Processes of the program: commands that end, and a server with its pipes.

use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::patience::PATIENCE;
use crate::talk::Talk;

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// What `--json` printed.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same from a command that must have ended well.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.json()
    }

    /// The error from a command that must not have ended well.
    pub(crate) fn error(&self) -> Value {
        assert_ne!(self.code, Some(0), "{self:?}");
        let error = self.json()["error"].clone();
        assert!(error.is_object(), "{self:?}");
        error
    }
}

/// Runs a command to its end.
pub(crate) async fn ended(mut command: Command) -> Ran {
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it does not end").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A running `serve` and the client's end of its pipes.
pub(crate) struct Serve {
    pub(super) child: Child,
    pub(crate) talk: Talk,
}

impl Serve {
    /// Of the running process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// As `kill -9`.
    pub(crate) async fn kill(mut self) {
        kill(&mut self.child).await;
    }

    /// Closes its input and waits for the end.
    pub(crate) async fn hang_up(self) {
        let Self { mut child, talk } = self;
        drop(talk);
        let left = tokio::time::timeout(PATIENCE, child.wait()).await.expect("the server stays").unwrap();
        assert_eq!(left.code(), Some(0));
    }

    /// Makes a video and gives its report, however the job stands then.
    pub(crate) async fn generate(&mut self, prompt: &str, wait_s: f64) -> Value {
        self.talk.call_ok("generate_video", json!({"prompt": prompt, "wait_seconds": wait_s})).await
    }

    /// The report of a job at rest; it may have failed.
    pub(crate) async fn rested(&mut self, job_id: &str) -> Value {
        let look = json!({"job_id": job_id, "wait_seconds": 60});
        let answer = self.talk.call("check_job", look).await;
        answer["result"]["structuredContent"].clone()
    }
}

/// As `kill -9`; comes back when the process is gone.
pub(crate) async fn kill(child: &mut Child) {
    // It may have ended by itself already.
    let _ended = child.start_kill();
    child.wait().await.unwrap();
}
