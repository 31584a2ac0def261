//! `inputs`: checked against the model, and made into what is going to be done.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::answer::Refusal;
use super::models::{Kind, Model, Video};
use super::options::Durations;
use super::rows::{Wish, Work};
use super::{SkillBoss, Usd};

/// The largest picture.
const PICTURE_BYTES: usize = 8 * 1024 * 1024;
/// The longest clip when lengths are not checked.
const LONGEST_SECONDS: u32 = 60;

/// A request that can be done.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) work: Work,
    /// Seconds or requests that are billed.
    pub(super) units: u32,
    /// The list price of all units.
    pub(super) price: Usd,
    /// The picture that the clip begins with.
    pub(super) first_frame: Option<Vec<u8>>,
}

impl SkillBoss {
    /// Reads `inputs` for this model.
    pub(super) fn order(&self, model: &Model, inputs: &Value) -> Result<Order, Refusal> {
        if !inputs.is_object() {
            return Err(Refusal::field("inputs", "an object is required"));
        }
        let own = self.options.prices_usd.get(model.id).copied();
        let plain = |work: Work, units: u32, each: Usd| Order {
            work,
            units,
            price: own.unwrap_or(each) * units,
            first_frame: None,
        };
        match &model.kind {
            Kind::Video(video) => {
                let (wish, first_frame) = self.wish(model, video, inputs)?;
                let each = video.sizes.iter().find(|(size, _)| *size == wish.size).map(|(_, price)| *price);
                let price = own.or(each).unwrap_or_default() * wish.seconds;
                Ok(Order { units: wish.seconds, work: Work::Clip(wish), price, first_frame })
            }
            Kind::TemplateUpdate { price } => Ok(plain(template_update(inputs)?, 1, *price)),
            Kind::TemplateRender { price } => {
                let id = text(inputs, "id")?
                    .ok_or_else(|| Refusal::field("inputs.id", "a template's id is required"))?;
                let wish = template_wish(&id, inputs)?;
                let seconds = wish.seconds;
                Ok(plain(Work::Clip(wish), seconds, *price))
            }
            Kind::Chat { price } => {
                let text = last_user_message(inputs)
                    .ok_or_else(|| Refusal::field("inputs.messages", "a message of the user is required"))?;
                Ok(plain(Work::Chat { text }, 1, *price))
            }
        }
    }

    fn wish(&self, model: &Model, video: &Video, inputs: &Value) -> Result<(Wish, Option<Vec<u8>>), Refusal> {
        let policy = self.options.durations;
        let prompt = text(inputs, "prompt")?
            .filter(|prompt| !prompt.trim().is_empty())
            .ok_or_else(|| Refusal::field("inputs.prompt", "a text is required"))?;
        text(inputs, "negative_prompt")?;
        let audio = match inputs.get("generate_audio") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(audio)) => *audio,
            Some(_) => return Err(Refusal::field("inputs.generate_audio", "must be true or false")),
        };
        let aspect = choice(inputs, "aspect_ratio", video.aspects, "16:9", model)?;
        let sizes: Vec<&str> = video.sizes.iter().map(|(size, _)| *size).collect();
        let usual = sizes.first().copied().unwrap_or("1080p");
        let mut size = choice(inputs, "resolution", &sizes, usual, model)?;

        let asked = seconds(inputs)?;
        let mut length = asked.unwrap_or_else(|| video.seconds.usual());
        if !video.seconds.all().contains(&length) {
            match policy {
                Durations::Reject => {
                    let list: Vec<String> = video.seconds.all().iter().map(u32::to_string).collect();
                    let text =
                        format!("{} makes clips of {} seconds, not {length}", model.id, list.join(", "));
                    return Err(Refusal::field(seconds_key(inputs), &text));
                }
                Durations::Clamp => length = video.seconds.nearest(length),
                Durations::Accept => {}
            }
        }
        if let Some(only) = video.large_only_at.filter(|only| size != "720p" && *only != length) {
            match policy {
                Durations::Reject => {
                    let text = format!(
                        "{size} is made with {only} seconds only, not {length}; 720p with any length"
                    );
                    return Err(Refusal::field("inputs.resolution", &text));
                }
                Durations::Clamp => "720p".clone_into(&mut size),
                Durations::Accept => {}
            }
        }
        let first = picture(inputs, "image")?;
        let last = picture(inputs, "last_frame")?;
        let references = references(inputs, video.references)?;
        let refuse = |name: &str, text: &str| Err(Refusal::field(name, text));
        if first.is_some() && !video.first_frame {
            return refuse("inputs.image", "this model takes no first frame");
        }
        if last.is_some() && !video.last_frame {
            return refuse("inputs.last_frame", "this model takes no last frame");
        }
        if last.is_some() && first.is_none() {
            return refuse("inputs.last_frame", "needs inputs.image too");
        }
        if references > 0 && first.is_some() {
            return refuse("inputs.reference_images", "cannot be used together with inputs.image");
        }
        if let Some(only) = video
            .large_only_at
            .filter(|only| references > 0 && *only != length && policy == Durations::Reject)
        {
            return refuse("inputs.reference_images", &format!("need a clip of {only} seconds"));
        }
        if model.id == "mm/i2v" && first.is_none() {
            return refuse("inputs.image", "a first frame is required");
        }
        let (width, height) = measures(&aspect, &size);
        let wish = Wish {
            prompt,
            seconds: length,
            aspect,
            size,
            width,
            height,
            audio,
            first_frame: first.is_some(),
        };
        Ok((wish, first))
    }
}

