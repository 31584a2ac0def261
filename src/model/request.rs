//! What was asked, parsed and therefore valid. The ledger stores it as JSON; fields are only ever added.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::delivery::{Channel, Delivery, Scheduler, Timing};
use crate::model::inspection::Inspection;
use crate::model::job::{JobId, JobKind};
use crate::model::report::FileReport;
use crate::money::Usd;
use crate::redact::SafeUrl;

/// What a job was asked to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[expect(clippy::large_enum_variant, reason = "there is one in a job, and jobs are few")]
pub enum Request {
    /// A message to the agent.
    Turn(Turn),
    /// An export.
    Render(Render),
    /// Both, one after the other.
    Video(Video),
    /// One call of a SkillBoss model.
    Run(Run),
    /// Several calls side by side, joined into one file.
    Film(Film),
    /// A finished file on its way into the bucket and before people.
    Handover(Handover),
    /// One post of a clip on one channel.
    Post(Post),
}

impl Request {
    /// The words that were asked with; nothing for what needs none, such as an export.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Turn(turn) => &turn.message,
            Self::Video(video) => &video.prompt,
            Self::Run(run) => &run.prompt,
            Self::Film(film) => &film.prompt,
            Self::Post(post) => &post.caption,
            Self::Render(_) | Self::Handover(_) => "",
        }
    }

    /// The kind of job that does it.
    #[must_use]
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::Turn(_) => JobKind::Turn,
            Self::Render(_) => JobKind::Render,
            Self::Video(_) => JobKind::Video,
            Self::Run(_) => JobKind::Run,
            Self::Film(_) => JobKind::Film,
            Self::Handover(_) => JobKind::Handover,
            Self::Post(_) => JobKind::Post,
        }
    }

    /// How the file that it makes is looked at, if it makes one.
    #[must_use]
    pub const fn inspection(&self) -> Option<&Inspection> {
        match self {
            Self::Turn(_) | Self::Post(_) => None,
            Self::Handover(handover) => Some(&handover.inspection),
            Self::Render(render) => Some(&render.inspection),
            Self::Video(video) => Some(&video.inspection),
            Self::Run(run) => Some(&run.inspection),
            Self::Film(film) => Some(&film.inspection),
        }
    }

    /// What becomes of the file that it makes, if it makes one.
    #[must_use]
    pub const fn delivery(&self) -> Option<&Delivery> {
        match self {
            Self::Turn(_) | Self::Post(_) => None,
            Self::Handover(handover) => Some(&handover.delivery),
            Self::Render(render) => Some(&render.delivery),
            Self::Video(video) => Some(&video.delivery),
            Self::Run(run) => Some(&run.delivery),
            Self::Film(film) => Some(&film.delivery),
        }
    }
}

/// A message to the NemoVideo agent, sent exactly as written here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The words.
    pub message: String,
    /// Files and addresses to put into the session first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// Language of the words, as in `zh-CN`; a session that must be made gets it.
    pub language: String,
    /// Asked for over HTTP, or by a batch: a session that must be made does not become the command line's current one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aside: bool,
}

/// An export of the session's timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Render {
    /// The file to write, absolute; a number is added when it exists by then.
    pub output_path: PathBuf,
    /// How the file is looked at.
    #[serde(default, skip_serializing_if = "Inspection::is_plain")]
    pub inspection: Inspection,
    /// What becomes of the file.
    #[serde(default, skip_serializing_if = "Delivery::is_plain")]
    pub delivery: Delivery,
}

/// A prompt in, a file out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Video {
    /// What the user asked for, in the user's words.
    pub prompt: String,
    /// What is sent: the prompt, and the wishes beside it in a second paragraph.
    pub turn: Turn,
    /// The file to write, absolute; a number is added when it exists by then.
    pub output_path: PathBuf,
    /// Asked length in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// How the file is looked at.
    #[serde(default, skip_serializing_if = "Inspection::is_plain")]
    pub inspection: Inspection,
    /// What becomes of the file.
    #[serde(default, skip_serializing_if = "Delivery::is_plain")]
    pub delivery: Delivery,
}

