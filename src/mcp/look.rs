//! How a call wants its result looked at: the picture that it gets, and how strict it is.

use crate::config::Preview;
use crate::error::Result;
use crate::jobs::inspect::{self, Keep};
use crate::jobs::report;
use crate::mcp::server::Server;
use crate::model::job::Job;
use crate::model::report::JobReport;

/// The wishes of one call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    pub(super) preview: Option<Preview>,
    pub(super) strict: bool,
}

impl Look {
    pub(super) fn new(preview: Option<&str>, strict: bool) -> Result<Self> {
        Ok(Self { preview: preview.map(str::parse).transpose()?, strict })
    }
}

impl Server {
    /// The report of a job, and the picture of its result as JPEG if there is one to show.
    pub(super) async fn seen(
        &self,
        job: &Job,
        look: Look,
        keep: Keep,
    ) -> Result<(JobReport, Option<Vec<u8>>)> {
        let mut report = report::report(self.app(), job).await?;
        if look.strict {
            inspect::insist(&mut report);
        }
        let picture = inspect::show(self.app(), job, &mut report, look.preview, keep).await;
        Ok((report, picture))
    }
}
