//! What becomes of a finished file: where it goes beyond its folder, and which posts are made of it.

use serde::{Deserialize, Serialize};

use crate::model::job::EpochMs;

/// Where a finished file goes, and the posts of it. Plain: it stays in its folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delivery {
    /// Where it goes beyond its folder.
    pub place: Place,
    /// The posts to be made of it, once it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posts: Option<Posts>,
}

impl Delivery {
    /// Whether the file merely stays in its folder, so that the ledger need not say anything.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// Where a finished file goes. The local file is kept in either case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Nowhere else: it stays in its folder.
    #[default]
    Folder,
    /// Into the configured bucket.
    S3,
}

impl Place {
    /// The names in arguments.
    pub const NAMES: [&str; 2] = [Self::Folder.name(), Self::S3.name()];

    /// The name in arguments and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::S3 => "s3",
        }
    }
}

/// Posts of one clip: the same words on several channels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posts {
    /// Who takes them.
    pub scheduler: Scheduler,
    /// Where they appear; at least one, none twice.
    pub channels: Vec<Channel>,
    /// The words under the clip; may be empty where the networks allow that.
    #[serde(default)]
    pub caption: String,
    /// When they appear, if ever.
    #[serde(default)]
    pub timing: Timing,
}

/// A network, and which account there when there are several.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Channel {
    /// The network by our name, as in `tiktok`.
    pub network: String,
    /// The account's name or id at the scheduler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl std::fmt::Display for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.account {
            Some(account) => write!(f, "{}:{account}", self.network),
            None => f.write_str(&self.network),
        }
    }
}

/// When a post appears. Unless it is asked for, it never does: it stays a draft for a person to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Timing {
    /// A draft, which a person looks at and sends.
    #[default]
    Draft,
    /// At once.
    Now,
    /// In the scheduler's next free slot.
    Queue,
    /// At this time.
    At(EpochMs),
}

impl Timing {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Now => "now",
            Self::Queue => "queue",
            Self::At(_) => "scheduled",
        }
    }
}

/// Who takes posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheduler {
    /// Buffer.
    Buffer,
    /// Ayrshare.
    Ayrshare,
    /// Postiz, hosted or one's own.
    Postiz,
    /// An address of one's own that takes a signed JSON message.
    Hook,
}

impl Scheduler {
    /// Every scheduler, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Buffer, Self::Ayrshare, Self::Postiz, Self::Hook];

    /// The names in arguments.
    pub const NAMES: [&str; 4] =
        [Self::Buffer.name(), Self::Ayrshare.name(), Self::Postiz.name(), Self::Hook.name()];

    /// The name in settings, arguments and the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buffer => "buffer",
            Self::Ayrshare => "ayrshare",
            Self::Postiz => "postiz",
            Self::Hook => "hook",
        }
    }

    /// The name in sentences for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Buffer => "Buffer",
            Self::Ayrshare => "Ayrshare",
            Self::Postiz => "Postiz",
            Self::Hook => "The post hook",
        }
    }

    /// The scheduler of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}
