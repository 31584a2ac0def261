//! Networks: how they are called, and what each takes of a video. Data, with sources, in `channels.toml`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::Message;
use super::caption::{self, Unit};
use crate::error::{Error, Kind, Result};
use crate::model::delivery::{Channel, Scheduler};
use crate::model::report::FileReport;
use crate::redact;

/// What is known of a clip before it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Planned {
    /// Its length in seconds.
    pub duration_s: Option<f64>,
    /// Its width and height, as a ratio.
    pub aspect: Option<(u32, u32)>,
}

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
    /// The longest caption.
    caption_most: Option<usize>,
    /// What that is counted in.
    #[serde(default)]
    caption_unit: Unit,
    /// Signs that a caption must not hold.
    #[serde(default)]
    caption_without: String,
    /// The most hashtags in a caption.
    hashtags: Option<usize>,
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
    /// Schedulers, by name, through which no clip gets there from here, and why not.
    #[serde(default)]
    not_through: BTreeMap<String, String>,
    /// Where the numbers stand.
    pub source: String,
    /// When they were read, as in `2026-11`.
    pub as_of: String,
}

type Table = BTreeMap<String, Network>;

fn table() -> Result<&'static Table> {
    static TABLE: OnceLock<Option<Table>> = OnceLock::new();
    TABLE
        .get_or_init(|| toml::from_str(include_str!("../channels.toml")).ok())
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

    /// Whether a scheduler can post to it for us.
    ///
    /// # Errors
    /// `InvalidInput` with the reason, and what can.
    pub fn check_way(&self, scheduler: Scheduler) -> Result<()> {
        let Some(why) = self.not_through.get(scheduler.name()) else { return Ok(()) };
        let others = Scheduler::ALL.into_iter().filter(|one| !self.not_through.contains_key(one.name()));
        let others: Vec<_> = others.map(Scheduler::name).collect();
        Err(Error::invalid(format!(
            "{} cannot be posted to through {}: {why} Nothing was sent.",
            self.title,
            scheduler.title()
        ))
        .next(format!("Leave this channel out, or take another scheduler for it: {}.", others.join(", "))))
    }

    /// Whether it takes these words.
    ///
    /// # Errors
    /// `InvalidInput` with the limit, in the network's own way of counting.
    pub fn check_caption(&self, caption: &str) -> Result<()> {
        let length = self.caption_unit.count(caption);
        if let Some(most) = self.caption_most.filter(|most| length > *most) {
            return Err(Error::invalid(format!(
                "The caption has {length} {}, and {} takes {most}. Nothing was sent.",
                self.caption_unit.words(),
                self.title
            ))
            .next(format!("Shorten it by {}.", length - most)));
        }
        let hashtags = caption::hashtags(caption);
        if let Some(most) = self.hashtags.filter(|most| hashtags > *most) {
            return Err(Error::invalid(format!(
                "The caption has {hashtags} hashtags, and {} takes {most}. Nothing was sent.",
                self.title
            ))
            .next(format!("Leave out {} of them.", hashtags - most)));
        }
        match caption.chars().find(|sign| self.caption_without.contains(*sign)) {
            Some(sign) => Err(Error::invalid(format!(
                "The caption holds the sign {sign}, which {} does not take. Nothing was sent.",
                self.title
            ))
            .next("Write it in another way.")),
            None => Ok(()),
        }
    }

    /// Everything about a file that it does not take, as sentences; empty when it takes it. What could not be measured is
    /// not held against it.
    #[must_use]
    pub fn misfits(&self, file: &FileReport) -> Vec<String> {
        self.held(file, |width, height| format!("{width}x{height}"))
    }

    fn held(&self, file: &FileReport, shape_of: impl Fn(u32, u32) -> String) -> Vec<String> {
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
                found.push(format!("it is {}, and {} takes {shape}", shape_of(width, height), self.title));
            } else if shape < narrow * 0.98 {
                found.push(format!(
                    "it is {}, and {} takes wider pictures",
                    shape_of(width, height),
                    self.title
                ));
            }
        }
        found
    }

    /// Refuses what it would not take, before it is made.
    ///
    /// # Errors
    /// `InvalidInput` naming every misfit, the source of the limits and their date.
    pub fn check_plan(&self, planned: &Planned) -> Result<()> {
        let file = FileReport {
            duration_s: planned.duration_s,
            width: planned.aspect.map(|(width, _)| width),
            height: planned.aspect.map(|(_, height)| height),
            ..FileReport::default()
        };
        let misfits = self.held(&file, |width, height| format!("{width}:{height}"));
        if misfits.is_empty() {
            return Ok(());
        }
        let what = misfits.join("; ");
        Err(Error::invalid(format!("{} would not take this clip: {what}. Nothing was sent.", self.title)).next(
            format!(
                "Ask for another length or shape, or leave this channel out. The limits are those of {} ({}).",
                self.source, self.as_of
            ),
        ))
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
mod tests;
