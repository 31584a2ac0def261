//! What comes nearest to a wish that cannot be fulfilled: as few changed fields as possible, each by as little as possible.

use super::facts::Model;
use super::plan::{Plan, Wish, can_chain};
use super::refusal::Alternative;

/// So many are told.
const SHOWN: usize = 3;

/// How far a wish is from the one that was asked: changed fields, then seconds, then shape and size.
type Distance = (u32, u32, u32, usize);

/// The nearest possible wishes, the nearest first. `fit` plans one.
pub(super) fn alternatives(
    model: &Model,
    asked: &Wish,
    fit: impl Fn(&Wish) -> Option<Plan>,
) -> Vec<Alternative> {
    let mut found: Vec<(Distance, Alternative)> = Vec::new();
    for (extras_changed, wish) in extras(model, asked) {
        for aspect in values(asked.aspect.as_ref(), model.aspects.as_ref().map(|known| &known.allowed)) {
            for (rank, resolution) in
                values(asked.resolution.as_ref(), model.resolutions.as_ref().map(|known| &known.allowed))
                    .into_iter()
                    .enumerate()
            {
                for duration_s in
                    values(asked.duration_s.as_ref(), model.durations.as_ref().map(|known| &known.allowed))
                {
                    let changed = extras_changed
                        + u32::from(aspect != asked.aspect)
                        + u32::from(resolution != asked.resolution)
                        + u32::from(duration_s != asked.duration_s);
                    let seconds = duration_s.unwrap_or(0).abs_diff(asked.duration_s.unwrap_or(0));
                    let shape = shape_distance(aspect.as_deref(), asked.aspect.as_deref());
                    let wish = Wish {
                        aspect: aspect.clone(),
                        resolution: resolution.clone(),
                        duration_s,
                        ..wish.clone()
                    };
                    if let Some(plan) = fit(&wish) {
                        let alternative = Alternative { price: plan.price, plan, wish };
                        found.push(((changed, seconds, shape, rank), alternative));
                    }
                }
            }
        }
    }
    found.sort_by_key(|(distance, _)| *distance);
    let nearest = found.first().map_or(0, |((changed, ..), _)| *changed);
    found
        .into_iter()
        // Something much further away is no help beside something near.
        .take_while(|((changed, ..), _)| *changed <= nearest)
        .map(|(_, alternative)| alternative)
        .take(SHOWN)
        .collect()
}

/// The asked value, then the others. What was not asked for stays open.
fn values<T: Clone + PartialEq>(asked: Option<&T>, allowed: Option<&Vec<T>>) -> Vec<Option<T>> {
    let Some(asked) = asked else { return vec![None] };
    let others = allowed.into_iter().flatten().filter(|value| *value != asked);
    std::iter::once(asked).chain(others).cloned().map(Some).collect()
}

/// The wish with fewer things beside the prompt, and how many were changed.
fn extras(model: &Model, asked: &Wish) -> Vec<(u32, Wish)> {
    let most = model.takes.as_ref().map_or(asked.references, |takes| takes.references.min(asked.references));
    let mut references = vec![asked.references, most, 0];
    references.dedup();
    let flags = |given: bool| if given { vec![true, false] } else { vec![false] };
    let audio = if asked.audio == Some(true) { vec![Some(true), Some(false)] } else { vec![asked.audio] };
    let chains = if !asked.chain && can_chain(model, asked) { vec![false, true] } else { vec![asked.chain] };
    let mut wishes = Vec::new();
    for image in flags(asked.image) {
        for last_frame in flags(asked.last_frame) {
            for count in &references {
                for audio in &audio {
                    for chain in &chains {
                        let changed = u32::from(image != asked.image)
                            + u32::from(last_frame != asked.last_frame)
                            + u32::from(*count != asked.references)
                            + u32::from(*audio != asked.audio)
                            + u32::from(*chain != asked.chain);
                        let (references, audio, chain) = (*count, *audio, *chain);
                        let wish = Wish { image, last_frame, references, audio, chain, ..asked.clone() };
                        wishes.push((changed, wish));
                    }
                }
            }
        }
    }
    wishes
}

/// How different two shapes are; the same ratio is 0, and a shape that cannot be read is far from all.
fn shape_distance(one: Option<&str>, other: Option<&str>) -> u32 {
    let ratio = |shape: Option<&str>| {
        let (width, height) = shape?.split_once(':')?;
        let (width, height) = (width.parse::<f64>().ok()?, height.parse::<f64>().ok()?);
        (width > 0.0 && height > 0.0).then(|| (width / height).ln())
    };
    match (one, other) {
        (one, other) if one == other => 0,
        (one, other) => match ratio(one).zip(ratio(other)) {
            // Thousandths are fine enough, and a saturating cast cannot go wrong.
            Some((a, b)) => ((a - b).abs() * 1000.0).round() as u32,
            None => u32::MAX,
        },
    }
}
