//! The error table: what each refusal means, whether money moved, and what to do next (NemoVideo skill, Error Handling).

use url::Url;

use crate::error::{Error, Kind, Money};
use crate::nemo::account::Account;
use crate::nemo::wire::Refusal;
use crate::net::http::{Failure, Sent};

/// What NemoVideo accepts (NemoVideo skill, Cloud Render Pipeline Details).
pub const FORMATS: &str = "mp4, mov, avi, webm, mkv, jpg, png, gif, webp, mp3, wav, m4a, aac";

/// What was attempted when the service refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempted<'a> {
    /// The end of "NemoVideo did not …": "read the credits".
    pub(super) what: &'a str,
    /// The path names a session, so that "not found" means this one.
    pub(super) session: Option<&'a str>,
    /// The path names a render, so that "not found" means this one.
    pub(super) render: Option<&'a str>,
    /// When we cannot tell whether it had an effect, that must be said.
    pub(super) costly: bool,
    /// It costs credits, so that even an odd refusal does not prove that it had no effect.
    pub(super) paid: bool,
    /// Who we are.
    pub(super) account: &'a Account,
    /// The account changed since this process began: older sessions belong to another one.
    pub(super) account_changed: bool,
    /// Base of links for people.
    pub(super) web_url: &'a Url,
}

/// The kind that belongs to a code of the table; a status that is not in it gives nothing.
pub(super) fn kind_of_code(code: i64) -> Option<Kind> {
    Some(match code {
        1001 | 1010 | 1011 | 401 => Kind::Unauthorized,
        1002 => Kind::SessionLost,
        2001 => Kind::OutOfCredits,
        4001 | 415 => Kind::UnsupportedFile,
        4002 | 413 => Kind::FileTooLarge,
        402 => Kind::PlanRequired,
        429 => Kind::RateLimited,
        _ => return None,
    })
}

/// The token was refused: a new one may help.
pub(super) fn is_auth(refusal: &Refusal) -> bool {
    kind_of_code(refusal.code()) == Some(Kind::Unauthorized)
}

/// The service asks for a pause.
pub(super) fn is_rate_limit(refusal: &Refusal) -> bool {
    refusal.code() == 429
}

/// A passing fault: a read may be repeated.
pub(super) fn is_passing(refusal: &Refusal) -> bool {
    refusal.code.is_none() && (refusal.http == 408 || refusal.http >= 500)
}

/// The render id is taken.
pub(super) fn is_duplicate(refusal: &Refusal) -> bool {
    let words = refusal.words.to_ascii_lowercase();
    refusal.code() == 409 || words.contains("duplicate") || words.contains("already exists")
}

/// Turns a refusal into what the reader needs.
pub(super) fn explain(refusal: &Refusal, tried: &Attempted<'_>) -> Error {
    let kind = kind_of_code(refusal.code()).unwrap_or_else(|| other_kind(refusal, tried));
    let what = tried.what;
    let error = match kind {
        Kind::Unauthorized => unauthorized(tried.account),
        Kind::SessionLost => session_lost(tried),
        Kind::OutOfCredits => out_of_credits(tried.account, tried.web_url, &refusal.words),
        Kind::PlanRequired => plan_required(tried.account, tried.web_url),
        Kind::UnsupportedFile => Error::new(kind, "NemoVideo does not take this kind of file.").next(
            format!("Use one of its formats: {FORMATS}. A text prompt is sent as a message, not as a file."),
        ),
        Kind::FileTooLarge => Error::new(kind, "The file is too large for NemoVideo (200 MB).")
            .next("Compress it or trim it, then upload it again."),
        Kind::RateLimited => Error::new(kind, format!("NemoVideo asks us to slow down; it did not {what}."))
            .next("Wait a minute and call again.")
            .retry_after_s(60),
        Kind::NotFound => {
            let render = tried.render.unwrap_or_default();
            Error::new(kind, format!("NemoVideo knows no render {render}."))
                .next("Export again; exports are free.")
        }
        Kind::Forbidden => {
            Error::new(Kind::Unauthorized, format!("The token does not have the right to {what}."))
                .next("Use a token with the scopes read, write, upload and render in NEMO_TOKEN.")
        }
        Kind::Config => redirected(refusal),
        Kind::Unavailable if refusal.http == 409 => {
            Error::new(kind, "The session is busy with another message.")
                .next("Wait until the running job is done, then send this again.")
        }
        Kind::Unavailable => Error::new(kind, format!("NemoVideo has a passing fault; it did not {what}."))
            .next("Try again in a few minutes."),
        Kind::Uncertain => {
            Error::new(kind, format!("NemoVideo failed while it was to {what}; it may have happened."))
                .next("Look at the session state before you repeat it.")
        }
        Kind::Protocol => {
            Error::new(kind, format!("NemoVideo's answer cannot be understood; it was to {what}."))
                .next("Check NEMO_API_URL, and whether a newer version of firstcut exists.")
        }
        kind => Error::new(kind, format!("NemoVideo refused to {what}.")),
    };
    error.quoting(&refusal.words)
}

