//! Plans: how a wish becomes clips that the model can make, each with its length, and what they cost at most.

use jiff::civil::Date;

use super::Catalog;
use super::facts::{Model, ModelKind, Pattern, Takes};
use super::nearest;
use super::refusal::Refusal;
use super::split::split;
use crate::money::Usd;

/// The longest video that is planned; a longer one is a mistake or a film.
pub const MOST_SECONDS: u32 = 600;

/// What the user would like to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// A model's id or alias.
    pub model: String,
    /// Whole seconds of the finished video; the model's default when not said.
    pub duration_s: Option<u32>,
    /// The shape, as in `9:16`.
    pub aspect: Option<String>,
    /// The size, as in `720p` or `4k`.
    pub resolution: Option<String>,
    /// Whether there should be sound; the model's default when not said.
    pub audio: Option<bool>,
    /// A first frame is given.
    pub image: bool,
    /// A last frame is given.
    pub last_frame: bool,
    /// So many reference images are given.
    pub references: u32,
    /// A model that the catalog lacks may be used as it is, in one call, for nobody knows what.
    pub allow_unknown_model: bool,
}

/// The calls that fulfil a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The id to send.
    pub model: String,
    /// Whether the catalog knows the model. If not, nothing was checked.
    pub is_known: bool,
    /// The clips, in their order. There is at least one.
    pub segments: Vec<Segment>,
    /// The shape to send, which is explicit wherever the model's values are known.
    pub aspect: Option<String>,
    /// The size to send, likewise: one for all segments, so that they can be joined as they are.
    pub resolution: Option<String>,
    /// Whether to send a wish about sound.
    pub audio: Option<bool>,
    /// Seconds of the finished video, if known.
    pub duration_s: Option<u32>,
    /// Seconds that the calls make beyond what was asked for. Nobody is sold those: such a plan is only good for naming the
    /// nearest lengths.
    pub overshoot_s: u32,
    /// The last frame of a segment may be the first frame of the next one.
    pub can_chain_frames: bool,
    /// The most that the clips cost together by what sources state; nothing when unknown.
    pub price: Option<Usd>,
    /// The least that a source states.
    pub lowest_price: Option<Usd>,
    /// The model that may stand in for its own price when this tier has no capacity.
    pub standard_tier: Option<String>,
}

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Whole seconds; nothing leaves it to the service.
    pub duration_s: Option<u32>,
    /// The most it costs by what sources state.
    pub price: Option<Usd>,
}

/// One call's fields as the rules see them.
#[derive(Clone, Copy, Debug)]
struct Combination<'a> {
    duration_s: Option<u32>,
    resolution: Option<&'a str>,
    wish: &'a Wish,
}

impl Pattern {
    /// Whether the combination belongs to this set; `unsaid` is the answer for what was not said.
    fn holds(&self, of: &Combination<'_>, unsaid: bool) -> bool {
        fn among<T: PartialEq<U>, U: ?Sized>(list: Option<&Vec<T>>, value: Option<&U>, unsaid: bool) -> bool {
            match (list, value) {
                (None, _) => true,
                (Some(list), Some(value)) => list.iter().any(|item| item == value),
                (Some(_), None) => unsaid,
            }
        }
        let flag = |wanted: Option<bool>, is: bool| wanted.is_none_or(|wanted| wanted == is);
        among(self.durations.as_ref(), of.duration_s.as_ref(), unsaid)
            && among(self.aspects.as_ref(), of.wish.aspect.as_deref(), unsaid)
            && among(self.resolutions.as_ref(), of.resolution, unsaid)
            && flag(self.image, of.wish.image)
            && flag(self.last_frame, of.wish.last_frame)
            && flag(self.references, of.wish.references > 0)
            && self.audio.is_none_or(|wanted| of.wish.audio.map_or(unsaid, |is| is == wanted))
    }
}

impl Model {
    /// Why this combination is not possible, in words; nothing when it is.
    fn forbids(&self, combination: &Combination<'_>) -> Option<&str> {
        let broken = |rule: &&super::Rule| {
            rule.condition.holds(combination, false) && !rule.required.holds(combination, true)
        };
        self.rules.iter().find(broken).map(|rule| rule.why.as_str())
    }
}

