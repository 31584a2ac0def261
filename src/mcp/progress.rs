//! Progress notifications of one call: strictly rising whole numbers of a total, and never a long silence.

use std::pin::pin;
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RequestContext};
use tokio::sync::mpsc;

/// The longest silence between two notifications: clients give a call up after 60 s without one.
const SILENCE: Duration = Duration::from_secs(10);

/// The total that every notification names. Fine enough that a job that stays where it is can still rise, as the
/// protocol asks.
const TOTAL: u32 = 10_000;
/// What a job's 100 % is worth: the rest is room for rising.
const WHOLE: f64 = 9_000.0;

/// News waiting for a slow client; beyond that, news is left out: the next one says more.
const BACKLOG: usize = 16;

/// One piece of news.
#[derive(Debug)]
pub(super) struct News {
    /// 0 to 100, if known.
    pub(super) percent: Option<f64>,
    /// For people.
    pub(super) message: String,
}

/// Where the work drops its news; never blocks.
#[derive(Clone)]
pub(super) struct Teller(mpsc::Sender<News>);

impl Teller {
    pub(super) fn tell(&self, percent: Option<f64>, message: impl Into<String>) {
        // Full: the client reads slowly. Closed: nobody listens.
        let _ = self.0.try_send(News { percent, message: message.into() });
    }

    /// The course of an upload.
    pub(super) fn tell_bytes(&self, sent: u64, total: u64) {
        const MB: f64 = 1e6;
        let (sent, total) = (sent as f64, total as f64);
        let percent = (total > 0.0).then(|| sent / total * 100.0);
        self.tell(percent, format!("{:.1} of {:.1} MB sent.", sent / MB, total / MB));
    }
}

/// Runs `work` and tells the client what it says meanwhile, if the client asked for that. All news is out before
/// the result: the protocol wants none after it.
pub(super) async fn telling<T>(
    request: &RequestContext<RoleServer>,
    first: impl Into<String>,
    work: impl AsyncFnOnce(Teller) -> T,
) -> T {
    let (sender, news) = mpsc::channel(BACKLOG);
    let mut work = pin!(work(Teller(sender.clone())));
    let Some(token) = request.meta.get_progress_token() else { return work.await };
    let mut passing = pin!(pass_on(&request.peer, token, first.into(), news));
    tokio::select! {
        biased;
        result = &mut work => {
            drop(sender);
            passing.await;
            result
        }
        // The client takes no more news; its end of the pipe tells the rest.
        () = &mut passing => work.await,
    }
}

/// Sends news as it comes, and the last words again when none comes, until nobody can bring any.
async fn pass_on(
    peer: &Peer<RoleServer>,
    token: ProgressToken,
    first: String,
    mut news: mpsc::Receiver<News>,
) {
    if news.is_closed() && news.is_empty() {
        return;
    }
    let mut rising = Rising::default();
    let mut latest = News { percent: Some(0.0), message: first };
    loop {
        // Without room to rise, nothing more can be told.
        let Some(progress) = rising.next(latest.percent) else { return };
        let note = ProgressNotificationParam::new(token.clone(), f64::from(progress))
            .with_total(f64::from(TOTAL))
            .with_message(latest.message.clone());
        if let Err(error) = peer.notify_progress(note).await {
            tracing::debug!(%error, "a progress notification was not taken");
            return;
        }
        match next(&mut news, latest, SILENCE).await {
            Some(next) => latest = next,
            None => return,
        }
    }
}

/// What to tell next: news when it comes, the words of before when it does not, nothing when nobody is left.
async fn next(news: &mut mpsc::Receiver<News>, latest: News, silence: Duration) -> Option<News> {
    match tokio::time::timeout(silence, news.recv()).await {
        Ok(next) => next,
        Err(_) => Some(News { percent: None, ..latest }),
    }
}

/// Makes any course of percentages strictly rising, as the protocol asks.
#[derive(Debug, Default)]
struct Rising {
    last: Option<u32>,
}

impl Rising {
    /// The next number: the true one where it rises, else one more than before. The last one is kept for the result
    /// itself; none when there is no room left.
    fn next(&mut self, percent: Option<f64>) -> Option<u32> {
        let wanted = percent.filter(|percent| percent.is_finite()).map(share);
        let next = match (self.last, wanted) {
            (None, wanted) => wanted.unwrap_or(0),
            (Some(last), Some(wanted)) if wanted > last => wanted,
            (Some(last), _) => last + 1,
        };
        self.last = Some(next);
        (next < TOTAL).then_some(next)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn share(percent: f64) -> u32 {
    (percent.clamp(0.0, 100.0) / 100.0 * WHOLE) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn silence_is_broken_until_the_work_ends() {
        let (sender, mut news) = mpsc::channel(BACKLOG);
        let silence = Duration::from_millis(5);
        let teller = Teller(sender);
        teller.tell(Some(20.0), "Rendering.");
        let first = News { percent: Some(0.0), message: "Beginning.".into() };
        let told = next(&mut news, first, silence).await.unwrap();
        assert_eq!((told.percent, told.message.as_str()), (Some(20.0), "Rendering."));
        let again = next(&mut news, told, silence).await.unwrap();
        assert_eq!((again.percent, again.message.as_str()), (None, "Rendering."));
        drop(teller);
        assert!(next(&mut news, again, silence).await.is_none());
    }

    #[test]
    fn a_slow_client_holds_nobody_up() {
        let (sender, mut news) = mpsc::channel(BACKLOG);
        let teller = Teller(sender);
        (0..1_000).for_each(|sent| teller.tell_bytes(sent * 1_000_000, 1_000_000_000));
        assert_eq!(news.try_recv().unwrap().message, "0.0 of 1000.0 MB sent.");
        assert_eq!(news.len(), BACKLOG - 1);
    }

    #[test]
    fn numbers_rise_whatever_the_job_says() {
        let mut rising = Rising::default();
        let mut last = None;
        let said =
            [None, Some(0.0), Some(20.0), Some(5.0), None, Some(f64::NAN), Some(100.0), Some(100.0), None];
        for percent in said.into_iter().chain(std::iter::repeat_n(None, 900)) {
            let next = rising.next(percent);
            assert!(next > last && next.is_some_and(|next| next < TOTAL), "{next:?} after {last:?}");
            last = next;
        }
        assert!(std::iter::repeat_n(None, 200).any(|percent| rising.next(percent).is_none()), "it ends");
        assert_eq!(Rising::default().next(Some(40.0)), Some(3_600));
    }
}
