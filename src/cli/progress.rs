//! How it goes, on stderr: a bar where a person watches, spare lines elsewhere.

use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::report::{Out, plain};
use super::text;
use crate::jobs::wait::Tick;

/// Without a new message, a line comes at most this often.
const LINE_EVERY_MS: u64 = 30_000;

/// The display of one piece of work.
pub(super) struct Progress {
    out: Out,
    bar: Option<ProgressBar>,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    message: String,
    at_ms: u64,
    tenth: u64,
}

impl Progress {
    /// Starts with this message.
    pub(super) fn start(out: Out, message: &str) -> Self {
        let bar = (out.is_watched() && !out.json).then(|| {
            let bar = ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stderr());
            let form = "{spinner} {elapsed} {bar:24} {percent:>3} % {wide_msg}";
            if let Ok(style) = ProgressStyle::with_template(form) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar.set_message(message.to_owned());
            bar
        });
        if bar.is_none() {
            out.note(message);
        }
        let last = Mutex::new(Last { message: message.to_owned(), ..Last::default() });
        Self { out, bar, last }
    }

    /// Shows one look at a job.
    pub(super) fn tick(&self, tick: &Tick) {
        self.show(tick.waited_ms, tick.progress_pct, &tick.message);
    }

    /// A line that stays, above the bar.
    pub(super) fn beside(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(plain(line)),
            None => self.out.note(line),
        }
    }

    /// Shows how much of an upload went out.
    pub(super) fn bytes(&self, sent: u64, total: u64) {
        #[expect(clippy::cast_precision_loss, reason = "a share in percent")]
        let percent = if total == 0 { 100.0 } else { sent as f64 * 100.0 / total as f64 };
        self.show(0, Some(percent), &format!("Uploading {}", text::size(total)));
    }

    fn show(&self, waited_ms: u64, percent: Option<f64>, message: &str) {
        if let Some(bar) = &self.bar {
            if let Some(percent) = percent {
                bar.set_position(whole(percent));
            }
            bar.set_message(plain(message).replace(['\n', '\t'], " "));
            return;
        }
        let Ok(mut last) = self.last.lock() else { return };
        let tenth = percent.map_or(last.tenth, |percent| whole(percent) / 10);
        // "Rendering, 14 %." and "Rendering, 15 %." are one message.
        let words = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
        let is_new = words(&last.message) != words(message);
        if is_new || tenth > last.tenth || waited_ms >= last.at_ms + LINE_EVERY_MS {
            let percent = percent.map(|percent| format!(" {} %", whole(percent))).unwrap_or_default();
            self.out.note(&format!("[{} s{percent}] {message}", waited_ms / 1000));
            *last = Last { message: message.to_owned(), at_ms: waited_ms, tenth };
        }
    }

    /// Leaves the terminal clean for the result.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn whole(percent: f64) -> u64 {
    percent.clamp(0.0, 100.0) as u64
}
