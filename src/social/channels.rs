//! Networks: how they are called, and what each takes of a video. Data, with sources, in `channels.toml`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::Message;
use crate::error::{Error, Kind, Result};
use crate::model::delivery::{Channel, Scheduler};
use crate::model::report::FileReport;
use crate::redact;

/// One network.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The name in sentences.
    pub title: String,
    /// Other names that people use.
    #[serde(default)]
    aliases: Vec<String>,
    /// What schedulers call it, when not as we do.
    service: Option<String>,
    /// The longest caption, in characters.
    caption_chars: Option<usize>,
    /// The shortest and the longest video, in seconds.
    duration_s: Option<(f64, f64)>,
    /// The largest file.
    megabytes: Option<u64>,
    /// The narrowest and the widest picture, as width by height.
    aspect: Option<(f64, f64)>,
    /// What Ayrshare calls it, when not as we do.
    ayrshare: Option<String>,
    /// What Postiz calls it: several, where it has more than one way in.
    #[serde(default)]
    postiz: Vec<String>,
    /// What else a scheduler wants to know, by the scheduler's name. `{title}` is filled in.
    #[serde(default)]
    options: BTreeMap<String, serde_json::Value>,
    /// Where the numbers stand.
    pub source: String,
    /// When they were read, as in `2026-11`.
    pub as_of: String,
}

type Table = BTreeMap<String, Network>;

fn table() -> Result<&'static Table> {
    static TABLE: OnceLock<Option<Table>> = OnceLock::new();
    TABLE
        .get_or_init(|| toml::from_str(include_str!("channels.toml")).ok())
        .as_ref()
        .ok_or_else(|| Error::internal("The table of channels cannot be read."))
}

/// The channel that somebody means by `tiktok` or `reels:brand`.
///
/// # Errors
/// `InvalidInput` naming the channels that there are, and the nearest one.
pub fn read(words: &str) -> Result<Channel> {
    let (name, account) = match words.split_once(':') {
        Some((name, account)) => (name, Some(account.trim())),
        None => (words, None),
    };
    let wanted = name.trim().to_ascii_lowercase().replace([' ', '_'], "-");
    let table = table()?;
    let known = |(name, network): &(&String, &Network)| **name == wanted || network.aliases.contains(&wanted);
    if let Some((name, _)) = table.iter().find(known) {
        return Ok(Channel {
            network: name.clone(),
            account: account.filter(|account| !account.is_empty()).map(str::to_owned),
        });
    }
    let names = || table.iter().flat_map(|(name, network)| std::iter::once(name).chain(&network.aliases));
    let near = names()
        .map(|name| (strsim::normalized_damerau_levenshtein(name, &wanted), name))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(near, _)| *near > 0.6);
    let all: Vec<&str> = table.keys().map(String::as_str).collect();
    let mut next = format!("There are {}.", all.join(", "));
    if let Some((_, name)) = near {
        next = format!("Did you mean {name}? {next}");
    }
    Err(Error::invalid(format!("There is no channel {:?}. Nothing was sent.", redact::label(words)))
        .next(next))
}

/// The names of all networks.
///
/// # Errors
/// `Internal` when the built-in table is damaged.
pub fn names() -> Result<impl Iterator<Item = &'static str>> {
    Ok(table()?.keys().map(String::as_str))
}

/// The network of a channel.
///
/// # Errors
/// `InvalidInput` for one that this version does not know.
pub fn network(channel: &Channel) -> Result<&'static Network> {
    table()?
        .get(&channel.network)
        .ok_or_else(|| Error::invalid(format!("There is no channel {:?}.", redact::label(&channel.network))))
}

impl Network {
    /// What schedulers call it.
    #[must_use]
    pub fn service<'a>(&'a self, channel: &'a Channel) -> &'a str {
        self.service.as_deref().unwrap_or(&channel.network)
    }

    /// What Ayrshare calls it.
    pub(super) fn ayrshare<'a>(&'a self, channel: &'a Channel) -> &'a str {
        self.ayrshare.as_deref().unwrap_or_else(|| self.service(channel))
    }

    /// What Postiz calls it.
    pub(super) fn postiz<'a>(&'a self, channel: &'a Channel) -> Vec<&'a str> {
        if self.postiz.is_empty() {
            return vec![channel.network.as_str()];
        }
        self.postiz.iter().map(String::as_str).collect()
    }

    /// What else a scheduler wants to know about a post on it.
    pub(super) fn options(&self, scheduler: Scheduler, message: &Message) -> Option<serde_json::Value> {
        let mut options = self.options.get(scheduler.name())?.clone();
        fill(&mut options, message);
        Some(options)
    }

    /// Whether it takes these words.
    ///
    /// # Errors
    /// `InvalidInput` with the limit.
    pub fn check_caption(&self, caption: &str) -> Result<()> {
        let chars = caption.chars().count();
        match self.caption_chars {
            Some(most) if chars > most => Err(Error::invalid(format!(
                "The caption has {chars} characters, and {} takes {most}. Nothing was sent.",
                self.title
            ))
            .next(format!("Shorten it by {}.", chars - most))),
            _ => Ok(()),
        }
    }

