//! The log: lines on stderr, without secrets.

use std::io::{self, Write};

use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Config, parse};
use crate::redact::{self, Secret};

/// Starts logging as `FIRSTCUT_LOG` says. Called once, by `main`; a second call changes nothing.
pub fn start_log(config: &Config) {
    let fallback = Targets::new().with_default(tracing::Level::WARN);
    let filter = config.log.parse::<Targets>().or_else(|_| parse::LOG.parse()).unwrap_or(fallback);
    let token = config.nemo.token.clone();
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(move || CleanLine { line: Vec::new(), token: token.clone() })
        .with_filter(filter);
    let _already_started = tracing_subscriber::registry().with(lines).try_init();
}

/// One event: gathered whole, cleaned, then written at once, so that lines of several threads do not mix.
struct CleanLine {
    line: Vec<u8>,
    token: Option<Secret>,
}

impl Write for CleanLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for CleanLine {
    fn drop(&mut self) {
        let mut line = redact::scrub(&String::from_utf8_lossy(&self.line));
        if let Some(token) = &self.token {
            line = line.replace(token.reveal(), "…");
        }
        // A closed stderr must not end the program.
        let _nobody_reads = io::stderr().lock().write_all(line.as_bytes());
    }
}
