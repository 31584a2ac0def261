//! Nothing secret is printed, whatever a careless service repeats.

use firstcut::skillboss::submit::Submitted;
use firstcut::skillboss::{Client, Remote};

use super::{CLIP, HEX, clip, settings, timing};
use crate::canned::{Canned, Piece, json, status};

/// What a careless service puts into its errors: our own key, another one, and a signed address.
const CARELESS: &str = "key odd.CANARYKEY/0123 and sk-CANARYOTHER0123456 refused at \
    https://u:CANARYPASSWORD@cdn.example/x?sig=CANARYQUERY";

#[tokio::test]
async fn keys_and_signatures_are_not_told() {
    let careless = format!(r#"{{"error":{{"message":"{CARELESS}"}}}}"#);
    let failed = format!(r#"{{"request_id":"{HEX}","status":"FAILED","error":"{CARELESS}"}}"#);
    let done = format!(
        r#"{{"request_id":"{HEX}","status":"COMPLETED","result":{{"outputs":[{{"url":"{CLIP}"}}]}}}}"#
    );
    let server = Canned::start(vec![
        status(400, &careless),
        status(500, &careless),
        json(&failed),
        json(&done),
        vec![Piece::Reset],
    ])
    .await;
    // A key may look like anything.
    let client = Client::new(settings(&server.url, "odd.CANARYKEY/0123"), timing());
    let mut told = format!("{client:?}");
    for _ in 0..2 {
        match client.submit(&clip(), async |_| {}).await {
            Submitted::Refused { error, .. } | Submitted::Doubtful { error, .. } => {
                assert!(error.quoted().unwrap().contains("refused at"));
                told += &format!("{error} {error:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    let remote = Remote::by_id(HEX).unwrap();
    let report = client.status(&remote).await.unwrap();
    told += &format!("{:?} {:?}", report.error, report.failure(remote.dialect));
    let report = client.status(&remote).await.unwrap();
    told += &format!("{:?}", report.outputs);
    assert_eq!(report.outputs[0].url.reveal().as_str(), CLIP);
    let Submitted::Doubtful { error, .. } = client.submit(&clip(), async |_| {}).await else { panic!() };
    told += &format!("{error:?}");
    assert!(!told.contains("CANARY"), "{told}");
}
