//! From a line's wish to the request that every door makes.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, tz::TimeZone};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::jobs::plan::{GenerateInput, PublishInput};
use crate::model::batch::{Line, Wish};
use crate::model::job::EpochMs;
use crate::redact;

/// The request of a wish, before anything is known of its batch.
pub(super) fn input(wish: &Wish, model: Option<&str>) -> GenerateInput {
    GenerateInput {
        prompt: wish.prompt.clone(),
        duration_seconds: wish.seconds,
        aspect_ratio: wish.aspect.clone(),
        resolution: wish.resolution.clone(),
        model: model.map(str::to_owned),
        negative_prompt: wish.negative_prompt.clone(),
        image: wish.image.clone(),
        last_frame: wish.last_frame.clone(),
        reference_images: wish.reference_images.clone(),
        generate_audio: wish.audio,
        max_cost_usd: wish.max_cost_usd,
        output_path: wish.output.clone(),
        enhance: wish.enhance,
        deliver: wish.deliver.clone(),
        strict: wish.strict,
        publish: (!wish.channels.is_empty()).then(|| PublishInput {
            channels: wish.channels.clone(),
            caption: wish.caption.clone(),
            when: wish.when.clone(),
            scheduler: wish.scheduler.clone(),
            draft: false,
        }),
        // The price of the batch was agreed to as a whole; its budget holds.
        approved: true,
        ..GenerateInput::default()
    }
}

/// The request of a line: the same line and round is the same job, however often it is begun.
pub(super) fn input_of(line: &Line) -> GenerateInput {
    GenerateInput {
        service: Some(line.service.name().to_owned()),
        request_id: Some(request_id(line)),
        batch: Some(line.batch.clone()),
        ..input(&line.wish, line.model.as_deref())
    }
}

/// The name of a line's job in this round.
pub(super) fn request_id(line: &Line) -> String {
    let round = if line.round > 1 { format!("#{}", line.round) } else { String::new() };
    format!("batch:{}/{}{round}", line.batch, escaped(&line.key))
}

/// A key without the marks that divide a job's name, so that no two lines have one name. Plain keys stay as they are.
pub(super) fn escaped(key: &str) -> String {
    key.replace('%', "%25").replace('/', "%2F").replace('#', "%23")
}

/// A digest of everything that makes the wish what it is, its key apart.
pub(super) fn digest(wish: &Wish) -> Result<String> {
    let text = serde_json::to_vec(&Wish { key: None, ..wish.clone() })
        .map_err(|error| Error::internal("A wish cannot be written down.").because(error))?;
    Ok(Sha256::digest(&text).iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

/// What a line leaves out is as the command says.
pub(super) fn with_defaults(wish: Wish, defaults: &Wish) -> Wish {
    // A line that names its model or route does not want the other one.
    let chooses = wish.model.is_some() || wish.route.is_some();
    let or = |own: Option<String>, default: &Option<String>| own.or_else(|| default.clone());
    Wish {
        model: if chooses { wish.model } else { defaults.model.clone() },
        route: if chooses { wish.route } else { defaults.route.clone() },
        seconds: wish.seconds.or(defaults.seconds),
        aspect: or(wish.aspect, &defaults.aspect),
        resolution: or(wish.resolution, &defaults.resolution),
        audio: wish.audio.or(defaults.audio),
        max_cost_usd: wish.max_cost_usd.or(defaults.max_cost_usd),
        channels: if wish.channels.is_empty() { defaults.channels.clone() } else { wish.channels },
        caption: or(wish.caption, &defaults.caption),
        when: or(wish.when, &defaults.when),
        scheduler: or(wish.scheduler, &defaults.scheduler),
        deliver: or(wish.deliver, &defaults.deliver),
        not_before: or(wish.not_before, &defaults.not_before),
        enhance: wish.enhance.or(defaults.enhance),
        ..wish
    }
}

/// A time as people write it: with an offset, or in this machine's zone.
///
/// # Errors
/// `InvalidInput` naming the field and the right form.
pub(super) fn moment(name: &str, text: &str) -> Result<EpochMs> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_millisecond());
    }
    let civil = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(DateTime::from));
    let at = civil.ok().and_then(|civil| civil.to_zoned(TimeZone::system()).ok());
    at.map(|at| at.timestamp().as_millisecond()).ok_or_else(|| {
        Error::invalid(format!("its {name} is \"{}\", which is no time", redact::quote(text, 40)))
            .next("Write it as 2026-12-01T09:00:00Z, or as 2026-12-01 09:00 for this machine's zone.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        let utc = moment("not_before", "2026-12-01T09:00:00Z").unwrap();
        assert_eq!(utc, 1_796_115_600_000);
        assert_eq!(moment("not_before", "2026-12-01T10:00:00+01:00").unwrap(), utc);
        for local in ["2026-12-01 09:00", "2026-12-01T09:00:00", "2026-12-01"] {
            assert!((moment("not_before", local).unwrap() - utc).abs() <= 26 * 3_600_000, "{local}");
        }
        for wrong in ["tomorrow", "2026-13-01", "", "9:00"] {
            assert!(moment("not_before", wrong).unwrap_err().to_string().contains("not_before"), "{wrong}");
        }
    }

    #[test]
    fn plain_keys_stay_and_no_two_become_one() {
        assert_eq!(escaped("spring-07 ä.mp4"), "spring-07 ä.mp4");
        let keys = ["b/c", "b%2Fc", "x#2", "x", "x%232", "b%252Fc"];
        let all: std::collections::HashSet<_> = keys.iter().map(|key| escaped(key)).collect();
        assert_eq!(all.len(), keys.len());
        assert!(all.iter().all(|key| !key.contains(['/', '#'])), "{all:?}");
    }

    #[test]
    fn a_key_is_no_part_of_the_content() {
        let wish = Wish { prompt: "x".into(), key: Some("a".into()), ..Wish::default() };
        let other = Wish { key: None, ..wish.clone() };
        assert_eq!(digest(&wish).unwrap(), digest(&other).unwrap());
        assert_ne!(digest(&wish).unwrap(), digest(&Wish { seconds: Some(8.0), ..other }).unwrap());
        let line = Wish { model: Some("m".into()), ..Wish::default() };
        let defaults = Wish { route: Some("r".into()), seconds: Some(8.0), ..Wish::default() };
        let merged = with_defaults(line, &defaults);
        assert_eq!((merged.route, merged.seconds), (None, Some(8.0)));
    }
}
