//! Exports in trouble: a plan that forbids them, renders that fail, files that do not come.

use firstcut::sandbox::{Close, Endpoint, Fault, Plan, Rule};

use super::{CLIP, text};
use crate::home::{Home, always, playable};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_the_plan_forbids_says_so_and_what_was_paid() {
    let home = Home::with(|options| options.plan = Plan::FreeBlocked).await;
    let ran = home.run(&["make", CLIP, "--json"]).await;
    assert_eq!(ran.code, Some(14), "{ran:?}");
    let report = ran.json();
    assert_eq!(
        (text(&report, "/state"), text(&report, "/error/code")),
        ("failed", "plan_required"),
        "{report:#}"
    );
    assert!(
        text(&report, "/error/next").contains("Register or upgrade your plan to unlock export."),
        "{report:#}"
    );
    assert_eq!(text(&report, "/error/money"), "spent", "the clip was paid for: {report:#}");
    assert_eq!(home.requests("render_submit").len(), 1, "asking again would not help");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_render_is_tried_once_more_and_then_told() {
    for (times, submissions, state) in [(1, 2, "done"), (0, 2, "failed")] {
        let fault = Fault::RenderFails { message: Some("node lost".into()) };
        let home = Home::with_faults([Rule { times, ..Rule::once(Endpoint::RenderSubmit, fault) }]).await;
        let report = home.run(&["make", CLIP, "--json"]).await.json();
        assert_eq!(report["state"], state, "{report:#}");
        let ids: std::collections::HashSet<_> =
            home.requests("render_submit").into_iter().map(|entry| entry.render).collect();
        assert_eq!(ids.len(), submissions, "each under an id of its own");
        assert_eq!(home.charged(CLIP), [100]);
        if state == "failed" {
            assert!(text(&report, "/message").contains("\"node lost\""), "{report:#}");
            assert!(text(&report, "/error/next").contains("use firstcut export again"), "{report:#}");
            assert_eq!(text(&report, "/error/money"), "spent", "{report:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_is_fetched_by_the_services_own_route_when_the_address_does_not_serve() {
    let forbidden = Fault::Status { status: 403, code: None, message: None, retry_after_s: None };
    for rule in [always(Endpoint::RenderPoll, Fault::NoUrl), always(Endpoint::Cdn, forbidden)] {
        let home = Home::with_faults([rule]).await;
        playable(&home.run(&["make", CLIP, "--json"]).await.ok());
        assert_eq!(home.requests("render_download").len(), 1);
        assert!(
            home.requests("cdn").iter().all(|entry| entry.token.is_none()),
            "no token to the file server"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_is_refused_is_asked_again() {
    let status = |status, retry_after_s| Fault::Status { status, code: None, message: None, retry_after_s };
    let home = Home::with_faults([
        Rule::once(Endpoint::RenderPoll, status(429, None)),
        Rule { nth: 2, ..Rule::once(Endpoint::RenderPoll, status(503, None)) },
        Rule { nth: 3, ..Rule::once(Endpoint::RenderPoll, Fault::Cut { how: Close::Reset }) },
        Rule::once(Endpoint::RenderSubmit, status(429, None)),
    ])
    .await;
    playable(&home.run(&["make", CLIP, "--json"]).await.ok());
}
