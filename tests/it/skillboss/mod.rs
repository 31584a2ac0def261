//! The SkillBoss client against canned replies: what it shares, and one module per part.

mod money;
mod secrets;
mod status;
mod submit;

use std::time::Duration;

use firstcut::config;
use firstcut::money::Usd;
use firstcut::net::backoff::Backoff;
use firstcut::redact::Secret;
use firstcut::skillboss::Client;
use firstcut::skillboss::inputs::Inputs;
use firstcut::skillboss::submit::{Mode, Submission, Work};
use firstcut::skillboss::timing::Timing;
use url::Url;

use crate::canned::Canned;

/// A wholesale job's id.
const HEX: &str = "c546520207fb4b68b0adce825f9dcf6d";
/// A clip with a signature.
const CLIP: &str = "https://media.example/clip.mp4?sig=CANARYSIGNATURE";

/// Settings with one key; a wholesale one when it says so.
fn settings(url: &Url, key: &str) -> config::SkillBoss {
    let key = Some(Secret::new(key));
    let wholesale = key.as_ref().is_some_and(|key| key.reveal().starts_with("sk-whole"));
    let (api_key, wholesale_key) = if wholesale { (None, key) } else { (key, None) };
    config::SkillBoss {
        api_key,
        wholesale_key,
        api_url: url.join("/v1").unwrap(),
        web_url: url.clone(),
        allow_loopback: true,
        receipt_key: None,
        key_file: "skillboss.key".into(),
    }
}

/// Patient enough for a machine that is busy; pauses are short.
fn timing() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        connect: ms(10_000),
        answer: ms(20_000),
        submit: ms(20_000),
        sync: ms(20_000),
        backoff: Backoff { first: ms(4), longest: ms(10), repeats: 3 },
        random: || 0.5,
        ..Timing::default()
    }
}

/// For tests that wait until patience ends; what is answered must still be in time on a machine that is busy.
fn hasty() -> Timing {
    Timing { answer: Duration::from_secs(2), submit: Duration::from_secs(2), ..timing() }
}

fn standard(server: &Canned) -> Client {
    Client::new(settings(&server.url, "sk-CANARYSTANDARD0123"), timing())
}

fn wholesale(server: &Canned) -> Client {
    Client::new(settings(&server.url, "sk-whole-CANARY0123"), timing())
}

fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

/// An ordinary clip.
fn clip() -> Submission {
    let inputs = Inputs {
        prompt: "A neon-lit alley".into(),
        duration_s: Some(8),
        aspect: Some("9:16".into()),
        ..Inputs::default()
    };
    Submission {
        model: "veo-3.1".into(),
        work: Work::Clip(inputs),
        mode: Mode::Async { webhook_url: None },
        idempotency_key: "job-1.1".into(),
        max_cost: usd("3.201"),
    }
}
