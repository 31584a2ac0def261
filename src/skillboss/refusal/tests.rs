//! Every body in which the service has refused.

use super::*;
use crate::skillboss::wire::Head;

fn refusal(status: u16, body: &str) -> Option<Refusal> {
    let head = Head { status, ..Head::default() };
    Refusal::of(&Answer::new(head, body.as_bytes().to_vec()))
}

#[test]
fn every_shape_and_every_status() {
    for (status, body, meaning, words) in [
        (
            402,
            r#"{"error":{"message":"Low","type":"insufficient_balance","required_credits":5.0}}"#,
            Meaning::Funds,
            "Low",
        ),
        (
            402,
            r#"{"error":{"message":"Cost exceeds max cost","code":"max_cost_exceeded"}}"#,
            Meaning::CostCap,
            "Cost exceeds max cost",
        ),
        (
            402,
            r#"{"error":"Request exceeds cap X-Max-Cost-Usd"}"#,
            Meaning::CostCap,
            "Request exceeds cap X-Max-Cost-Usd",
        ),
        (402, r#"{"error":{"message":"Daily budget reached"}}"#, Meaning::Budget, "Daily budget reached"),
        (
            402,
            r#"{"error":"Payment required","price_usd":0.04,"network":"eip155:8453","accepts":[{}]}"#,
            Meaning::PaymentQuote,
            "Payment required",
        ),
        (402, "Insufficient coins", Meaning::Funds, "Insufficient coins"),
        (402, "", Meaning::Funds, ""),
        (
            429,
            r#"{"error":"trial_already_claimed","retry_after_seconds":3600}"#,
            Meaning::TrialClaimed,
            "trial_already_claimed",
        ),
        (429, r#"{"detail":"slow"}"#, Meaning::RateLimited, "slow"),
        (
            422,
            r#"{"detail":[{"loc":["body","inputs",0],"msg":"field required"}]}"#,
            Meaning::BadRequest,
            "body.inputs.0: field required",
        ),
        (400, r#"{"message":"bad JSON"}"#, Meaning::BadRequest, "bad JSON"),
        (
            400,
            r#"{"error":{"message":"Invalid model: x","type":"invalid_request"}}"#,
            Meaning::ModelGone,
            "Invalid model: x",
        ),
        (
            404,
            r#"{"detail":"The model is no longer available"}"#,
            Meaning::ModelGone,
            "The model is no longer available",
        ),
        (404, r#"{"detail":"Not Found"}"#, Meaning::NotFound, "Not Found"),
        (405, "", Meaning::NotFound, ""),
        (401, r#"{"error":{"message":"no","code":"missing_authorization"}}"#, Meaning::Auth, "no"),
        (403, r#"{"error":{"message":"no access"}}"#, Meaning::Forbidden, "no access"),
        (409, r#"{"error":{"code":"idempotency_conflict"}}"#, Meaning::Conflict, "idempotency_conflict"),
        (413, "<html>nginx</html>", Meaning::TooLarge, ""),
        (500, r#"{"error":"boom"}"#, Meaning::Server, "boom"),
        (502, "<html>bad gateway</html>", Meaning::Server, ""),
        (
            503,
            r#"{"error":{"message":"Discount pool capacity issue"}}"#,
            Meaning::Capacity,
            "Discount pool capacity issue",
        ),
        (503, r#"{"error":"verifier_not_configured"}"#, Meaning::Server, "verifier_not_configured"),
        (307, "", Meaning::Redirect, ""),
        (200, r#"{"code":500,"message":"Provider said 429"}"#, Meaning::RateLimited, "Provider said 429"),
        (200, r#"{"code":500,"message":"boom"}"#, Meaning::Server, "boom"),
        (200, r#"{"code":"401","message":"no"}"#, Meaning::Auth, "no"),
        (200, r#"{"ok":false,"error":"wallet_grant_failed"}"#, Meaning::BadRequest, "wallet_grant_failed"),
        (200, r#"{"success":false}"#, Meaning::BadRequest, ""),
        (200, r#"{"error":{"message":"Insufficient balance"}}"#, Meaning::Funds, "Insufficient balance"),
        (200, "Insufficient coins", Meaning::Funds, "Insufficient coins"),
        (200, "Invalid token", Meaning::Auth, "Invalid token"),
        (200, "<html>hotel wifi</html>", Meaning::Foreign, ""),
    ] {
        let refusal = refusal(status, body).unwrap_or_else(|| panic!("{status} {body}"));
        assert_eq!((refusal.meaning, refusal.words.as_str()), (meaning, words), "{status} {body}");
    }
    for body in [
        r#"{"request_id":"a","status":"FAILED","error":"vendor"}"#,
        r#"{"job_id":"a","status":"accepted","error":null}"#,
        r#"{"valid":false,"error":"malformed_jwt"}"#,
        r#"{"outputs":[{"url":"u"}]}"#,
        r#"{"code":0}"#,
        r#"{"code":200,"error":""}"#,
        "",
    ] {
        assert!(refusal(200, body).is_none(), "{body}");
    }
}

#[test]
fn what_it_tells_beside_the_words() {
    let quote = refusal(402, r#"{"error":"Payment required","price_usd":0.04,"accepts":[]}"#).unwrap();
    assert_eq!(quote.required, Some("0.04".parse().unwrap()));
    let claimed = refusal(429, r#"{"error":"trial_already_claimed","retry_after_seconds":3600}"#).unwrap();
    assert_eq!((claimed.wait_s, claimed.is_own), (Some(3600), true));
    assert!(!refusal(503, "upstream reset").unwrap().is_own);
}
