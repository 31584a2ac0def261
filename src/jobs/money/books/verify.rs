//! Receipts: what they say is compared with the books, and on request the service looks at each.

use super::{Books, Entry};
use crate::app::App;
use crate::error::Result;
use crate::redact;
use crate::skillboss::receipt::{Claims, Signature, Verdict};

/// Has the service look at every receipt, and compares what they say with what was booked. Where it stops answering, what
/// it said so far stays, and the rest is told.
///
/// # Errors
/// `Config` or `Ledger`; an answer that fails to come is no error.
pub async fn verify(app: &App, books: &mut Books) -> Result<()> {
    let (mut wrong, mut looked_at, mut away) = (0, 0, None);
    let mut rest = 0;
    for entry in books.entries.iter_mut().filter(|entry| !entry.receipt.is_empty()) {
        if away.is_some() {
            rest += 1;
            continue;
        }
        let client = app.skillboss(entry.service.parse()?).await?;
        let said = match client.verify_receipt(&entry.receipt).await {
            Ok(Verdict::Invalid { reason }) => format!("not genuine: {}", redact::quotation(&reason)),
            Ok(Verdict::Valid(claims)) => compared(&claims, entry),
            Err(error) => {
                away = Some(error);
                rest += 1;
                continue;
            }
        };
        looked_at += 1;
        // What our own key refused is not mended by a word.
        let here = entry.receipt_check.starts_with(REFUSED).then(|| entry.receipt_check.clone());
        wrong += u32::from(said != Signature::GENUINE || here.is_some());
        entry.receipt_check = match here {
            Some(here) => format!("{here} (by the key here); the service says: {said}"),
            None => said,
        };
    }
    books.message.push_str(&match (looked_at, wrong) {
        (0, _) if rest > 0 => String::new(),
        (0, _) => " No call came with a receipt.".to_owned(),
        (1, 0) => " The one receipt is genuine and agrees with the books.".to_owned(),
        (all, 0) => format!(" All {all} receipts are genuine and agree with the books."),
        (1, _) => " ⚠️ The one receipt does not agree with the books.".to_owned(),
        (all, 1) => format!(" ⚠️ 1 of {all} receipts does not agree with the books."),
        (all, wrong) => format!(" ⚠️ {wrong} of {all} receipts do not agree with the books."),
    });
    if let Some(error) = away {
        books.message.push_str(&format!(
            " ⚠️ {rest} more {} not looked at, because the service gave no verdict: {} Try again later.",
            if rest == 1 { "was" } else { "were" },
            error.message()
        ));
    }
    Ok(())
}

/// How a verdict begins that refuses a receipt.
pub(super) const REFUSED: &str = "not genuine";

/// The verdict on a genuine receipt: whether it says what was booked.
pub(super) fn compared(claims: &Claims, entry: &Entry) -> String {
    let cost = claims.cost.filter(|cost| Some(*cost) != entry.charged_usd);
    let model = claims.model.as_ref().filter(|model| !model.ends_with(entry.model.as_str()));
    let seconds = claims
        .seconds
        .filter(|seconds| entry.duration_s.is_some_and(|asked| (seconds - f64::from(asked)).abs() > 0.5));
    let said: Vec<String> = cost
        .map(|cost| format!("says {cost}"))
        .into_iter()
        .chain(model.map(|model| format!("names the model {}", redact::quotation(model))))
        .chain(seconds.map(|seconds| format!("says {seconds} s")))
        .collect();
    match said.as_slice() {
        [] => Signature::GENUINE.to_owned(),
        said => format!("{}, but {}", Signature::GENUINE, said.join(", ")),
    }
}
