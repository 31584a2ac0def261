//! From what was asked to a request: every argument checked before any money moves.

mod asked;

use std::path::PathBuf;

use crate::config::Preview;
use crate::error::{Error, Result};
use crate::model::inspection::Inspection;

/// Arguments of `generate_video` and `make`.
#[derive(Clone, Debug, Default)]
pub struct GenerateInput {
    /// What the user wants to see, in the user's words.
    pub prompt: String,
    /// Asked length in seconds.
    pub duration_seconds: Option<f64>,
    /// `16:9`, `9:16`, …
    pub aspect_ratio: Option<String>,
    /// `720p` or `1080p`; what a model makes stands in the catalog.
    pub resolution: Option<String>,
    /// Only services with several models take one.
    pub model: Option<String>,
    /// `nemo`, `skillboss` or `sandbox`; else the configured one.
    pub service: Option<String>,
    /// What must not be in the picture.
    pub negative_prompt: Option<String>,
    /// Picture to start from: path, or for NemoVideo an address.
    pub image: Option<String>,
    /// Picture to end on: path or address.
    pub last_frame: Option<String>,
    /// Pictures to take style or characters from: paths or addresses.
    pub reference_images: Vec<String>,
    /// Whether it shall have sound; else the service decides.
    pub generate_audio: Option<bool>,
    /// Ceiling in dollars; NemoVideo spends prepaid credits and never dollars.
    pub max_cost_usd: Option<f64>,
    /// Continue in this session.
    pub session_id: Option<String>,
    /// Where the file shall lie.
    pub output_path: Option<String>,
    /// The same id gives the same job, for ever.
    pub request_id: Option<String>,
    /// Makes another one although the same was asked a moment ago.
    pub new: bool,
    /// Files to upload first (`make --upload FILE`).
    pub files: Vec<String>,
    /// In a long video of several parts, each begins on the last frame of the one before.
    pub chain_frames: bool,
    /// Agrees to the price of the job that the same call made before.
    pub quote_token: Option<String>,
    /// A person at a terminal agreed to any price within the budgets (`--yes`).
    pub approved: bool,
    /// The batch that it belongs to.
    pub batch: Option<String>,
    /// The picture that is made of the result; else as the setting says.
    pub preview: Option<Preview>,
    /// A result that fails its delivery check is an error.
    pub strict: bool,
    /// Where the file goes beside its folder: `folder` (nowhere) or `s3`; else as the setting says.
    pub deliver: Option<String>,
    /// The posts to be made of it, once it is there.
    pub publish: Option<PublishInput>,
    /// Whether a language model adds detail to the prompt first; else as the setting says.
    pub enhance: Option<bool>,
}

/// What is said about posts: the arguments of `publish`, and the same option of `generate_video`, `make` and a batch.
#[derive(Clone, Debug, Default)]
pub struct PublishInput {
    /// Where they appear: networks such as `tiktok`, with `:account` where there are several.
    pub channels: Vec<String>,
    /// The words under the clip.
    pub caption: Option<String>,
    /// When they appear: `now`, `queue` (the scheduler's next free slot), or a time such as 2026-12-01T15:00:00Z. None: never
    /// by itself, the post is a draft.
    pub when: Option<String>,
    /// Who takes them: `buffer`, `ayrshare`, `postiz` or `hook`; else as the setting says.
    pub scheduler: Option<String>,
    /// Only a draft, for a person to look at, whatever `when` says.
    pub draft: bool,
}

/// Arguments of `edit_video` and `edit`.
#[derive(Clone, Debug, Default)]
pub struct EditInput {
    /// What shall change, in the user's words.
    pub instruction: String,
    /// `nemo` or `sandbox`; else that of the session.
    pub service: Option<String>,
    /// Whose timeline; else the current one.
    pub session_id: Option<String>,
    /// The same id gives the same job, for ever.
    pub request_id: Option<String>,
    /// Sends it again although the same was asked a moment ago.
    pub new: bool,
}

/// Arguments of `export`.
#[derive(Clone, Debug, Default)]
pub struct ExportInput {
    /// `nemo` or `sandbox`; else that of the session.
    pub service: Option<String>,
    /// Whose timeline; else the current one.
    pub session_id: Option<String>,
    /// Where the file shall lie.
    pub output_path: Option<String>,
    /// The same id gives the same job, for ever.
    pub request_id: Option<String>,
    /// Renders again although the same was asked a moment ago.
    pub new: bool,
    /// The picture that is made of the result; else as the setting says.
    pub preview: Option<Preview>,
    /// A result that fails its delivery check is an error.
    pub strict: bool,
    /// Where the file goes beside its folder: `folder` (nowhere) or `s3`; else as the setting says.
    pub deliver: Option<String>,
    /// The posts to be made of it, once it is there.
    pub publish: Option<PublishInput>,
}

