//! The link by which a person opens a session in a browser.

use crate::app::App;
use crate::error::Result;
use crate::jobs::session::Chosen;
use crate::model::job::Service;
use crate::model::report::SessionReport;

/// Asks the service for a link and tells it. Whoever holds the link can open the project, so this is the one place
/// where an address is shown with its token, and only because somebody asked for exactly that.
pub(super) async fn add_link(app: &App, chosen: &Chosen, report: &mut SessionReport) -> Result<()> {
    if chosen.service == Service::Sandbox {
        report.message.push_str(" The sandbox has no page to open in a browser.");
        return Ok(());
    }
    let row = app.ledger().await?.session(chosen.service, &chosen.session_id).await?;
    let link = match row.and_then(|row| row.task_id) {
        Some(task_id) => app.client(chosen.service).await?.claim_link(&task_id, &chosen.session_id).await?,
        None => {
            report.message.push_str(" Only the home that began this session can make a link to it.");
            return Ok(());
        }
    };
    match link {
        Some(link) => report.browser_link = Some(link.reveal().to_string()),
        None => report.message.push_str(" This service makes no links for a browser."),
    }
    Ok(())
}
