//! The error table: what each refusal means to the reader, and what to do next (SkillBoss wholesale API page, Errors).

use crate::error::{Error, Kind, Money};
use crate::money::Usd;
use crate::net::http::{Failure, Sent};
use crate::skillboss::refusal::{Meaning, Refusal};

/// What was attempted when the service refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempted<'a> {
    /// The end of "SkillBoss did not …": "read the balance".
    pub(super) what: &'a str,
    /// The model that was asked for.
    pub(super) model: Option<&'a str>,
    /// The cap that was sent.
    pub(super) cap: Option<Usd>,
    /// The key is a wholesale key.
    pub(super) wholesale: bool,
    /// The host that was asked.
    pub(super) host: &'a str,
    /// When we cannot tell whether it had an effect, that must be said.
    pub(super) costly: bool,
}

/// Turns a refusal into what the reader needs. It says that nothing was spent; who knows better corrects it.
pub(super) fn explain(refusal: &Refusal, tried: &Attempted<'_>) -> Error {
    let what = tried.what;
    let model = tried.model.unwrap_or("the model");
    let required = refusal.required.map(|usd| format!(" ({usd})")).unwrap_or_default();
    let error = match refusal.meaning {
        Meaning::BadRequest => Error::invalid(format!("SkillBoss refused to {what}: the request does not suit it."))
            .next("Change the values that its words name; they were not checked here, or it knows better."),
        Meaning::TooLarge => Error::new(Kind::FileTooLarge, "The pictures are too large for SkillBoss.")
            .next("Make them smaller and try again."),
        Meaning::Auth => unauthorized(tried),
        Meaning::Funds => Error::new(Kind::OutOfCredits, format!("The SkillBoss balance is too low{required}."))
            .next("Top up the wallet at SkillBoss, then try again."),
        Meaning::CostCap => {
            let cap = tried.cap.map(|cap| format!(" of ${}", cap.to_header())).unwrap_or_default();
            Error::new(Kind::OverBudget, format!("SkillBoss would charge more{required} than the cap{cap} for this call."))
                .next("Raise the cap for this call, or ask for a shorter or smaller clip or a cheaper model.")
        }
        Meaning::Budget => {
            Error::new(Kind::OverBudget, "A budget or rule of the SkillBoss account stops this.")
                .next("Wait until its period is over, or raise it at SkillBoss (firstcut wallet shows the rules).")
        }
        Meaning::PaymentQuote => Error::new(
            Kind::Unauthorized,
            format!("SkillBoss at {} sees no key and quotes a price for strangers{required}; firstcut never pays that way.", tried.host),
        )
        .next(format!("Check {}.", key_name(tried))),
        Meaning::Forbidden => {
            Error::new(Kind::Unauthorized, format!("The SkillBoss key does not have the right to {what}."))
                .next(format!("Use a key that has it in {}.", key_name(tried)))
        }
        Meaning::NotFound => Error::new(Kind::NotFound, format!("SkillBoss knows nothing of it; it was to {what}."))
            .next("Check the id; results are kept for 7 days. If nothing works, check SKILLBOSS_API_URL."),
        Meaning::ModelGone => {
            Error::new(Kind::ModelRetired, format!("SkillBoss does not offer {model}, or no longer."))
                .next("Choose another model.")
        }
        Meaning::Conflict => Error::new(Kind::Unavailable, format!("SkillBoss cannot {what} in the present state."))
            .next("Look at the state first."),
        Meaning::TrialClaimed => Error::new(Kind::RateLimited, "A trial wallet was already given to this network address today.")
            .next("Use the key that you got then, come back tomorrow, or get an account at SkillBoss."),
        Meaning::RateLimited => Error::new(Kind::RateLimited, format!("SkillBoss asks us to slow down; it did not {what}."))
            .next("Wait a little and call again."),
        Meaning::Server => Error::new(Kind::Unavailable, format!("SkillBoss has a passing fault; it did not {what}."))
            .next("Try again in a few minutes."),
        Meaning::Capacity => {
            Error::new(Kind::AtCapacity, format!("SkillBoss has no room for {model} just now."))
                .next("Try again later, or allow the standard tier for its own price.")
        }
        Meaning::Redirect => Error::new(Kind::Config, format!("{} sends us elsewhere, which we do not follow.", tried.host))
            .next("Set SKILLBOSS_API_URL to the base address of the API."),
        Meaning::Foreign => Error::new(Kind::Protocol, format!("What {} answered is not SkillBoss; it was to {what}.", tried.host))
            .next("Check the network (a login page of a hotel?) and SKILLBOSS_API_URL."),
    };
    let error = error.quoting(&refusal.words);
    match refusal.wait_s.filter(|_| waiting_helps(refusal.meaning)) {
        Some(seconds) => error.retry_after_s(seconds),
        None => error,
    }
}