    /// Everything about a file that it does not take, as sentences; empty when it takes it. What could not be measured is
    /// not held against it.
    #[must_use]
    pub fn misfits(&self, file: &FileReport) -> Vec<String> {
        let mut found = Vec::new();
        if let (Some((least, most)), Some(length)) = (self.duration_s, file.duration_s) {
            if length > most + 0.5 {
                found.push(format!("it lasts {length:.1} s, and {} takes at most {most} s", self.title));
            } else if length + 0.1 < least {
                found.push(format!("it lasts {length:.1} s, and {} takes at least {least} s", self.title));
            }
        }
        if let Some(most) = self.megabytes
            && file.bytes > most * 1_000_000
        {
            let megabytes = file.bytes.div_ceil(1_000_000);
            found.push(format!("it has {megabytes} MB, and {} takes {most} MB", self.title));
        }
        if let (Some((narrow, wide)), Some(width), Some(height)) = (self.aspect, file.width, file.height) {
            let shape = f64::from(width) / f64::from(height.max(1));
            if shape > wide * 1.02 {
                let shape =
                    if wide <= 1.0 { "pictures that stand or are square" } else { "narrower pictures" };
                found.push(format!("it is {width}x{height}, and {} takes {shape}", self.title));
            } else if shape < narrow * 0.98 {
                found.push(format!("it is {width}x{height}, and {} takes wider pictures", self.title));
            }
        }
        found
    }

    /// Refuses a file that it does not take.
    ///
    /// # Errors
    /// `InvalidInput` naming every misfit, the source of the limits and their date.
    pub fn check_file(&self, file: &FileReport) -> Result<()> {
        let misfits = self.misfits(file);
        if misfits.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            Kind::UnsupportedFile,
            format!("{} does not take this clip: {}. Nothing was posted.", self.title, misfits.join("; ")),
        )
        .next(format!(
            "Make one that fits, or leave this channel out. The limits are those of {} ({}).",
            self.source, self.as_of
        )))
    }
}

/// Puts the words of a message into the places for them.
fn fill(value: &mut serde_json::Value, message: &Message) {
    match value {
        serde_json::Value::String(text) if text.as_str() == "{title}" => text.clone_from(&message.title),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(|value| fill(value, message)),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|value| fill(value, message)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(duration_s: f64, width: u32, height: u32, bytes: u64) -> FileReport {
        FileReport {
            duration_s: Some(duration_s),
            width: Some(width),
            height: Some(height),
            bytes,
            ..FileReport::default()
        }
    }

    #[test]
    fn channels_are_known_by_the_names_that_people_use() {
        for (words, network, account) in [
            ("tiktok", "tiktok", None),
            ("Reels", "instagram", None),
            ("instagram:brand", "instagram", Some("brand")),
            (" Twitter ", "x", None),
            ("youtube shorts:", "shorts", None),
        ] {
            let read = read(words).unwrap();
            assert_eq!((read.network.as_str(), read.account.as_deref()), (network, account), "{words}");
        }
        let error = read("tiktk").unwrap_err();
        assert!(error.next_step().unwrap().starts_with("Did you mean tiktok?"), "{error:?}");
        let error = read("myspace").unwrap_err();
        assert!(error.next_step().unwrap().starts_with("There are bluesky, "), "{error:?}");
    }

    #[test]
    fn limits_are_held() {
        for (words, clip, misfit) in [
            ("shorts", clip(30.0, 1080, 1920, 9_000_000), None),
            ("shorts", clip(200.0, 1080, 1920, 9_000_000), Some("at most 180 s")),
            ("shorts", clip(30.0, 1920, 1080, 9_000_000), Some("stand or are square")),
            ("x", clip(141.0, 1920, 1080, 9_000_000), Some("at most 140 s")),
            ("tiktok", clip(2.0, 1080, 1920, 9_000_000), Some("at least 3 s")),
            ("instagram", clip(30.0, 1080, 1920, 301_000_000), Some("301 MB")),
            ("youtube", clip(7_000.0, 1920, 1080, 9_000_000_000), None),
        ] {
            let channel = read(words).unwrap();
            let told = network(&channel).unwrap().check_file(&clip).err().map(|error| error.to_string());
            assert_eq!(told.is_some(), misfit.is_some(), "{words}: {told:?}");
            assert!(told.unwrap_or_default().contains(misfit.unwrap_or_default()), "{words}");
        }
        let x = read("x").unwrap();
        assert!(network(&x).unwrap().check_caption(&"é".repeat(280)).is_ok());
        assert!(network(&x).unwrap().check_caption(&"é".repeat(281)).is_err());
    }

    #[test]
    fn every_number_has_a_source_and_a_date() {
        for (name, network) in table().unwrap() {
            assert!(network.source.len() > 8 && network.as_of.len() == 7, "{name}");
        }
    }
}