/// One call of a model at SkillBoss, sent exactly as written here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What the user asked for, in the user's words.
    pub prompt: String,
    /// The model, as the service names it.
    pub model: String,
    /// What is asked of the model; pictures are read from their files when it is sent.
    pub inputs: Inputs,
    /// The most that it may cost: set aside here and told to the service as its cap.
    pub most: Usd,
    /// What it will probably cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Usd>,
    /// The file to write, absolute; a number is added when it exists by then. None when no file comes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_path: Option<PathBuf>,
    /// The batch that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// What to do when the service has no room for the model: the same at another tier, at a price that was allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
    /// The change of a template, instead of a clip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,
    /// A prompt is rewritten by a language model, instead of a clip.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rewrite: bool,
    /// A language model adds detail to the prompt before it is sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enhance: bool,
    /// What became of the prompt before this was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enhancement: Option<Enhancement>,
    /// It begins on the last frame of the part before, and waits for that.
    #[serde(default)]
    pub after_previous: bool,
    /// How the file is looked at.
    #[serde(default, skip_serializing_if = "Inspection::is_plain")]
    pub inspection: Inspection,
    /// What becomes of the file.
    #[serde(default, skip_serializing_if = "Delivery::is_plain")]
    pub delivery: Delivery,
}

impl Run {
    /// The same with what became of its prompt; what stands after the user's words stays.
    #[must_use]
    pub fn with_words(mut self, enhancement: &Enhancement) -> Self {
        if let Some(text) = &enhancement.text
            && let Some(rest) = self.inputs.prompt.strip_prefix(&self.prompt)
        {
            self.inputs.prompt = format!("{text}{rest}");
        }
        Self { enhance: false, enhancement: Some(enhancement.clone()), ..self }
    }
}

/// A change of a Shotstack template (wholesale video API, "Shotstack Template Update").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Which one.
    pub id: String,
    /// Its name from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its definition from now on: timeline and output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<serde_json::Value>,
    /// An update without a definition empties the template; that is meant.
    #[serde(default)]
    pub blank: bool,
}

/// A prompt that was to be rewritten with more detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enhancement {
    /// What is sent instead of the user's words; none when that came to nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What became of it, for people.
    pub note: String,
}

/// Another model for the same wish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallback {
    /// The model.
    pub model: String,
    /// What it will probably cost; never more than the run's cap.
    pub estimate: Usd,
}

/// Several runs that become one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Film {
    /// What the user asked for, in the user's words.
    pub prompt: String,
    /// The parts in order; each has its own file.
    pub parts: Vec<Run>,
    /// Parts that an earlier film had and paid for, by their place: their jobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub had: Vec<Option<JobId>>,
    /// A language model adds detail to the prompt before the parts are sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enhance: bool,
    /// The file to write, absolute; a number is added when it exists by then.
    pub output_path: PathBuf,
    /// Length in seconds of the parts together.
    pub duration_s: f64,
    /// How the file is looked at.
    #[serde(default, skip_serializing_if = "Inspection::is_plain")]
    pub inspection: Inspection,
    /// What becomes of the file.
    #[serde(default, skip_serializing_if = "Delivery::is_plain")]
    pub delivery: Delivery,
}

/// A file that is here already: it goes into the bucket, and posts are made of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// The file, absolute.
    pub path: PathBuf,
    /// How it is looked at.
    #[serde(default, skip_serializing_if = "Inspection::is_plain")]
    pub inspection: Inspection,
    /// What becomes of it.
    pub delivery: Delivery,
}

/// One post: a clip, a channel, a scheduler. Sent at most once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// Who takes it.
    pub scheduler: Scheduler,
    /// Where it appears.
    pub channel: Channel,
    /// The words under it.
    pub caption: String,
    /// A short title, for networks that want one.
    pub title: String,
    /// When it appears.
    pub timing: Timing,
    /// Where everybody can fetch the clip.
    pub media_url: url::Url,
    /// The clip, as it was measured.
    pub file: FileReport,
    /// Its sum.
    pub sha256: String,
}

/// What is asked of a model (wholesale video API, "inputs.*").
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inputs {
    /// The words that are sent.
    pub prompt: String,
    /// Length in whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<u32>,
    /// `16:9`, `9:16`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<String>,
    /// `720p`, `1080p`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// What must not be in the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negative_prompt: Option<String>,
    /// First frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<PathBuf>,
    /// Last frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_frame: Option<PathBuf>,
    /// Pictures for style and characters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reference_images: Vec<PathBuf>,
    /// Whether it shall have sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate_audio: Option<bool>,
}

/// A file or an address that goes into a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Media {
    /// A file on this machine, absolute, already checked.
    File(PathBuf),
    /// A public address, already checked; it may be signed.
    Url(SafeUrl),
}

impl Media {
    /// The name by which people and services know it: the last part of the path or address.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Url(url) => url
                .reveal()
                .path_segments()
                .and_then(|mut parts| parts.next_back())
                .filter(|part| !part.is_empty())
                .unwrap_or("the address")
                .to_owned(),
        }
    }
}
