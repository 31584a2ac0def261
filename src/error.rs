//! The one error that crosses floors: what happened, whether money moved, whether to try again, what to do next.
//!
//! A [`Kind`] exists because somebody reacts differently to it: the doors map it to an exit code and to a
//! tool error, the jobs read from it whether a request may be repeated.

use std::error::Error as StdError;
use std::fmt;

/// The result of anything that can fail in front of a user.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something failed. The list is closed, and README names every code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// An argument is missing, out of range or contradicts another.
    InvalidInput,
    /// No such job, session or file.
    NotFound,
    /// The settings file, an environment variable or a flag cannot be used.
    Config,
    /// The service refuses our token or key.
    Unauthorized,
    /// The account has too few credits, or too little money.
    OutOfCredits,
    /// It would cost more than a cap or a budget allows, ours or the service's.
    OverBudget,
    /// Nobody can say what it would cost.
    PriceUnknown,
    /// The model no longer exists; another one must be chosen.
    ModelRetired,
    /// The service has no room for this tier of a model just now; another tier may have.
    AtCapacity,
    /// A clip was paid for, and the service no longer has it.
    ExpiredPaid,
    /// The account's plan does not allow this (NemoVideo 402 on export).
    PlanRequired,
    /// A file is of a kind that the service does not take.
    UnsupportedFile,
    /// A file is over the size limit.
    FileTooLarge,
    /// A path lies outside the folders that may be read or written, or an address may not be contacted.
    Forbidden,
    /// The session is gone at the service, and its timeline with it.
    SessionLost,
    /// There is nothing on the timeline to export.
    EmptyTimeline,
    /// The service asks us to slow down.
    RateLimited,
    /// The service cannot be reached, or answered with a passing fault. The request surely had no effect.
    Unavailable,
    /// The service answered something that we do not understand.
    Protocol,
    /// A paid request may or may not have arrived. It is never repeated by itself.
    Uncertain,
    /// The service took the work and then declined or failed it.
    Declined,
    /// A file was made and kept, but failed its delivery check, and the caller is strict.
    CheckFailed,
    /// The user or a client stopped it.
    Cancelled,
    /// It took longer than it may.
    TimedOut,
    /// A file or folder cannot be read or written, or the disk is full.
    Storage,
    /// The ledger is locked, damaged or read-only.
    Ledger,
    /// A mistake of ours.
    Internal,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 27] = [
        Self::InvalidInput,
        Self::NotFound,
        Self::Config,
        Self::Unauthorized,
        Self::OutOfCredits,
        Self::OverBudget,
        Self::PriceUnknown,
        Self::ModelRetired,
        Self::AtCapacity,
        Self::ExpiredPaid,
        Self::PlanRequired,
        Self::UnsupportedFile,
        Self::FileTooLarge,
        Self::Forbidden,
        Self::SessionLost,
        Self::EmptyTimeline,
        Self::RateLimited,
        Self::Unavailable,
        Self::Protocol,
        Self::Uncertain,
        Self::Declined,
        Self::CheckFailed,
        Self::Cancelled,
        Self::TimedOut,
        Self::Storage,
        Self::Ledger,
        Self::Internal,
    ];

    /// The stable name that scripts and assistants see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::NotFound => "not_found",
            Self::Config => "config",
            Self::Unauthorized => "unauthorized",
            Self::OutOfCredits => "out_of_credits",
            Self::OverBudget => "over_budget",
            Self::PriceUnknown => "price_unknown",
            Self::ModelRetired => "model_retired",
            Self::AtCapacity => "at_capacity",
            Self::ExpiredPaid => "expired_paid",
            Self::PlanRequired => "plan_required",
            Self::UnsupportedFile => "unsupported_file",
            Self::FileTooLarge => "file_too_large",
            Self::Forbidden => "forbidden",
            Self::SessionLost => "session_lost",
            Self::EmptyTimeline => "empty_timeline",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Protocol => "protocol",
            Self::Uncertain => "uncertain",
            Self::Declined => "declined",
            Self::CheckFailed => "check_failed",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
            Self::Storage => "storage",
            Self::Ledger => "ledger",
            Self::Internal => "internal",
        }
    }

    /// The kind with this [`code`](Self::code), as stored in the ledger.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// What the process answers to the shell: 1 is a mistake of ours, 2 bad input, 10 and up everything else.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::InvalidInput => 2,
            Self::NotFound => 10,
            Self::Config => 11,
            Self::Unauthorized => 12,
            Self::OutOfCredits => 13,
            Self::PlanRequired => 14,
            Self::UnsupportedFile => 15,
            Self::FileTooLarge => 16,
            Self::Forbidden => 17,
            Self::SessionLost => 18,
            Self::EmptyTimeline => 19,
            Self::RateLimited => 20,
            Self::Unavailable => 21,
            Self::Protocol => 22,
            Self::Uncertain => 23,
            Self::Declined => 24,
            Self::TimedOut => 25,
            Self::Storage => 26,
            Self::Ledger => 27,
            Self::OverBudget => 28,
            Self::PriceUnknown => 29,
            Self::ModelRetired => 30,
            Self::AtCapacity => 31,
            Self::ExpiredPaid => 32,
            Self::CheckFailed => 33,
            Self::Cancelled => 130,
        }
    }

    /// Whether the same call may be made again without any risk of paying twice.
    #[must_use]
    pub fn retry_is_safe(self) -> bool {
        !matches!(self, Self::Uncertain | Self::Internal | Self::Protocol)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Whether money or credits moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Money {
    /// Nothing was spent.
    #[default]
    NotSpent,
    /// Something was spent.
    Spent,
    /// We cannot tell; the job keeps its worst case.
    Unknown,
}

impl Money {
    /// The name used in results and in the ledger.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotSpent => "not_spent",
            Self::Spent => "spent",
            Self::Unknown => "unknown",
        }
    }

    /// Reads [`code`](Self::code) back; anything else means that we cannot tell.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        match code {
            "not_spent" => Self::NotSpent,
            "spent" => Self::Spent,
            _ => Self::Unknown,
        }
    }

    /// A sentence for people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotSpent => "Nothing was spent.",
            Self::Spent => "It was charged.",
            Self::Unknown => "It is not known whether credits were spent.",
        }
    }
}