/// Refusals outside the table, by their status.
fn other_kind(refusal: &Refusal, tried: &Attempted<'_>) -> Kind {
    match refusal.http {
        300..400 => Kind::Config,
        403 => Kind::Forbidden,
        404 if tried.render.is_some() => Kind::NotFound,
        404 if tried.session.is_some() => Kind::SessionLost,
        404 => Kind::Config,
        409 => Kind::Unavailable,
        408 | 500.. if tried.costly => Kind::Uncertain,
        408 | 500.. => Kind::Unavailable,
        400 | 422 => Kind::Protocol,
        _ if tried.render.is_some() && refusal.words.to_ascii_lowercase().contains("not found") => {
            Kind::NotFound
        }
        // "Success" that is none: only the state can tell what it did.
        _ if refusal.http < 300 && (tried.paid || (tried.costly && refusal.foreign)) => Kind::Uncertain,
        _ if refusal.foreign => Kind::Protocol,
        _ => Kind::Declined,
    }
}

/// A failure that was told inside a stream, after which the state must be read. The service's words stay out: they may
/// hold paths and process numbers.
pub(super) fn failed_inside(kind: Option<Kind>, tried: &Attempted<'_>) -> Error {
    let error = match kind {
        Some(Kind::OutOfCredits) => out_of_credits(tried.account, tried.web_url, ""),
        Some(Kind::SessionLost) => session_lost(tried),
        Some(Kind::Unauthorized) => unauthorized(tried.account),
        _ => Error::new(Kind::Declined, "NemoVideo failed while it worked on the message.")
            .next("Look at what the session shows now, then ask again, perhaps in other words."),
    };
    error.money(Money::Unknown)
}

/// The request failed on its way.
pub(super) fn lost(failure: &Failure, tried: &Attempted<'_>) -> Error {
    let what = tried.what;
    let error = match failure.sent {
        Sent::No => Error::new(Kind::Unavailable, format!("NemoVideo cannot be reached: {}.", failure.what))
            .next("Check the network connection and NEMO_API_URL, then try again."),
        Sent::Perhaps if tried.costly => Error::new(
            Kind::Uncertain,
            format!("The request to {what} may or may not have arrived: {}.", failure.what),
        )
        .next("Look at the session state before you repeat it."),
        Sent::Perhaps => {
            Error::new(Kind::Unavailable, format!("NemoVideo did not {what}: {}.", failure.what))
                .next("Try again in a few minutes.")
        }
    };
    match &failure.source {
        Some(source) => error.because(std::sync::Arc::clone(source)),
        None => error,
    }
}