fn waiting_helps(meaning: Meaning) -> bool {
    matches!(
        meaning,
        Meaning::RateLimited | Meaning::Server | Meaning::Capacity | Meaning::TrialClaimed | Meaning::Budget
    )
}

/// The request failed on its way.
pub(super) fn lost(failure: &Failure, tried: &Attempted<'_>) -> Error {
    let what = tried.what;
    let error = match failure.sent {
        Sent::No => Error::new(Kind::Unavailable, format!("SkillBoss cannot be reached: {}.", failure.what))
            .next("Check the network connection and SKILLBOSS_API_URL, then try again."),
        Sent::Perhaps if tried.costly => uncertain(tried, failure.what),
        Sent::Perhaps => {
            Error::new(Kind::Unavailable, format!("SkillBoss did not {what}: {}.", failure.what))
                .next("Try again in a few minutes.")
        }
    };
    match &failure.source {
        Some(source) => error.because(std::sync::Arc::clone(source)),
        None => error,
    }
}

/// Nobody can tell whether a paid request had an effect.
pub(super) fn uncertain(tried: &Attempted<'_>, why: &str) -> Error {
    let what = tried.what;
    Error::new(Kind::Uncertain, format!("The request to {what} may or may not have taken effect: {why}."))
        .next("Look at the jobs in the SkillBoss dashboard before it is repeated.")
}

/// A required field is missing from a successful answer.
pub(super) fn without(what: &str) -> Error {
    Error::new(Kind::Protocol, format!("SkillBoss answered without {what}.")).next(
        "Check SKILLBOSS_API_URL and SKILLBOSS_WEB_URL, and whether a newer version of firstcut exists.",
    )
}

/// There is no key.
pub(super) fn no_key() -> Error {
    Error::new(Kind::Unauthorized, "There is no SkillBoss key.").next(
        "Set SKILLBOSS_API_KEY or SKILLBOSS_WHOLESALE_KEY. A trial key with $0.50 is to be had by: firstcut wallet trial",
    )
}

/// The key is wrong, or is one for the other host.
fn unauthorized(tried: &Attempted<'_>) -> Error {
    let (kind, other) = if tried.wholesale {
        ("wholesale key", "A standard key goes into SKILLBOSS_API_KEY.")
    } else {
        (
            "standard key",
            "A wholesale key goes into SKILLBOSS_WHOLESALE_KEY; wholesale services refuse standard keys.",
        )
    };
    Error::new(
        Kind::Unauthorized,
        format!("SkillBoss at {} does not accept the {kind} in {}.", tried.host, key_name(tried)),
    )
    .next(format!("Check the key. {other}"))
}