/// Arguments of `upload`.
#[derive(Clone, Debug, Default)]
pub struct UploadInput {
    /// Paths on this machine.
    pub files: Vec<String>,
    /// Public addresses that the service fetches.
    pub urls: Vec<String>,
    /// `nemo` or `sandbox`; else that of the session.
    pub service: Option<String>,
    /// Into which session; else the current one, else a new one.
    pub session_id: Option<String>,
}

/// Who calls, and from where.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The way in.
    pub door: Door,
    /// Relative paths start here.
    pub working_dir: PathBuf,
}

impl Caller {
    /// Whether it is somebody on this machine: what they work in is what the command line goes on with.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.door != Door::Remote
    }
}

/// The way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// An assistant on this machine: confined to the allowed folders; the current session is its connection's.
    Mcp,
    /// An assistant that came over HTTP, wherever it is: as [`Mcp`](Self::Mcp), but only the output folder and the
    /// folders that somebody has named in the settings are allowed.
    Remote,
    /// A person at a terminal: typed paths are meant; the current session is the ledger's last.
    Cli,
}

/// Longest prompt or instruction, in characters.
pub const MAX_PROMPT_CHARS: usize = 5_000;
/// Shortest and longest video, in seconds.
pub const DURATION_S: std::ops::RangeInclusive<f64> = 1.0..=300.0;
/// Aspect ratios that may be asked for.
pub const ASPECTS: [&str; 7] = ["16:9", "9:16", "1:1", "4:5", "4:3", "3:4", "21:9"];
/// Resolutions that NemoVideo may be asked for (it delivers H.264 up to 1080x1920); models have their own.
pub const RESOLUTIONS: [&str; 2] = ["720p", "1080p"];

/// The words of a prompt or an instruction, trimmed.
pub(super) fn words(name: &str, text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid(format!("The {name} is empty; nothing was sent."))
            .next(match name {
                "instruction" => "Say what shall change, for example: add a title that says Pacific.",
                _ => "Say in a sentence what shall be seen, for example: a 10-second video of a sunset over the ocean.",
            }));
    }
    let chars = text.chars().count();
    if chars > MAX_PROMPT_CHARS {
        return Err(Error::invalid(format!(
            "The {name} has {chars} characters, and {MAX_PROMPT_CHARS} is the limit; nothing was sent."
        ))
        .next("Shorten it: short, specific prompts give better videos."));
    }
    Ok(text.to_owned())
}

/// What is sent: the prompt as it is, and the wishes that came as arguments in a second paragraph.
pub(super) fn message(prompt: &str, input: &GenerateInput) -> Result<String> {
    let mut wishes = Vec::new();
    if let Some(seconds) = duration(input.duration_seconds)? {
        wishes.push(format!("Duration: {seconds} seconds."));
    }
    if let Some(aspect) = one_of("aspect_ratio", input.aspect_ratio.as_deref(), &ASPECTS)? {
        wishes.push(format!("Aspect ratio: {aspect}."));
    }
    if let Some(resolution) = one_of("resolution", input.resolution.as_deref(), &RESOLUTIONS)? {
        wishes.push(format!("Resolution: {resolution}."));
    }
    if let Some(avoid) = input.negative_prompt.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        wishes.push(format!("Avoid: {}.", words("negative_prompt", avoid)?.trim_end_matches('.')));
    }
    match input.generate_audio {
        Some(true) => wishes.push("With sound.".to_owned()),
        Some(false) => wishes.push("Without any sound or music.".to_owned()),
        None => {}
    }
    for (picture, role) in [(&input.image, "first frame"), (&input.last_frame, "last frame")] {
        if let Some(picture) = picture {
            wishes.push(format!("Use the uploaded picture {} as the {role}.", file_name(picture)));
        }
    }
    if !input.reference_images.is_empty() {
        let names: Vec<_> = input.reference_images.iter().map(|picture| file_name(picture)).collect();
        wishes.push(format!("Use the uploaded pictures {} as references for style.", names.join(", ")));
    }
    Ok(if wishes.is_empty() { prompt.to_owned() } else { format!("{prompt}\n\n{}", wishes.join(" ")) })
}

/// A wish for a model, which knows only arguments: what the prompt says of the whole, and no argument does, becomes one.
pub(super) fn as_spoken(input: &GenerateInput) -> GenerateInput {
    let is_given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
    let mut spoken = input.clone();
    spoken.duration_seconds = input.duration_seconds.or_else(|| asked::duration_s(&input.prompt));
    if !is_given(&input.aspect_ratio) {
        spoken.aspect_ratio = asked::aspect(&input.prompt).map(str::to_owned);
    }
    spoken
}

