//! What is told about jobs, sessions and credits: the shape of `structuredContent` and of `--json`.

mod credits;
mod error;
mod job;
mod session;
mod upload;

pub use credits::CreditsReport;
pub use error::ErrorReport;
pub use job::{
    ActionReport, ApprovalReport, CheckReport, CostReport, FileReport, JobList, JobReport, ListedJob,
    PostReport, StoredReport,
};
pub use session::{ClipReport, LayoutReport, SessionReport, TrackReport};
pub use upload::{UploadReport, UploadedReport};
