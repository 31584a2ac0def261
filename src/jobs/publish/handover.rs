//! A file that is here already goes the way of every finished file: into the bucket, then to its posts.

use crate::error::{Error, Kind};
use crate::jobs::deliver::{self, End, Wanted};
use crate::jobs::engine::step::{Halt, Step};
use crate::model::job::State;
use crate::model::request::Request;
use crate::net::staged;

/// One step of a handover.
pub(in crate::jobs) async fn step(step: &mut Step) -> Result<(), Halt> {
    let Request::Handover(handover) = step.job.request.clone() else {
        return Err(Error::internal("This job is no handover.").into());
    };
    if step.job.cancel_requested && step.job.state == State::Queued {
        return step.cancelled("Stopped before anything was sent.").await;
    }
    let wanted = Wanted {
        output: &handover.path,
        inspection: &handover.inspection,
        delivery: &handover.delivery,
        is_part: false,
    };
    let mut end = End::of(&step.job);
    end.final_path = Some(handover.path.clone());
    if !deliver::is_placed(step, &wanted, &end).await {
        let path = handover.path.clone();
        let summed = tokio::task::spawn_blocking(move || staged::sha256_of(&path));
        let summed =
            summed.await.map_err(|error| Error::internal("Reading was interrupted.").because(error))?;
        end = End { final_path: end.final_path, ..End::default() };
        match summed {
            Ok(sha256) => end.sha256 = Some(sha256),
            Err(error) => {
                let what = format!("{} cannot be read.", handover.path.display());
                let error = Error::new(Kind::NotFound, what)
                    .next("Put the file back to where it was, and publish it again.")
                    .because(error);
                return step.fail(&error).await;
            }
        }
    }
    deliver::finish(step, &wanted, end).await
}