/// The token does not work any more.
pub(super) fn unauthorized(account: &Account) -> Error {
    if account.own_token {
        Error::new(Kind::Unauthorized, "NemoVideo does not accept the token in NEMO_TOKEN: it is wrong or has expired (tokens live 7 days).")
            .next("Put a fresh token into NEMO_TOKEN. Or remove it to use a free anonymous account, which has other credits and other sessions.")
    } else {
        Error::new(Kind::Unauthorized, "NemoVideo does not accept the anonymous token, not even a new one.")
            .next("Try again later, or put a token of your own into NEMO_TOKEN.")
    }
}

fn session_lost(tried: &Attempted<'_>) -> Error {
    let which = tried.session.map(|id| format!(" {id}")).unwrap_or_default();
    let why = if tried.account_changed {
        " The token had expired and NemoVideo gave us a new account."
    } else {
        ""
    };
    Error::new(
        Kind::SessionLost,
        format!("NemoVideo no longer knows the session{which}; its timeline is gone.{why}"),
    )
    .next("Start a new session, upload the files again and describe the video once more.")
}

/// No credits: who can register does, who is registered tops up (code 2001).
pub(super) fn out_of_credits(account: &Account, web_url: &Url, words: &str) -> Error {
    let error = Error::new(Kind::OutOfCredits, "The NemoVideo account has too few credits.");
    if account.is_anonymous() {
        let link = offered_link(words, web_url).unwrap_or_else(|| account.register_url(web_url));
        error.next(format!("Register to keep your projects and get more credits: {link}"))
    } else {
        error.next("Top up credits in your account.")
    }
}

/// The subscription does not include exports (402): a matter of the plan, not of credits.
fn plan_required(account: &Account, web_url: &Url) -> Error {
    let link =
        if account.is_anonymous() { format!(" {}", account.register_url(web_url)) } else { String::new() };
    Error::new(
        Kind::PlanRequired,
        "The NemoVideo plan does not include exports. This is about the plan, not about credits.",
    )
    .next(format!("Register or upgrade your plan to unlock export.{link}"))
    .money(Money::NotSpent)
}

fn redirected(refusal: &Refusal) -> Error {
    let what =
        if refusal.http == 404 { "has no such route" } else { "sends us elsewhere, which we do not follow" };
    Error::new(Kind::Config, format!("The address in NEMO_API_URL {what}."))
        .next("Set NEMO_API_URL to the base address of the NemoVideo API, without a path.")
}