/// A failure with everything its reader needs to act.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    next: Option<String>,
    money: Money,
    retry_after_s: Option<u64>,
    /// Words of a service: untrusted, shown only as quoted data.
    quoted: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind; the message is a full sentence.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let money = if kind == Kind::Uncertain { Money::Unknown } else { Money::NotSpent };
        Self {
            kind,
            message: message.into(),
            next: None,
            money,
            retry_after_s: None,
            quoted: None,
            source: None,
        }
    }

    /// What to do about it, as a full sentence.
    #[must_use]
    pub fn next(mut self, step: impl Into<String>) -> Self {
        self.next = Some(step.into());
        self
    }

    /// Says whether money moved.
    #[must_use]
    pub fn money(mut self, money: Money) -> Self {
        self.money = money;
        self
    }

    /// The service asked for this pause.
    #[must_use]
    pub fn retry_after_s(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Keeps what the service said: secrets removed, capped, for display as a quotation only.
    #[must_use]
    pub fn quoting(mut self, words: &str) -> Self {
        let words = crate::redact::quote(words, 300);
        self.quoted = (!words.is_empty()).then_some(words);
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What happened.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do, if we know.
    #[must_use]
    pub fn next_step(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Whether money moved.
    #[must_use]
    pub fn spent(&self) -> Money {
        self.money
    }

    /// Seconds that the service asked us to wait.
    #[must_use]
    pub fn wait_s(&self) -> Option<u64> {
        self.retry_after_s
    }

    /// The service's own words, already capped and scrubbed.
    #[must_use]
    pub fn quoted(&self) -> Option<&str> {
        self.quoted.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Shorthands for the kinds that are raised all over.
impl Error {
    /// Bad input: nothing was sent.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidInput, message)
    }

    /// A mistake of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// A file or folder that cannot be used.
    pub fn storage(message: impl Into<String>, source: std::io::Error) -> Self {
        Self::new(Kind::Storage, message).because(source)
    }
}
