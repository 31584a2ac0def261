//! Telling a webhook: real calls, to this machine only, with whatever goes wrong.

mod body;
mod target;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::SkillBoss;
use super::options::Form;
use super::rows::{Delivery, Job, State};
use super::sign::hmac;
use crate::sandbox::faults::Fault;
use crate::sandbox::loopback::on_this_machine;
use crate::sandbox::store::hex;

/// How long a webhook may wait for another one to be sent before it.
const TURN_MS: u64 = 5000;

/// How a body is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signed {
    Rightly,
    Wrongly,
    Not,
}

/// Tells the end of a job to its webhook, and notes that it is told.
pub(super) async fn tell(boss: &Arc<SkillBoss>, id: &str) -> io::Result<()> {
    let Some(job) = boss.jobs.get(id).filter(|job| !job.told) else { return Ok(()) };
    let mut times = 1;
    for fault in &job.troubles {
        match fault {
            Fault::WebhookLost => times = 0,
            Fault::WebhookTwice => times = 2,
            Fault::WebhookLate { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
            Fault::WebhookReordered => {
                let turn = boss.webhook_sent.notified();
                // Nobody came: then it goes first.
                let _ = tokio::time::timeout(Duration::from_millis(TURN_MS), turn).await;
            }
            _ => {}
        }
    }
    if matches!(job.state, State::Completed | State::Failed) {
        for _ in 0..times {
            attempts(boss, &job).await?;
        }
    }
    boss.jobs.change(id, |job| job.told = true)?;
    Ok(())
}

/// A stranger says that the job is done.
pub(super) async fn forge(boss: &Arc<SkillBoss>, job: &Job) -> io::Result<()> {
    if job.webhook_url.is_some() {
        send(boss, job, body::forged(job), Signed::Wrongly, true).await?;
    }
    Ok(())
}

/// Sends until the receiver says yes, as often as the form allows.
async fn attempts(boss: &Arc<SkillBoss>, job: &Job) -> io::Result<()> {
    let retries = match job.form {
        Form::Wholesale => 1,
        Form::Standard => boss.options.webhooks.standard_retries,
    };
    let signed = if job.has(&Fault::WebhookUnsigned) {
        Signed::Not
    } else if job.has(&Fault::WebhookBadSignature) {
        Signed::Wrongly
    } else {
        Signed::Rightly
    };
    for attempt in 0..=retries {
        if attempt > 0 {
            tokio::time::sleep(boss.pace.of_ms(boss.options.webhooks.retry_ms)).await;
        }
        if send(boss, job, boss.notice(job), signed, false).await? {
            break;
        }
    }
    Ok(())
}

/// One call; whether the receiver took it.
async fn send(
    boss: &Arc<SkillBoss>,
    job: &Job,
    body: Value,
    signed: Signed,
    forged: bool,
) -> io::Result<bool> {
    let url = job.webhook_url.as_deref().unwrap_or_default();
    let text = body.to_string();
    let at_ms = boss.clock.now_ms();
    let answer = if url::Url::parse(url).is_ok_and(|url| on_this_machine(&url)) {
        let mut call = boss
            .http
            .post(url)
            .timeout(Duration::from_millis(boss.options.webhooks.timeout_ms))
            .header("content-type", "application/json")
            .header("user-agent", "firstcut-sandbox")
            .header("x-firstcut-sandbox", "1");
        for (name, value) in boss.signed(job, &text, at_ms, signed) {
            call = call.header(name, value);
        }
        call.body(text).send().await.map(|answer| answer.status().as_u16()).map_err(|error| error.to_string())
    } else {
        Err("not sent: the sandbox calls this machine only".to_owned())
    };
    let taken = answer.as_ref().is_ok_and(|status| (200..300).contains(status));
    let (status, error) = match answer {
        Ok(status) => (Some(status), None),
        Err(error) => (None, Some(error)),
    };
    let delivery = Delivery { at_ms, forged, body, status, error };
    boss.jobs.change(&job.id, |job| job.deliveries.push(delivery))?;
    if !forged {
        boss.webhook_sent.notify_waiters();
    }
    Ok(taken)
}

impl SkillBoss {
    /// The headers of the Standard Webhooks specification, and a plain one where it is asked for.
    fn signed(&self, job: &Job, body: &str, at_ms: i64, signed: Signed) -> Vec<(String, String)> {
        let Some(secret) = self.options.webhooks.secret.as_deref().filter(|_| signed != Signed::Not) else {
            return Vec::new();
        };
        let text = secret.strip_prefix("whsec_").unwrap_or(secret);
        let mut key = STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec());
        if signed == Signed::Wrongly {
            key.reverse();
            key.push(0x55);
        }
        let (id, at_s) = (format!("msg_{}", job.id), at_ms.div_euclid(1000));
        let standard = STANDARD.encode(hmac(&key, format!("{id}.{at_s}.{body}").as_bytes()));
        let mut headers = vec![
            ("webhook-id".to_owned(), id),
            ("webhook-timestamp".to_owned(), at_s.to_string()),
            ("webhook-signature".to_owned(), format!("v1,{standard}")),
        ];
        if let Some(name) = &self.options.webhooks.hmac_header {
            headers.push((name.clone(), hex(&hmac(&key, body.as_bytes()))));
        }
        headers
    }
}
