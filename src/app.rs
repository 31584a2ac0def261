//! Every part built once, in plain sight.

use std::sync::Arc;

use crate::config::Config;
use crate::error::Result;

/// The parts of firstcut, cheap to clone. Nothing is opened or contacted until it is needed.
#[derive(Clone)]
pub struct App {
    parts: Arc<Parts>,
}

struct Parts {
    config: Config,
}

impl App {
    /// Builds the parts. Opens nothing: start-up is paid for by every assistant that lists our tools.
    pub fn build(config: Config) -> Result<Self> {
        Ok(Self { parts: Arc::new(Parts { config }) })
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.parts.config
    }
}
