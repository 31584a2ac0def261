//! Wishes about delivery and posts, checked before any money moves.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::jobs::plan::PublishInput;
use crate::model::delivery::{Delivery, Place, Posts, Scheduler, Timing};
use crate::model::inspection::Inspection;
use crate::model::job::{EpochMs, Service};
use crate::redact;
use crate::social::channels::{self, Planned};

/// A time this little in the past is "now" for whoever said it.
const LATE_MS: EpochMs = 60_000;
/// Schedulers plan ahead by months, not by years; a later time is a slip of the finger.
const FAR_MS: EpochMs = 366 * 24 * 3600 * 1000;

/// What shall become of the file of a job.
///
/// # Errors
/// When the bucket, a channel, the scheduler or the time cannot be used; nothing was spent.
pub(in crate::jobs) fn delivery(
    config: &Config,
    service: Service,
    deliver: Option<&str>,
    publish: Option<&PublishInput>,
    now_ms: EpochMs,
) -> Result<Delivery> {
    let rehearsal = service.is_rehearsal();
    let posts = publish.map(|publish| posts(config, rehearsal, publish, now_ms)).transpose()?;
    let place = place(config, deliver)?;
    match place {
        _ if posts.is_none() => {}
        // A rehearsal needs no bucket: its schedulers fetch nothing.
        Place::Folder if rehearsal => {}
        Place::Folder if config.bucket.is_some() => {
            return Err(Error::invalid(
                "A post needs an address from which everybody can fetch the clip, and it would only lie in a folder. Nothing was sent.",
            )
            .next("Say s3 for deliver, because the settings or the call say folder."));
        }
        Place::Folder | Place::S3 => lasting_address(config)?,
    }
    Ok(Delivery { place, posts })
}

/// The same for a clip that is here already. A post needs it in the bucket; a rehearsed one as little as the clip did.
///
/// # Errors
/// As [`delivery`].
pub(super) fn of_clip(
    config: &Config,
    rehearsal: bool,
    input: &PublishInput,
    now_ms: EpochMs,
) -> Result<(Place, Posts)> {
    let posts = posts(config, rehearsal, input, now_ms)?;
    let place = if rehearsal { place(config, None)? } else { Place::S3 };
    if place == Place::S3 {
        lasting_address(config)?;
    }
    Ok((place, posts))
}

/// Schedulers fetch the clip by themselves, some of them days later.
fn lasting_address(config: &Config) -> Result<()> {
    let Some(bucket) = &config.bucket else {
        return Err(Error::new(
            Kind::Config,
            "A post needs an address from which everybody can fetch the clip, and no bucket is set up. Nothing was sent.",
        )
        .next("Set FIRSTCUT_BUCKET and FIRSTCUT_BUCKET_URL, and the usual AWS_* keys."));
    };
    if bucket.public_url.is_none() {
        return Err(Error::new(
            Kind::Config,
            "A post needs an address that lasts, and the bucket has no public one. Nothing was sent.",
        )
        .next("Set FIRSTCUT_BUCKET_URL to where everybody can read the bucket: its public address or a CDN before it."));
    }
    Ok(())
}

fn place(config: &Config, deliver: Option<&str>) -> Result<Place> {
    let word = deliver.map(str::trim).filter(|word| !word.is_empty()).map(str::to_ascii_lowercase);
    let set = config.bucket.is_some();
    match word.as_deref().or(config.deliver.as_deref()) {
        Some("folder") => Ok(Place::Folder),
        Some("s3") if set => Ok(Place::S3),
        Some("s3") => Err(Error::new(
            Kind::Config,
            "The file should go into a bucket, and none is set up. Nothing was sent.",
        )
        .next("Set FIRSTCUT_BUCKET (and the usual AWS_* keys), or say folder for deliver.")),
        Some(other) => Err(Error::invalid(format!(
            "deliver is {:?}; it must be folder or s3. Nothing was sent.",
            redact::label(other)
        ))),
        None => Ok(if set { Place::S3 } else { Place::Folder }),
    }
}

/// What is said about posts, understood.
///
/// # Errors
/// As [`delivery`].
pub(in crate::jobs) fn posts(
    config: &Config,
    rehearsal: bool,
    input: &PublishInput,
    now_ms: EpochMs,
) -> Result<Posts> {
    let mut read = Vec::with_capacity(input.channels.len());
    for words in &input.channels {
        let channel = channels::read(words)?;
        if !read.contains(&channel) {
            read.push(channel);
        }
    }
    if read.is_empty() {
        return Err(Error::invalid("No channel was named. Nothing was sent.")
            .next("Name at least one, for example tiktok, reels or shorts."));
    }
    let caption = input.caption.as_deref().map(str::trim).unwrap_or_default().to_owned();
    for channel in &read {
        channels::network(channel)?.check_caption(&caption)?;
    }
    let timing = timing(input, now_ms)?;
    let scheduler = scheduler(config, rehearsal, input.scheduler.as_deref())?;
    for channel in &read {
        channels::network(channel)?.check_way(scheduler)?;
    }
    Ok(Posts { scheduler, channels: read, caption, timing })
}

/// Refuses what some channel would not take, before it is made and paid for. What is not known yet is not held against it.
///
/// # Errors
/// `InvalidInput` naming the channel and its limit; nothing was spent.
pub(in crate::jobs) fn foresee(delivery: &Delivery, planned: &Planned) -> Result<()> {
    let mut channels = delivery.posts.iter().flat_map(|posts| &posts.channels);
    channels.try_for_each(|channel| channels::network(channel)?.check_plan(planned))
}

