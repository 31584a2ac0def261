//! The seven days: a clip that is close to its end is said loudly, and fetched as soon as that is possible.

use firstcut::sandbox::{Endpoint, Fault};

use super::line;
use crate::home::{Home, always, kill};
use crate::money::till::alter;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_that_expires_soon_is_said_loudly_and_fetched() {
    let home = Home::paying(|_| {}).await;
    let gone = Fault::Status { status: 503, code: None, message: None, retry_after_s: None };
    home.sandbox.faults.add(always(Endpoint::Media, gone));
    home.write("one.jsonl", line("a lake", "1").as_bytes());
    assert_eq!(home.run(&["batch", "one.jsonl", "--yes", "--detach"]).await.code, Some(0));
    let mut worker = home.start(&["worker"]);
    let job = home.job_that(|job| job.work["completed_at_ms"].is_i64()).await;
    kill(&mut worker).await;
    // Six days pass without anybody.
    alter(
        &home,
        &["UPDATE job SET work = json_set(work, '$.completed_at_ms', json_extract(work, '$.completed_at_ms') - 518400000)"],
    )
    .await;
    let shown = home.run(&["jobs", "show", job.id.as_str(), "--json"]).await.json();
    assert!(shown["message"].as_str().unwrap().contains("keeps this clip until"), "{shown:#}");
    home.no_more_faults();
    let waited = home.run(&["batch", "wait", "one"]).await;
    assert_eq!(waited.code, Some(0), "{waited:?}");
    assert!(waited.stderr.contains("keeps this clip until"), "the log says it too: {waited:?}");
    assert_eq!(home.bills().len(), 1);
}
