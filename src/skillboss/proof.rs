//! Proof: which refusals show that nothing was begun, so that the same may be sent again.

use crate::skillboss::refusal::{Meaning, Refusal};

impl Refusal {
    /// Whether it proves that nothing was begun. The documented statuses do; what stands between us and the service
    /// (502, 504, a web page) proves nothing. 500 is documented as safe to repeat, but only in the wholesale dialect,
    /// which names every request that it took: one with a name may be at work.
    pub(super) fn proves_no_effect(&self, wholesale: bool) -> bool {
        if self.is_inside_success && self.names_job {
            return false;
        }
        match self.meaning {
            Meaning::TooLarge
            | Meaning::Auth
            | Meaning::Funds
            | Meaning::CostCap
            | Meaning::Budget
            | Meaning::PaymentQuote
            | Meaning::Forbidden
            | Meaning::NotFound
            | Meaning::ModelGone
            | Meaning::TrialClaimed => true,
            // These say that something went wrong further on, or that the line was cut.
            Meaning::BadRequest => !matches!(self.http, 424 | 440..),
            // 303 follows what was done.
            Meaning::Redirect => matches!(self.http, 301 | 302 | 307 | 308),
            Meaning::RateLimited => self.http < 500 || (self.is_own && !self.names_request),
            Meaning::Capacity => self.is_own,
            Meaning::Server => match self.http {
                500 => self.is_own && wholesale && !self.names_request,
                503 => self.is_own,
                _ => false,
            },
            // The same key was used before, so that something has arrived.
            Meaning::Conflict | Meaning::Foreign => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::skillboss::dialect::Ids;
    use crate::skillboss::wire::{Answer, Head};

    #[test]
    fn what_proves_that_nothing_was_begun() {
        let judged = |status: u16, body: &str, named: bool, wholesale: bool| {
            let ids = Ids { request_id: named.then(|| "abc".to_owned()), record_id: None };
            let head = Head { status, ids, ..Head::default() };
            Refusal::of(&Answer::new(head, body.as_bytes().to_vec())).unwrap().proves_no_effect(wholesale)
        };
        let json = r#"{"error":{"message":"no"}}"#;
        for (status, body, named, wholesale, harmless) in [
            (400, json, true, false, true),
            (401, json, true, false, true),
            (402, json, true, true, true),
            (403, "", false, false, true),
            (404, json, false, false, true),
            (413, "<html>", false, false, true),
            (422, json, false, false, true),
            (429, json, false, false, true),
            (409, json, false, true, false),
            (408, "", false, true, false),
            (424, json, false, true, false),
            (499, "", false, true, false),
            (500, json, false, true, true),
            (500, json, true, true, false),
            (500, json, false, false, false),
            (500, "<html>", false, true, false),
            (502, json, false, true, false),
            (504, "<html>", false, true, false),
            (500, r#"{"error":"boom","request_id":"abc"}"#, false, true, false),
            (402, r#"{"error":"Low balance","request_id":"abc"}"#, false, true, true),
            (200, r#"{"code":402,"request_id":"abc"}"#, false, true, false),
            (200, r#"{"error":"Low balance","request_id":"abc"}"#, false, true, false),
            (503, json, false, false, true),
            (503, json, true, false, true),
            (503, "upstream reset", false, true, false),
            (307, "", false, false, true),
            (303, "", false, false, false),
            (200, r#"{"code":500,"message":"boom"}"#, false, false, false),
            (200, r#"{"code":500,"message":"boom"}"#, false, true, true),
            (200, r#"{"code":500,"message":"Provider: 429"}"#, false, false, true),
            (200, r#"{"code":500,"message":"Provider: 429"}"#, true, false, false),
            (200, "Insufficient coins", false, false, true),
            (200, "<html>hotel wifi</html>", false, false, false),
        ] {
            assert_eq!(
                judged(status, body, named, wholesale),
                harmless,
                "{status} {body} {named} {wholesale}"
            );
        }
    }
}