fn text(inputs: &Value, key: &str) -> Result<Option<String>, Refusal> {
    match inputs.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::field(&format!("inputs.{key}"), "must be a text")),
    }
}

fn choice(inputs: &Value, key: &str, among: &[&str], usual: &str, model: &Model) -> Result<String, Refusal> {
    let given = text(inputs, key)?.unwrap_or_else(|| usual.to_owned());
    if among.iter().any(|one| one.eq_ignore_ascii_case(&given)) {
        return Ok(given.to_lowercase());
    }
    let all = among.join(", ");
    Err(Refusal::field(&format!("inputs.{key}"), &format!("{} makes {all}, not {given}", model.id)))
}

/// Both names of the length are in use.
fn seconds_key(inputs: &Value) -> &'static str {
    if inputs.get("duration_seconds").is_some() { "inputs.duration_seconds" } else { "inputs.duration" }
}

fn seconds(inputs: &Value) -> Result<Option<u32>, Refusal> {
    let read = |key: &str| match inputs.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64() {
            Some(number)
                if number >= 1.0 && number.fract() == 0.0 && number <= f64::from(LONGEST_SECONDS) =>
            {
                Ok(Some(number as u32))
            }
            _ => {
                let text = format!("must be a whole number of seconds from 1 to {LONGEST_SECONDS}");
                Err(Refusal::field(&format!("inputs.{key}"), &text))
            }
        },
    };
    match (read("duration_seconds")?, read("duration")?) {
        (Some(one), Some(other)) if one != other => {
            Err(Refusal::field("inputs.duration", "contradicts inputs.duration_seconds"))
        }
        (one, other) => Ok(one.or(other)),
    }
}

/// A picture in base64, with or without the head of a data address.
fn picture(inputs: &Value, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
    let name = format!("inputs.{key}");
    text(inputs, key)?.map(|given| decoded(&name, &given)).transpose()
}

fn decoded(name: &str, given: &str) -> Result<Vec<u8>, Refusal> {
    let bare = match given.strip_prefix("data:") {
        Some(rest) => rest.split_once(";base64,").map_or("", |(_, data)| data),
        None => given,
    };
    let bytes =
        STANDARD.decode(bare.trim()).map_err(|_| Refusal::field(name, "must be a picture in base64"))?;
    if bytes.len() > PICTURE_BYTES {
        return Err(Refusal::field(name, "is larger than 8 MB"));
    }
    let known = bytes.starts_with(b"\x89PNG\r\n\x1a\n")
        || bytes.starts_with(b"\xff\xd8\xff")
        || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"));
    if known { Ok(bytes) } else { Err(Refusal::field(name, "is no PNG, JPEG or WebP picture")) }
}

fn references(inputs: &Value, most: usize) -> Result<usize, Refusal> {
    const NAME: &str = "inputs.reference_images";
    let list = match inputs.get("reference_images") {
        None | Some(Value::Null) => return Ok(0),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Refusal::field(NAME, "must be a list of pictures in base64")),
    };
    if list.len() > most {
        return Err(Refusal::field(NAME, &format!("at most {most} pictures")));
    }
    for one in list {
        decoded(NAME, one.as_str().unwrap_or_default())?;
    }
    Ok(list.len())
}

/// Width and height of a shape in a size.
fn measures(aspect: &str, size: &str) -> (u32, u32) {
    let short = match size {
        "4k" => 2160,
        _ => size.trim_end_matches('p').parse().unwrap_or(1080),
    };
    let (x, y): (u32, u32) =
        aspect.split_once(':').and_then(|(x, y)| Some((x.parse().ok()?, y.parse().ok()?))).unwrap_or((16, 9));
    let long = (short * x.max(y) / x.min(y).max(1)).next_multiple_of(2);
    if x >= y { (long, short) } else { (short, long) }
}

/// Shotstack's own fields; a video model's make no sense here, though the published example has them.
fn template_update(inputs: &Value) -> Result<Work, Refusal> {
    let name = text(inputs, "name")?.or(text(inputs, "prompt")?);
    let name = name.ok_or_else(|| Refusal::field("inputs.name", "a name is required"))?;
    let id = text(inputs, "id")?.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let blank = match inputs.get("template") {
        None | Some(Value::Null) => true,
        Some(template) => {
            let tracks = template.pointer("/timeline/tracks").is_some_and(Value::is_array);
            if !tracks || template.pointer("/output/format").is_none() {
                let text = "needs timeline.tracks and output.format";
                return Err(Refusal::field("inputs.template", text));
            }
            false
        }
    };
    Ok(Work::TemplateUpdate { id, name, blank })
}

fn template_wish(id: &str, inputs: &Value) -> Result<Wish, Refusal> {
    Ok(Wish {
        prompt: format!("template {id}"),
        seconds: seconds(inputs)?.unwrap_or(8),
        aspect: "16:9".to_owned(),
        size: "720p".to_owned(),
        width: 1280,
        height: 720,
        audio: true,
        first_frame: false,
    })
}

/// The last message of the user in a list of messages.
pub(super) fn last_user_message(of: &Value) -> Option<String> {
    let messages = of.get("messages")?.as_array()?;
    let last =
        messages.iter().rev().find(|message| message.get("role").and_then(Value::as_str) == Some("user"))?;
    let content = last.get("content")?;
    let parts = || content.as_array()?.iter().find_map(|part| part.get("text")?.as_str());
    content.as_str().or_else(parts).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}