impl Catalog {
    /// Plans a wish as of that day.
    ///
    /// A video that fits into one call gets the shortest clip that holds it; a longer one becomes the fewest clips, then
    /// the least waste, then the longest first. A size that was not asked for is the model's default where the lengths
    /// allow it.
    ///
    /// # Errors
    /// [`Refusal`], with the nearest combinations that would do. It becomes an [`Error`](crate::error::Error) by `into`.
    pub fn plan(&self, wish: &Wish, today: Date) -> Result<Plan, Refusal> {
        let wish = &wish.normal();
        let Some(model) = self.model(&wish.model) else {
            return match wish.allow_unknown_model && is_id(&wish.model) {
                true => Ok(unplanned(wish)),
                false => Err(Refusal::unknown(&wish.model, self.similar(&wish.model), is_id(&wish.model))),
            };
        };
        if let Some(retired) = model.retired_by(today) {
            return Err(Refusal::retired(&wish.model, retired));
        }
        if model.kind != ModelKind::Video {
            return Err(Refusal::not_video(model));
        }
        self.fit(model, wish).map_err(|problems| {
            let alternatives = nearest::alternatives(model, wish, |other| self.fit(model, other).ok());
            Refusal::impossible(&wish.model, problems, alternatives)
        })
    }

    /// The plan for a wish, or what is wrong with it.
    fn fit(&self, model: &Model, wish: &Wish) -> Result<Plan, Vec<String>> {
        let mut problems = wrong_values(model, wish);
        if !problems.is_empty() {
            return Err(problems);
        }
        let default =
            |allowed: Option<&super::Allowed<String>>| allowed.and_then(|allowed| allowed.default.clone());
        let aspect = wish.aspect.clone().or_else(|| default(model.aspects.as_ref()));
        let wish = &Wish { aspect: aspect.clone(), ..wish.clone() };
        let best = sizes(model, wish)
            .into_iter()
            .enumerate()
            .filter_map(|(rank, resolution)| {
                let clips = match clips(model, wish, resolution.as_deref()) {
                    Ok(clips) => clips,
                    Err(why) => {
                        if !problems.contains(&why) {
                            problems.push(why);
                        }
                        return None;
                    }
                };
                let paid_s: u32 = clips.iter().flatten().sum();
                Some((clips.len(), paid_s, rank, clips, resolution))
            })
            .min_by_key(|(calls, paid_s, rank, ..)| (*calls, *paid_s, *rank));
        let Some((_, paid_s, _, clips, resolution)) = best else { return Err(problems) };
        let price = |duration_s| model.price_range(duration_s, resolution.as_deref());
        let segments: Vec<_> = clips
            .iter()
            .map(|duration_s| Segment {
                duration_s: *duration_s,
                price: price(*duration_s).map(|(_, most)| most),
            })
            .collect();
        let duration_s = wish.duration_s.or((paid_s > 0).then_some(paid_s));
        Ok(Plan {
            model: self.sent_id(model, &wish.model),
            is_known: true,
            aspect,
            audio: wish.audio,
            duration_s,
            overshoot_s: paid_s.saturating_sub(duration_s.unwrap_or(paid_s)),
            can_chain_frames: wish.references == 0 && model.takes.as_ref().is_some_and(|takes| takes.image),
            price: segments.iter().map(|segment| segment.price).sum::<Option<Option<Usd>>>().flatten(),
            lowest_price: clips
                .iter()
                .map(|s| price(*s).map(|(least, _)| least))
                .sum::<Option<Option<Usd>>>()
                .flatten(),
            standard_tier: model.standard_tier.clone(),
            segments,
            resolution,
        })
    }

    /// An alias is sent as it was written; another spelling of the id is not.
    fn sent_id(&self, model: &Model, asked: &str) -> String {
        if model.id.eq_ignore_ascii_case(asked) { model.id.clone() } else { asked.to_owned() }
    }
}

impl Wish {
    /// The same wish in the catalog's spelling.
    fn normal(&self) -> Self {
        let tidy = |words: &String| words.trim().to_ascii_lowercase();
        let resolution = self.resolution.as_ref().map(tidy).map(|size| match size.as_str() {
            "uhd" | "2160p" => "4k".to_owned(),
            "hd" => "720p".to_owned(),
            "fullhd" | "full hd" | "fhd" => "1080p".to_owned(),
            _ => size,
        });
        Self {
            model: self.model.trim().to_owned(),
            aspect: self.aspect.as_ref().map(tidy),
            resolution,
            ..self.clone()
        }
    }
}