/// What the result is held to: the wishes, which [`message`] has checked. On a timeline of its own also a length that
/// the prompt states; elsewhere that may be the length of a part.
pub(super) fn inspection(input: &GenerateInput, is_alone: bool) -> Inspection {
    let trimmed = |text: &Option<String>| text.as_deref().map(str::trim).unwrap_or_default().to_owned();
    let (aspect, resolution) = (trimmed(&input.aspect_ratio), trimmed(&input.resolution));
    let sides = aspect.split_once(':').map(|(width, height)| (width.parse(), height.parse()));
    Inspection {
        preview: input.preview,
        strict: input.strict,
        duration_s: input.duration_seconds.or_else(|| asked::duration_s(&input.prompt).filter(|_| is_alone)),
        aspect: sides.and_then(|sides| Some((sides.0.ok()?, sides.1.ok()?))),
        lines: match resolution.to_ascii_lowercase().as_str() {
            "4k" => Some(2160),
            lines => lines.strip_suffix('p').and_then(|lines| lines.parse().ok()),
        },
        sound: input.generate_audio,
    }
}

/// The asked length, checked.
pub(super) fn duration(seconds: Option<f64>) -> Result<Option<f64>> {
    match seconds {
        Some(seconds) if !seconds.is_finite() || !DURATION_S.contains(&seconds) => {
            Err(Error::invalid(format!(
                "duration_seconds is {seconds}; it must be from {} to {}. Nothing was sent.",
                DURATION_S.start(),
                DURATION_S.end()
            ))
            .next("Ask for a length in that range."))
        }
        seconds => Ok(seconds),
    }
}

/// Arguments that only other services understand are refused, not dropped.
pub(super) fn refuse_foreign_wishes(input: &GenerateInput) -> Result<()> {
    if let Some(model) =
        input.model.as_deref().map(str::trim).filter(|model| !model.is_empty() && *model != "auto")
    {
        return Err(Error::invalid(format!(
            "NemoVideo chooses its model itself, so model {:?} cannot be asked for. Nothing was sent.",
            crate::redact::quote(model, 60)
        ))
        .next("Leave model out, or name one of SkillBoss: estimate_cost lists them."));
    }
    if input.enhance == Some(true) {
        return Err(Error::invalid(
            "NemoVideo's agent elaborates prompts itself, so enhance is for models of SkillBoss. Nothing was sent.",
        )
        .next("Leave enhance out, or name a model."));
    }
    if let Some(usd) = input.max_cost_usd
        && (!usd.is_finite() || usd < 0.0)
    {
        return Err(Error::invalid(format!(
            "max_cost_usd is {usd}; it must be 0 or more. Nothing was sent."
        )));
    }
    Ok(())
}

/// A value from a closed list.
fn one_of<'a>(name: &str, value: Option<&'a str>, legal: &[&str]) -> Result<Option<&'a str>> {
    match value.map(str::trim).filter(|value| !value.is_empty()) {
        Some(value) if !legal.contains(&value) => Err(Error::invalid(format!(
            "{name} is {:?}; it must be one of {}. Nothing was sent.",
            crate::redact::quote(value, 40),
            legal.join(", ")
        ))
        .next(format!("Use one of them, or leave {name} out."))),
        value => Ok(value),
    }
}

/// The last part of a path or an address, by which the service knows an upload.
fn file_name(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or(text);
    text.rsplit(['/', '\\']).next().unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_arguments_are_named() {
        let bad = |input: GenerateInput| message("x", &input).unwrap_err().to_string();
        for seconds in [0.0, -1.0, 4000.0, f64::NAN, 0.5] {
            let said = bad(GenerateInput { duration_seconds: Some(seconds), ..Default::default() });
            assert!(said.contains("duration_seconds") && said.contains("1 to 300"), "{said}");
        }
        assert!(
            bad(GenerateInput { aspect_ratio: Some("2:1".into()), ..Default::default() }).contains("16:9")
        );
        assert!(bad(GenerateInput { resolution: Some("8k".into()), ..Default::default() }).contains("1080p"));
        assert!(words("prompt", " \n ").is_err());
        assert!(words("prompt", &"x".repeat(20_000)).unwrap_err().to_string().contains("20000"));
    }

    #[test]
    fn a_size_is_held_to_its_lines() {
        for (resolution, lines) in [("720p", Some(720)), ("4k", Some(2160)), ("4K", Some(2160)), ("", None)] {
            let input = GenerateInput { resolution: Some(resolution.into()), ..Default::default() };
            assert_eq!(inspection(&input, true).lines, lines, "{resolution}");
        }
    }

    #[test]
    fn wishes_stand_beside_the_untouched_prompt() {
        let input = GenerateInput {
            duration_seconds: Some(10.0),
            aspect_ratio: Some("9:16".into()),
            generate_audio: Some(false),
            ..Default::default()
        };
        assert_eq!(
            message("海上的日落", &input).unwrap(),
            "海上的日落\n\nDuration: 10 seconds. Aspect ratio: 9:16. Without any sound or music."
        );
        assert_eq!(message("as it is", &GenerateInput::default()).unwrap(), "as it is");
    }
}
