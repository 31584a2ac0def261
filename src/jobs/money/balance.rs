//! The balance of both services, and where more comes from.

use crate::app::{App, Current};
use crate::error::Result;
use crate::jobs::money::wallet;
use crate::jobs::rehearsal;
use crate::model::job::Service;
use crate::model::report::CreditsReport;
use crate::nemo::Client;

/// The balance.
pub async fn credits(app: &App) -> Result<CreditsReport> {
    let service = match app.current() {
        Some(Current::Session(service, _)) => service,
        _ => app.service(None)?,
    };
    let credits = credits_of(app, service).await;
    if !wallet::is_there(app) {
        let both = |report: CreditsReport| CreditsReport {
            message: format!("{} SkillBoss: no key is set, so it is not used.", report.message),
            ..report
        };
        return credits.map(both);
    }
    let mut report = match (credits, wallet::balance(app).await) {
        (Ok(report), Ok(found)) => with_wallet(report, found),
        // One of the two services may be away; what the other says is still worth knowing.
        (Ok(mut report), Err(error)) => {
            report.message.push_str(&format!(" SkillBoss: {}", error.message()));
            report
        }
        (Err(error), Ok(found)) => {
            // The credits stay unknown: none would be an answer, and a wrong one.
            let (service, next) = (found.service.clone(), found.next.clone());
            let mut report = with_wallet(CreditsReport { service, next, ..CreditsReport::default() }, found);
            report.message.push_str(&format!(" NemoVideo: {}", error.message()));
            report
        }
        (Err(error), Err(_)) => return Err(error),
    };
    report.message = report.message.trim().to_owned();
    Ok(report)
}

fn with_wallet(report: CreditsReport, found: wallet::Wallet) -> CreditsReport {
    // The mark of a rehearsal stands once.
    let about = found.message.trim_start_matches(rehearsal::mark(Service::Sandbox));
    let about = if report.message.is_empty() { found.message.as_str() } else { about };
    CreditsReport {
        message: format!("{} {about}", report.message),
        wallet_usd: found.balance_usd,
        spent_today_usd: Some(found.spent_today_usd),
        spent_this_week_usd: Some(found.spent_this_week_usd),
        ..report
    }
}

/// The credits at this service.
pub async fn credits_of(app: &App, service: Service) -> Result<CreditsReport> {
    let client = app.client(service).await?;
    let credits = client.credits().await?;
    let low = credits.available < crate::jobs::turn::WORST_CASE_CREDITS;
    let top_up = if low { Some(top_up(app, &client).await?) } else { None };
    Ok(CreditsReport {
        service: service.name().to_owned(),
        message: format!(
            "{}{} credits can be spent, {} are reserved by running work. A generated clip costs about 100, an \
             editing session about 50, exporting nothing.",
            rehearsal::mark(service),
            credits.available,
            credits.frozen
        ),
        available: Some(credits.available),
        frozen: Some(credits.frozen),
        total: Some(credits.total),
        next: match &top_up {
            Some(hint) => hint.clone(),
            None => "Call generate_video to make a video.".to_owned(),
        },
        top_up,
        ..CreditsReport::default()
    })
}

/// Where more credits come from (NemoVideo skill, code 2001).
async fn top_up(app: &App, client: &Client) -> Result<String> {
    let account = client.connect().await?;
    Ok(if account.is_anonymous() {
        format!("Register at {} to get more credits.", account.register_url(&app.config().nemo.web_url))
    } else {
        "Top up credits in your account.".to_owned()
    })
}