/// Values that the model never takes, each as a sentence.
fn wrong_values(model: &Model, wish: &Wish) -> Vec<String> {
    let name = &model.name;
    let mut problems = Vec::new();
    if let (Some(aspect), Some(known)) = (&wish.aspect, &model.aspects)
        && !known.allowed.contains(aspect)
    {
        let shown = crate::redact::label(aspect);
        problems.push(format!("{name} has no shape \"{shown}\": {}", known.allowed.join(", ")));
    }
    if let (Some(resolution), Some(known)) = (&wish.resolution, &model.resolutions)
        && !known.allowed.contains(resolution)
    {
        let shown = crate::redact::label(resolution);
        problems.push(format!("{name} has no size \"{shown}\": {}", known.allowed.join(", ")));
    }
    if wish.duration_s.is_some_and(|seconds| seconds == 0 || seconds > MOST_SECONDS) {
        problems.push(format!("a video has 1 to {MOST_SECONDS} seconds"));
    }
    if let Some(takes) = &model.takes {
        problems.extend(not_taken(name, takes, wish));
    }
    problems
}

fn not_taken(name: &str, takes: &Takes, wish: &Wish) -> Vec<String> {
    let mut problems = Vec::new();
    if wish.image && !takes.image {
        problems.push(format!("{name} takes no first frame"));
    }
    if wish.last_frame && !takes.last_frame {
        problems.push(format!("{name} takes no last frame"));
    }
    if wish.references > takes.references {
        problems.push(match takes.references {
            0 => format!("{name} takes no reference images"),
            most => format!("{name} takes at most {most} reference images, not {}", wish.references),
        });
    }
    if wish.audio == Some(true) && !takes.audio {
        problems.push(format!("{name} makes no sound"));
    }
    problems
}

/// The sizes to try: the asked one, else the default first.
fn sizes(model: &Model, wish: &Wish) -> Vec<Option<String>> {
    let Some(known) = model.resolutions.as_ref().filter(|_| wish.resolution.is_none()) else {
        return vec![wish.resolution.clone()];
    };
    let others = known.allowed.iter().filter(|size| Some(*size) != known.default.as_ref());
    known.default.iter().chain(others).cloned().map(Some).collect()
}

/// The lengths of the clips at this size, or why there are none.
fn clips(model: &Model, wish: &Wish, resolution: Option<&str>) -> Result<Vec<Option<u32>>, String> {
    let forbids =
        |duration_s| model.forbids(&Combination { duration_s, resolution, wish }).map(str::to_owned);
    let Some(known) = &model.durations else {
        return forbids(wish.duration_s).map_or_else(|| Ok(vec![wish.duration_s]), Err);
    };
    let longest = known.allowed.iter().copied().max().unwrap_or_default();
    let Some(total_s) = wish.duration_s.or(known.default) else {
        return forbids(None).map_or_else(|| Ok(vec![None]), Err);
    };
    if total_s <= longest {
        let clip = known.allowed.iter().copied().filter(|length| *length >= total_s).min();
        return forbids(clip).map_or_else(|| Ok(vec![clip]), Err);
    }
    let mut why = None;
    let allowed = |length: &u32| forbids(Some(*length)).map(|reason| why = Some(reason)).is_none();
    let lengths: Vec<u32> = known.allowed.iter().copied().filter(allowed).collect();
    split(total_s, &lengths)
        .map(|clips| clips.into_iter().map(Some).collect())
        .ok_or_else(|| why.unwrap_or_else(|| format!("{} makes no clips of a known length", model.name)))
}

/// A model that nobody described, used as it is.
fn unplanned(wish: &Wish) -> Plan {
    Plan {
        model: wish.model.clone(),
        is_known: false,
        segments: vec![Segment { duration_s: wish.duration_s, price: None }],
        aspect: wish.aspect.clone(),
        resolution: wish.resolution.clone(),
        audio: wish.audio,
        duration_s: wish.duration_s,
        overshoot_s: 0,
        can_chain_frames: false,
        price: None,
        lowest_price: None,
        standard_tier: None,
    }
}

/// Something that can be a model's id: it is sent and shown.
fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b':');
    (1..=128).contains(&id.len()) && id.bytes().all(plain)
}