fn key_name(tried: &Attempted<'_>) -> &'static str {
    if tried.wholesale { "SKILLBOSS_WHOLESALE_KEY" } else { "SKILLBOSS_API_KEY" }
}

/// The words in which a job failed, as an error. `charged` is what is known of the money.
pub(super) fn job_failed(words: &str, charged: Money) -> Error {
    let lower = words.to_ascii_lowercase();
    let funds = ["insufficient", "balance", "out of credit", "not enough credit"]
        .iter()
        .any(|part| lower.contains(part));
    let gone = lower.contains("model")
        && ["not found", "no longer", "retired", "deprecated"].iter().any(|part| lower.contains(part));
    let error = if funds {
        Error::new(
            Kind::OutOfCredits,
            "SkillBoss took the work and then had too little money in the wallet for it.",
        )
        .next("Top up the wallet at SkillBoss before anything else is sent.")
    } else if gone {
        Error::new(Kind::ModelRetired, "SkillBoss took the work, but the model behind it is gone.")
            .next("Choose another model.")
    } else {
        Error::new(Kind::Declined, "SkillBoss took the work and failed it.")
            .next("Change the prompt if the words name it, or try again later or with another model.")
    };
    error.money(charged).quoting(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_meaning_has_a_reaction() {
        for (meaning, kind, hint) in [
            (Meaning::BadRequest, Kind::InvalidInput, "Change the values"),
            (Meaning::TooLarge, Kind::FileTooLarge, "smaller"),
            (Meaning::Auth, Kind::Unauthorized, "SKILLBOSS_WHOLESALE_KEY"),
            (Meaning::Funds, Kind::OutOfCredits, "Top up"),
            (Meaning::CostCap, Kind::OverBudget, "Raise the cap"),
            (Meaning::Budget, Kind::OverBudget, "firstcut wallet"),
            (Meaning::PaymentQuote, Kind::Unauthorized, "SKILLBOSS_API_KEY"),
            (Meaning::Forbidden, Kind::Unauthorized, "SKILLBOSS_API_KEY"),
            (Meaning::NotFound, Kind::NotFound, "7 days"),
            (Meaning::ModelGone, Kind::ModelRetired, "another model"),
            (Meaning::Conflict, Kind::Unavailable, "state"),
            (Meaning::TrialClaimed, Kind::RateLimited, "tomorrow"),
            (Meaning::RateLimited, Kind::RateLimited, "Wait"),
            (Meaning::Server, Kind::Unavailable, "few minutes"),
            (Meaning::Capacity, Kind::AtCapacity, "standard tier"),
            (Meaning::Redirect, Kind::Config, "SKILLBOSS_API_URL"),
            (Meaning::Foreign, Kind::Protocol, "SKILLBOSS_API_URL"),
        ] {
            let refusal = Refusal {
                http: 400,
                meaning,
                words: "their words sk-0123456789".into(),
                wait_s: Some(7),
                required: None,
                is_own: true,
                is_inside_success: false,
                names_request: false,
                names_job: false,
            };
            let tried = Attempted {
                what: "make the clip",
                model: Some("veo-3.1-lite"),
                cap: Some(Usd::from_cents(100)),
                wholesale: false,
                host: "api.example",
                costly: true,
            };
            let error = explain(&refusal, &tried);
            assert_eq!(error.kind(), kind, "{meaning:?}");
            assert!(error.next_step().unwrap().contains(hint), "{meaning:?}: {error:?}");
            assert_eq!(error.quoted(), Some("their words sk-…"));
            assert_eq!(error.wait_s(), waiting_helps(meaning).then_some(7), "{meaning:?}");
            assert_eq!(error.spent(), Money::NotSpent);
        }
    }

    #[test]
    fn why_a_job_failed() {
        for (words, kind) in [
            ("insufficient balance", Kind::OutOfCredits),
            ("vendor rejected the prompt", Kind::Declined),
            ("model veo-3.1 not found", Kind::ModelRetired),
            ("", Kind::Declined),
        ] {
            let error = job_failed(words, Money::NotSpent);
            assert_eq!((error.kind(), error.spent()), (kind, Money::NotSpent), "{words}");
        }
    }
}