/// A registration link in the service's words is better than ours, if it leads to the service.
fn offered_link(words: &str, web_url: &Url) -> Option<Url> {
    let start = words.find("https://")?;
    let link = words.get(start..)?.split(|c: char| c.is_whitespace() || "\"'<>)]，。".contains(c)).next()?;
    let link = Url::parse(link.trim_end_matches(['.', ',', ';', '!'])).ok()?;
    let home = web_url.host_str()?;
    let host = link.host_str()?;
    let ours = host == home || host.strip_suffix(home).is_some_and(|sub| sub.ends_with('.'));
    (ours && link.username().is_empty() && link.password().is_none()).then_some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(own_token: bool, user_id: Option<&str>) -> Account {
        Account { own_token, user_id: user_id.map(ToOwned::to_owned) }
    }

    fn explained(http: u16, code: Option<i64>, words: &str, costly: bool) -> Error {
        let (account, web_url) =
            (account(false, Some("anon_a b")), Url::parse("https://nemovideo.com").unwrap());
        let refusal = Refusal { http, code, words: words.into(), foreign: false };
        let tried = Attempted {
            what: "answer the message",
            session: Some("55"),
            render: None,
            costly,
            paid: costly,
            account: &account,
            account_changed: false,
            web_url: &web_url,
        };
        explain(&refusal, &tried)
    }

    #[test]
    fn every_row_of_the_table() {
        for (http, code, kind, costly_kind, hint) in [
            (200, Some(1001), Kind::Unauthorized, Kind::Unauthorized, "NEMO_TOKEN"),
            (401, None, Kind::Unauthorized, Kind::Unauthorized, "NEMO_TOKEN"),
            (200, Some(1010), Kind::Unauthorized, Kind::Unauthorized, "NEMO_TOKEN"),
            (200, Some(1011), Kind::Unauthorized, Kind::Unauthorized, "NEMO_TOKEN"),
            (200, Some(1002), Kind::SessionLost, Kind::SessionLost, "new session"),
            (404, None, Kind::SessionLost, Kind::SessionLost, "new session"),
            (
                200,
                Some(2001),
                Kind::OutOfCredits,
                Kind::OutOfCredits,
                "https://nemovideo.com/register?bind=anon_a+b",
            ),
            (500, Some(2001), Kind::OutOfCredits, Kind::OutOfCredits, "register"),
            (200, Some(4001), Kind::UnsupportedFile, Kind::UnsupportedFile, "mp4, mov"),
            (415, None, Kind::UnsupportedFile, Kind::UnsupportedFile, "mp4, mov"),
            (200, Some(4002), Kind::FileTooLarge, Kind::FileTooLarge, "trim"),
            (413, None, Kind::FileTooLarge, Kind::FileTooLarge, "Compress"),
            (
                402,
                None,
                Kind::PlanRequired,
                Kind::PlanRequired,
                "Register or upgrade your plan to unlock export.",
            ),
            (200, Some(402), Kind::PlanRequired, Kind::PlanRequired, "upgrade"),
            (429, None, Kind::RateLimited, Kind::RateLimited, "Wait"),
            (403, None, Kind::Unauthorized, Kind::Unauthorized, "scopes"),
            (400, None, Kind::Protocol, Kind::Protocol, "NEMO_API_URL"),
            (422, None, Kind::Protocol, Kind::Protocol, "newer version"),
            (409, None, Kind::Unavailable, Kind::Unavailable, "running job"),
            (301, None, Kind::Config, Kind::Config, "NEMO_API_URL"),
            (408, None, Kind::Unavailable, Kind::Uncertain, ""),
            (500, None, Kind::Unavailable, Kind::Uncertain, ""),
            (503, None, Kind::Unavailable, Kind::Uncertain, ""),
            (200, Some(7777), Kind::Declined, Kind::Uncertain, ""),
            (418, Some(7777), Kind::Declined, Kind::Declined, ""),
        ] {
            for (costly, kind) in [(false, kind), (true, costly_kind)] {
                let error = explained(http, code, "their words", costly);
                assert_eq!(error.kind(), kind, "{http} {code:?} costly {costly}");
                let next = error.next_step().unwrap_or_default();
                assert!(next.contains(hint), "{http} {code:?}: {next}");
                assert_eq!(error.quoted(), Some("their words"));
                assert!(!error.message().contains("their words"));
                assert_eq!(error.spent() == Money::Unknown, kind == Kind::Uncertain);
            }
        }
    }

    #[test]
    fn a_link_of_the_service_is_preferred_if_it_is_one() {
        for (words, expected) in [
            (
                "Register at https://nemovideo.com/register?bind=anon_9&x=1.",
                "https://nemovideo.com/register?bind=anon_9&x=1",
            ),
            ("see https://app.nemovideo.com/r", "https://app.nemovideo.com/r"),
            ("see https://evilnemovideo.com/r", "https://nemovideo.com/register?bind=anon_a+b"),
            ("see https://nemovideo.com@evil.example/r", "https://nemovideo.com/register?bind=anon_a+b"),
            ("", "https://nemovideo.com/register?bind=anon_a+b"),
        ] {
            let next = explained(200, Some(2001), words, false).next_step().unwrap().to_owned();
            assert!(next.ends_with(expected), "{words}: {next}");
        }
        let web_url = Url::parse("https://nemovideo.com").unwrap();
        let registered = out_of_credits(&account(true, None), &web_url, "");
        assert_eq!(registered.next_step(), Some("Top up credits in your account."));
    }
}