/// What is known of a clip that is held to this.
pub(in crate::jobs) fn planned(inspection: &Inspection) -> Planned {
    Planned { duration_s: inspection.duration_s, aspect: inspection.aspect }
}

fn timing(input: &PublishInput, now_ms: EpochMs) -> Result<Timing> {
    let Some(when) = input.when.as_deref().map(str::trim).filter(|when| !when.is_empty()) else {
        return Ok(Timing::Draft);
    };
    let meant = match when.to_ascii_lowercase().as_str() {
        "draft" => return Ok(Timing::Draft),
        "now" => Timing::Now,
        "queue" | "next" => Timing::Queue,
        _ => Timing::At(time(when, now_ms)?),
    };
    if input.draft {
        return Err(Error::invalid(format!(
            "A draft is not posted by itself, so it has no time ({}). Nothing was sent.",
            redact::label(when)
        ))
        .next("Leave out the time, or the word draft."));
    }
    Ok(meant)
}

/// A time that is still to come. One without an offset is local.
fn time(text: &str, now_ms: EpochMs) -> Result<EpochMs> {
    let local = |text: &str| text.parse::<DateTime>().ok()?.to_zoned(TimeZone::system()).ok();
    let at = text.parse::<Timestamp>().ok().or_else(|| Some(local(text)?.timestamp()));
    let fix = "Write it as 2026-12-01T15:00:00Z, or say now or queue.";
    let Some(at) = at.map(Timestamp::as_millisecond) else {
        let what = format!("{:?} is no time that can be understood. Nothing was sent.", redact::label(text));
        return Err(Error::invalid(what).next(fix));
    };
    if at < now_ms - LATE_MS {
        let what = format!("{:?} is in the past. Nothing was sent.", redact::label(text));
        return Err(Error::invalid(what).next("Name a time that is still to come, or say now."));
    }
    if at > now_ms + FAR_MS {
        let what = format!("{:?} is more than a year away. Nothing was sent.", redact::label(text));
        return Err(Error::invalid(what).next("Name a time within a year."));
    }
    Ok(at)
}

/// Who takes the posts. A rehearsal's go to the sandbox, whoever it stands in for.
fn scheduler(config: &Config, rehearsal: bool, word: Option<&str>) -> Result<Scheduler> {
    let word = word.map(str::trim).filter(|word| !word.is_empty());
    if let Some(word) = word.or(config.social.scheduler.as_deref()) {
        let Some(scheduler) = Scheduler::from_name(word) else {
            let names: Vec<_> = Scheduler::ALL.iter().map(|one| one.name()).collect();
            return Err(Error::invalid(format!(
                "There is no scheduler {:?}. Nothing was sent.",
                redact::label(word)
            ))
            .next(format!("There are {}.", names.join(", "))));
        };
        return if rehearsal || is_set_up(config, scheduler) {
            Ok(scheduler)
        } else {
            Err(missing(scheduler, " Nothing was sent."))
        };
    }
    let ready = set_up(config);
    match ready.as_slice() {
        [only] => Ok(*only),
        [] if rehearsal => Ok(Scheduler::Buffer),
        [] => Err(Error::new(Kind::Config, "No scheduler is set up, so nobody could take the posts. Nothing was sent.")
            .next("Set BUFFER_API_KEY, AYRSHARE_API_KEY, POSTIZ_API_KEY or FIRSTCUT_POST_HOOK_URL; or rehearse with service sandbox.")),
        several => {
            let names: Vec<_> = several.iter().map(|one| one.name()).collect();
            Err(Error::invalid(format!("There are several schedulers: {}. Nothing was sent.", names.join(", ")))
                .next("Say which one as scheduler, or set FIRSTCUT_SCHEDULER."))
        }
    }
}

/// The schedulers that are set up.
#[must_use]
pub fn set_up(config: &Config) -> Vec<Scheduler> {
    Scheduler::ALL.into_iter().filter(|one| is_set_up(config, *one)).collect()
}

fn is_set_up(config: &Config, scheduler: Scheduler) -> bool {
    let social = &config.social;
    match scheduler {
        Scheduler::Buffer => social.buffer_key.is_some(),
        Scheduler::Ayrshare => social.ayrshare_key.is_some(),
        Scheduler::Postiz => social.postiz_key.is_some(),
        Scheduler::Hook => social.hook_url.is_some(),
    }
}

/// The setting that this process lacks to speak to a scheduler; none when that is set up.
pub(in crate::jobs) fn lacking(config: &Config, scheduler: Scheduler) -> Option<&'static str> {
    (!is_set_up(config, scheduler)).then(|| setting(scheduler))
}

const fn setting(scheduler: Scheduler) -> &'static str {
    match scheduler {
        Scheduler::Buffer => "BUFFER_API_KEY",
        Scheduler::Ayrshare => "AYRSHARE_API_KEY",
        Scheduler::Postiz => "POSTIZ_API_KEY",
        Scheduler::Hook => "FIRSTCUT_POST_HOOK_URL",
    }
}

fn missing(scheduler: Scheduler, so: &str) -> Error {
    let setting = setting(scheduler);
    Error::new(Kind::Config, format!("{} is not set up.{so}", scheduler.title()))
        .next(format!("Set {setting}, or choose another scheduler."))
}
