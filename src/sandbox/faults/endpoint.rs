//! The places where trouble can be had.

use serde::{Deserialize, Serialize};

/// The places where trouble can be had: NemoVideo's down to [`Endpoint::Cdn`], the schedulers'
/// two, SkillBoss' from [`Endpoint::Run`] on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the endpoint that it names")]
pub enum Endpoint {
    AnonymousToken,
    ClaimToken,
    WithSession,
    RunSse,
    Upload,
    Credits,
    State,
    RenderSubmit,
    RenderPoll,
    RenderCancel,
    RenderDownload,
    Cdn,
    SocialPost,
    SocialRead,
    Run,
    RunStatus,
    RunCancel,
    Job,
    Jobs,
    Models,
    Pilot,
    Chat,
    Estimate,
    WalletRules,
    SubWallets,
    Budget,
    Receipts,
    TrialWallet,
    Balance,
    Usage,
    ServiceStatus,
    Catalog,
    Media,
}

impl Endpoint {
    /// Whether SkillBoss answers there.
    pub(crate) fn is_skillboss(self) -> bool {
        self as u8 >= Self::Run as u8
    }

    /// The name used in rules and in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AnonymousToken => "anonymous_token",
            Self::ClaimToken => "claim_token",
            Self::WithSession => "with_session",
            Self::RunSse => "run_sse",
            Self::Upload => "upload",
            Self::Credits => "credits",
            Self::State => "state",
            Self::RenderSubmit => "render_submit",
            Self::RenderPoll => "render_poll",
            Self::RenderCancel => "render_cancel",
            Self::RenderDownload => "render_download",
            Self::Cdn => "cdn",
            Self::SocialPost => "social_post",
            Self::SocialRead => "social_read",
            Self::Run => "run",
            Self::RunStatus => "run_status",
            Self::RunCancel => "run_cancel",
            Self::Job => "job",
            Self::Jobs => "jobs",
            Self::Models => "models",
            Self::Pilot => "pilot",
            Self::Chat => "chat",
            Self::Estimate => "estimate",
            Self::WalletRules => "wallet_rules",
            Self::SubWallets => "sub_wallets",
            Self::Budget => "budget",
            Self::Receipts => "receipts",
            Self::TrialWallet => "trial_wallet",
            Self::Balance => "balance",
            Self::Usage => "usage",
            Self::ServiceStatus => "service_status",
            Self::Catalog => "catalog",
            Self::Media => "media",
        }
    }
}
