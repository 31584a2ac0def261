//! The same for what has parts: films, and a turn with its render.

use firstcut::ledger::{Charge, Ledger};
use firstcut::model::job::State;
use firstcut::sandbox::{Clips, Close, Endpoint, ErrorShape, Fault, Rule};
use futures_util::StreamExt;

use super::{again, error, status};
use crate::home::Home;
use crate::money::till::{all, booked, move_until, nothing_is_lost, order, rest, wish};

/// Films beside each other, whole and chained: whatever meets their parts, they come to rest, and no part is paid twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn films_come_to_rest_and_stay_there() {
    use Endpoint::{Media, Run, RunStatus};
    let faults = vec![
        (Run, Fault::NoCapacity),
        (Run, Fault::JobFails { message: None }),
        (Run, Fault::LateNoFunds),
        (Run, Fault::LostAnswer { how: Close::Reset }),
        (Run, Fault::CutBody { bytes: 10 }),
        (Run, status(400)),
        (Run, status(402)),
        (Run, status(500)),
        (Run, error(502, ErrorShape::Object, true, false)),
        (RunStatus, status(404)),
        (RunStatus, Fault::NoMedia),
        (Media, Fault::CutBody { bytes: 700 }),
        (Media, status(403)),
    ];
    let homes = faults.into_iter().map(|(endpoint, fault)| async move {
        let what = format!("{endpoint:?} {fault:?}");
        let mut home = Home::paying(|options| options.skillboss.clips = Clips::Tinted).await;
        home.set("FIRSTCUT_POLL_S", "0.05");
        let app = home.app();
        let ledger = app.ledger().await.unwrap();
        // The second request meets it, and the next one.
        home.sandbox.faults.add(Rule { nth: 2, times: 2, ..Rule::once(endpoint, fault) });
        for chain_frames in [false, true] {
            let film = firstcut::jobs::plan::GenerateInput {
                duration_seconds: Some(12.0),
                chain_frames,
                ..wish(&format!("a lake, chained: {chain_frames}"))
            };
            order(&home, &app, film).await.unwrap();
        }
        let films_rest = async |ledger: &Ledger| {
            all(ledger).await.iter().filter(|job| job.parent_id.is_none()).all(|job| job.state.is_at_rest())
        };
        move_until(&app, &what, films_rest).await;
        let (ends, sent) = (all(ledger).await, home.requests("run").len());
        assert!(ends.len() >= 4, "both were divided: {what}");
        for film in ends.iter().filter(|job| job.parent_id.is_none()) {
            let parts: Vec<_> = ends.iter().filter(|job| job.parent_id.as_ref() == Some(&film.id)).collect();
            let states: Vec<_> = parts.iter().map(|part| part.state).collect();
            let told = format!("{what}: {film:#?} {states:?}");
            assert_eq!(film.state == State::Done, states.iter().all(|state| *state == State::Done), "{told}");
            assert_eq!(film.state == State::Uncertain, states.contains(&State::Uncertain), "{told}");
            assert_eq!(
                booked(ledger, &film.id).await.charge,
                Some(Charge::Freed),
                "the parts have it: {told}"
            );
            for part in parts {
                let (charge, state) = (booked(ledger, &part.id).await.charge, part.state);
                match charge {
                    Some(Charge::Settled { .. }) => assert_eq!(state, State::Done, "{told}"),
                    Some(Charge::Freed) => {
                        assert!(matches!(state, State::Failed | State::Cancelled), "{told}");
                    }
                    // What waits for the last frame of a doubtful part waits with it.
                    None => assert!(matches!(state, State::Uncertain | State::Queued), "{told}"),
                }
            }
        }
        nothing_is_lost(&home).await;
        for _ in 0..2 {
            again(&app).await;
            let now: Vec<_> = all(ledger).await.iter().map(|job| job.state).collect();
            assert_eq!(now, ends.iter().map(|job| job.state).collect::<Vec<_>>(), "rest is rest: {what}");
            assert_eq!(home.requests("run").len(), sent, "nothing is sent again: {what}");
        }
        home.may_leave_jobs = true;
    });
    futures_util::stream::iter(homes).buffer_unordered(4).collect::<Vec<_>>().await;
}

/// The same for NemoVideo, from the one state that leads to all others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_and_its_render_come_to_rest_and_stay_there() {
    use Endpoint::{Cdn, RenderPoll, RenderSubmit, RunSse, State as Session};
    let mut faults = vec![
        (RunSse, Fault::Silent),
        (RunSse, Fault::NoCredits),
        (RunSse, Fault::LostAnswer { how: Close::Reset }),
        (RunSse, Fault::Cut { how: Close::Eof }),
        (Session, Fault::DraftNull),
        (RenderSubmit, Fault::RenderFails { message: None }),
        (RenderSubmit, Fault::LostAnswer { how: Close::Eof }),
        (RenderPoll, Fault::NoUrl),
        (Cdn, Fault::CutBody { bytes: 4_000 }),
    ];
    faults.extend([RunSse, Session, RenderSubmit, RenderPoll, Cdn].map(|endpoint| (endpoint, status(503))));
    let homes = faults.into_iter().map(|(endpoint, fault)| async move {
        let mut home = Home::new().await;
        home.set("FIRSTCUT_POLL_S", "0.05");
        home.set("FIRSTCUT_PREVIEW", "none");
        let app = home.app();
        let ledger = app.ledger().await.unwrap();
        home.sandbox.faults.add(Rule { times: 2, ..Rule::once(endpoint, fault.clone()) });
        let words = firstcut::jobs::plan::GenerateInput {
            prompt: "generate a 1-second 360p video of a lake".to_owned(),
            ..Default::default()
        };
        order(&home, &app, words).await.unwrap();
        rest(&app).await;
        let (ends, sent) = (all(ledger).await, home.effects());
        for _ in 0..2 {
            again(&app).await;
            assert_eq!(format!("{:?}", all(ledger).await), format!("{ends:?}"), "{endpoint:?} {fault:?}");
            assert_eq!(home.effects(), sent, "nothing is sent again: {endpoint:?} {fault:?}");
        }
        // What was charged is shown: as done, as spent, or as doubtful.
        let whole = ends.iter().find(|job| job.parent_id.is_none()).unwrap();
        let shown = whole.failure.as_ref().is_none_or(|failure| failure.money != "not_spent");
        assert!(home.charged("lake").is_empty() || shown, "{endpoint:?} {fault:?} {whole:?}");
    });
    futures_util::stream::iter(homes).buffer_unordered(4).collect::<Vec<_>>().await;
}
