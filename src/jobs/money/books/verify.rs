//! Receipts: the service looks at each, and what they say is compared with the books.

use super::Books;
use crate::app::App;
use crate::error::Result;
use crate::redact;
use crate::skillboss::receipt::Verdict;

/// Has the service look at every receipt, and compares what they say with what was booked.
///
/// # Errors
/// `Unavailable` while the service cannot verify; what was looked at so far stays in the books.
pub async fn verify(app: &App, books: &mut Books) -> Result<()> {
    let mut wrong = 0;
    let mut looked_at = 0;
    for entry in books.entries.iter_mut().filter(|entry| !entry.receipt.is_empty()) {
        let client = app.skillboss(entry.service.parse()?).await?;
        let differs = match client.verify_receipt(&entry.receipt).await? {
            Verdict::Invalid { reason } => Some(format!("not genuine: {}", redact::quotation(&reason))),
            Verdict::Valid(claims) => {
                let cost = claims.cost.filter(|cost| Some(*cost) != entry.charged_usd);
                let model = claims.model.filter(|model| !model.ends_with(entry.model.as_str()));
                let seconds = claims.seconds.filter(|seconds| {
                    entry.duration_s.is_some_and(|asked| (seconds - f64::from(asked)).abs() > 0.5)
                });
                let said: Vec<String> = cost
                    .map(|cost| format!("says {cost}"))
                    .into_iter()
                    .chain(model.map(|model| format!("names the model {}", redact::quotation(&model))))
                    .chain(seconds.map(|seconds| format!("says {seconds} s")))
                    .collect();
                (!said.is_empty()).then(|| format!("genuine, but {}", said.join(", ")))
            }
        };
        looked_at += 1;
        wrong += u32::from(differs.is_some());
        entry.receipt_check = differs.unwrap_or_else(|| "genuine".to_owned());
    }
    books.message.push_str(&match (looked_at, wrong) {
        (0, _) => " No call came with a receipt.".to_owned(),
        (all, 0) => format!(" All {all} receipts are genuine and agree with the books."),
        (all, wrong) => format!(" ⚠️ {wrong} of {all} receipts do not agree with the books."),
    });
    Ok(())
}
