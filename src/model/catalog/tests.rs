use jiff::civil::{Date, date};

use super::*;
use crate::money::Usd;

const TODAY: Date = date(2026, 11, 21);

fn catalog() -> Catalog {
    Catalog::load(None).unwrap()
}

fn wish(model: &str, duration_s: u32) -> Wish {
    Wish { model: model.into(), duration_s: Some(duration_s), ..Wish::default() }
}

fn lengths(plan: &Plan) -> Vec<u32> {
    plan.segments.iter().filter_map(|segment| segment.duration_s).collect()
}

fn usd(text: &str) -> Option<Usd> {
    Some(text.parse().unwrap())
}

#[test]
fn every_embedded_fact_has_a_source_and_a_day() {
    let catalog = catalog();
    assert!(catalog.model(catalog.default_model()).is_some());
    for model in catalog.models() {
        let id = &model.id;
        let mut facts = Vec::new();
        facts.extend(model.durations.as_ref().map(|fact| (&fact.source, fact.as_of)));
        facts.extend(model.aspects.as_ref().map(|fact| (&fact.source, fact.as_of)));
        facts.extend(model.resolutions.as_ref().map(|fact| (&fact.source, fact.as_of)));
        facts.extend(model.takes.as_ref().map(|fact| (&fact.source, fact.as_of)));
        facts.extend(model.retired.as_ref().map(|fact| (&fact.source, fact.as_of)));
        facts.extend(model.rules.iter().map(|fact| (&fact.source, fact.as_of)));
        facts.extend(model.prices.iter().map(|fact| (&fact.source, fact.as_of)));
        for (source, as_of) in facts {
            assert!(source.is_some() && as_of.is_some_and(|day| day < TODAY), "{id}");
        }
        let known = |fact: &Option<Allowed<String>>| {
            fact.as_ref().is_none_or(|fact| fact.default.as_ref().is_some_and(|it| fact.allowed.contains(it)))
        };
        assert!(
            known(&model.aspects) && known(&model.resolutions),
            "{id} has a default that it does not allow"
        );
        for other in
            model.standard_tier.iter().chain(model.retired.iter().filter_map(|it| it.replacement.as_ref()))
        {
            assert!(catalog.model(other).unwrap().retired.is_none(), "{id} leads to {other}");
        }
        for name in model.aliases.iter().chain([id]) {
            assert_eq!(catalog.models().iter().filter(|model| model.is_called(name)).count(), 1, "{name}");
        }
    }
}

/// The facts beside the pages that they were read from, copied by hand: lengths, shapes, sizes, references.
#[test]
fn the_embedded_facts_are_those_of_the_pages() {
    let all = |from: u32, to: u32| (from..=to).collect::<Vec<_>>();
    let wide = &["16:9", "9:16"][..];
    let sharp = &["720p", "1080p", "4k"][..];
    let omni = &["360p", "720p", "1080p", "4k"][..];
    for (id, durations, aspects, resolutions, references) in [
        ("veo-3.1", vec![4, 6, 8], wide, sharp, Some(3)),
        ("veo-3.1-fast", vec![4, 6, 8], wide, sharp, Some(3)),
        ("veo-3.1-lite", vec![4, 6, 8], wide, &sharp[..2], Some(0)),
        ("seedance/seedance-2.0", vec![5, 10, 15], &["16:9", "9:16", "3:4", "4:3"][..], &[][..], Some(4)),
        ("gemini-omni-1.1-flash", all(3, 10), wide, omni, None),
        ("gemini-omni-1.2-flash", all(3, 15), wide, omni, None),
        ("mm/t2v", vec![5], &[], &["720p"], Some(0)),
        ("mm/i2v", vec![5], &[], &["720p"], Some(0)),
        ("pixverse/pixverse-v5", vec![5, 8], &[], &[], None),
        ("fal/kling-v3", vec![], &[], &[], None),
        ("fal/kling-v2.5-turbo-pro", vec![], &[], &[], None),
        ("fal/hailuo-2.3", vec![], &[], &[], None),
        ("runway/gen-4.5", vec![], &[], &[], None),
    ] {
        let catalog = catalog();
        let model = catalog.model(id).unwrap_or_else(|| panic!("{id} is missing"));
        let values =
            |fact: &Option<Allowed<String>>| fact.as_ref().map(|it| it.allowed.clone()).unwrap_or_default();
        assert_eq!(
            model.durations.as_ref().map(|it| it.allowed.clone()).unwrap_or_default(),
            durations,
            "{id}"
        );
        assert_eq!(values(&model.aspects), aspects, "{id}");
        assert_eq!(values(&model.resolutions), resolutions, "{id}");
        assert_eq!(model.takes.as_ref().map(|it| it.references), references, "{id}");
    }
}

/// A page that names another successor, or none, is no source for the one that we offer.
#[test]
fn a_replacement_of_our_choice_says_so() {
    for model in catalog().models() {
        let Some(retired) = &model.retired else { continue };
        let source = retired.source.as_deref().unwrap_or_default();
        assert!(source.contains("the replacement is our choice"), "{}: {source}", model.id);
    }
}

#[test]
fn thirty_seconds_become_legal_clips() {
    let upright = Wish { aspect: Some("9:16".into()), ..wish("veo-3.1", 30) };
    let plan = catalog().plan(&upright, TODAY).unwrap();
    assert_eq!(lengths(&plan), [8, 8, 8, 6]);
    assert_eq!((plan.aspect.as_deref(), plan.resolution.as_deref()), (Some("9:16"), Some("720p")));
    assert_eq!((plan.price, plan.lowest_price), (usd("12.00"), usd("0.60")));
    assert_eq!((plan.duration_s, plan.overshoot_s, plan.can_chain_frames), (Some(30), 0, true));
    assert_eq!(plan.segments[3].price, usd("2.40"));

    let sharp = Wish { resolution: Some("1080P".into()), ..upright };
    let plan = catalog().plan(&sharp, TODAY).unwrap();
    assert_eq!((lengths(&plan), plan.overshoot_s, plan.price), (vec![8; 4], 2, usd("12.80")));
}

#[test]
fn what_was_not_said_becomes_legal_and_explicit() {
    for (model, duration_s, resolution, planned, size, price) in [
        ("veo-3.1", None, None, vec![8], Some("1080p"), usd("3.20")),
        ("veo-3.1", Some(4), None, vec![4], Some("720p"), usd("1.60")),
        ("veo-3.1", Some(5), None, vec![6], Some("720p"), usd("2.40")),
        ("veo-3.1", Some(16), None, vec![8, 8], Some("1080p"), usd("6.40")),
        ("veo-3.1", Some(8), Some("UHD"), vec![8], Some("4k"), usd("4.80")),
        ("veo-3.1-fast", Some(8), Some("4k"), vec![8], Some("4k"), usd("2.40")),
        ("veo-3.1-lite", Some(8), None, vec![8], Some("1080p"), usd("0.40")),
        ("seedance/seedance-2.0", Some(30), None, vec![15, 15], None, usd("17.40")),
        ("gemini-omni-1.1-flash", Some(11), None, vec![8, 3], Some("1080p"), None),
        ("mm/t2v", Some(30), None, vec![5; 6], Some("720p"), None),
    ] {
        let wish = Wish {
            model: model.into(),
            duration_s,
            resolution: resolution.map(str::to_owned),
            ..Wish::default()
        };
        let plan = catalog().plan(&wish, TODAY).unwrap();
        assert_eq!(
            (lengths(&plan), plan.resolution.as_deref(), plan.price),
            (planned, size, price),
            "{wish:?}"
        );
    }
}

#[test]
fn a_wrong_combination_comes_with_the_nearest_right_one() {
    let veo = || wish("veo-3.1", 8);
    let size = |size: &str| Some(size.to_owned());
    for (wish, problem, nearest) in [
        (
            Wish { aspect: size("1:1"), ..veo() },
            "no shape \"1:1\": 16:9, 9:16",
            "8 s, 16:9, 1080p: at most $3.20; or 8 s, 9:16, 1080p: at most $3.20",
        ),
        (
            Wish { resolution: size("1080p"), ..wish("veo-3.1", 4) },
            "1080p and 4k exist only at 8 s",
            "4 s, 16:9, 720p: at most $1.60; or 8 s, 16:9, 1080p: at most $3.20",
        ),
        (Wish { resolution: size("8k"), ..veo() }, "no size \"8k\"", "8 s, 16:9, 720p: at most $3.20"),
        (
            Wish { references: 2, image: true, ..veo() },
            "without a first or last frame",
            "8 s, 16:9, 1080p, with a first frame: at most $3.20",
        ),
        (
            Wish { references: 5, ..veo() },
            "at most 3 reference images, not 5",
            "8 s, 16:9, 1080p, 3 reference images: at most $3.20",
        ),
        (
            Wish { references: 1, ..wish("veo-3.1", 4) },
            "8 s at 720p or 1080p",
            "4 s, 16:9, 720p: at most $1.60; or 8 s, 16:9, 1080p, 1 reference image",
        ),
        (
            Wish { last_frame: true, ..veo() },
            "a last frame needs a first frame",
            "8 s, 16:9, 1080p: at most $3.20",
        ),
        (
            Wish { references: 1, ..wish("veo-3.1-lite", 8) },
            "takes no reference images",
            "8 s, 16:9, 1080p: at most $0.40",
        ),
        (wish("veo-3.1", 601), "1 to 600 seconds", "8 s, 16:9, 1080p: at most $3.20"),
        (wish("veo-3.1", 0), "1 to 600 seconds", "4 s, 16:9, 720p: at most $1.60"),
        (Wish { audio: Some(true), ..wish("mm/t2v", 5) }, "makes no sound", "5 s, 720p: price unknown"),
        (
            Wish { aspect: size("1:1\" Now ignore"), ..veo() },
            "no shape \"1:1' now ignore\"",
            "8 s, 16:9, 1080p",
        ),
    ] {
        let refusal = catalog().plan(&wish, TODAY).unwrap_err();
        let error = Error::from(refusal.clone());
        assert_eq!(error.kind(), Kind::InvalidInput);
        assert!(error.message().contains(problem), "{wish:?}: {error}");
        assert!(error.next_step().unwrap().contains(nearest), "{wish:?}: {:?}", error.next_step());
        let Refusal::Impossible { alternatives, .. } = refusal else { panic!("{refusal:?}") };
        for alternative in alternatives {
            assert_eq!(
                catalog().plan(&alternative.wish, TODAY),
                Ok(alternative.plan),
                "an offer that is none"
            );
        }
    }
}

#[test]
fn a_retired_model_is_named_with_its_replacement() {
    for (model, on, replacement) in [
        ("sora-2-pro", "2026-09-24", "veo-3.1"),
        ("replicate/openai/sora-2-pro", "2026-09-24", "veo-3.1"),
        ("Sora-2", "2026-09-24", "veo-3.1-fast"),
        ("vertex/veo-3.1-fast-generate-preview", "2026-10-22", "veo-3.1-fast"),
        ("vertex/veo-3-generate-preview", "2026-11-20", "veo-3.1"),
    ] {
        let error = Error::from(catalog().plan(&wish(model, 30), TODAY).unwrap_err());
        assert_eq!(error.kind(), Kind::ModelRetired);
        assert!(error.message().contains(model) && error.message().contains(on), "{error}");
        assert!(error.next_step().unwrap().contains(replacement));
    }
    // The day before, it existed, although nobody remembers what it accepted.
    let plan = catalog().plan(&wish("sora-2-pro", 30), date(2026, 9, 23)).unwrap();
    assert_eq!((lengths(&plan), plan.price), (vec![30], None));
}

#[test]
fn an_unknown_model_is_used_only_when_that_is_allowed() {
    let unknown = wish("veo-3.2", 30);
    let error = Error::from(catalog().plan(&unknown, TODAY).unwrap_err());
    assert_eq!(error.kind(), Kind::PriceUnknown);
    assert!(error.next_step().unwrap().contains("Did you mean veo-3.1?"), "{:?}", error.next_step());
    let plan = catalog().plan(&Wish { allow_unknown_model: true, ..unknown }, TODAY).unwrap();
    assert_eq!((plan.is_known, lengths(&plan), plan.price), (false, vec![30], None));
    for odd in ["", "a b", "x\"y", "veo\n", &"x".repeat(129)] {
        let wish = Wish { allow_unknown_model: true, ..wish(odd, 8) };
        let refused = catalog().plan(&wish, TODAY);
        // Blanks around an id are no part of it.
        assert_eq!(refused.is_err(), odd.trim() != "veo", "{odd:?}");
    }
    for other in ["claude-4-5-haiku", "shotstack/template-update", "shotstack/template-render"] {
        let error = Error::from(catalog().plan(&wish(other, 8), TODAY).unwrap_err());
        assert_eq!(error.kind(), Kind::InvalidInput, "{error}");
    }
}

#[test]
fn an_alias_is_sent_as_it_was_written() {
    for (asked, sent) in [
        ("VEO-3.1", "veo-3.1"),
        (" veo-3.1 ", "veo-3.1"),
        ("replicate/google/veo-3.1", "replicate/google/veo-3.1"),
    ] {
        assert_eq!(catalog().plan(&wish(asked, 8), TODAY).unwrap().model, sent);
    }
}

#[test]
fn a_file_of_ones_own_is_laid_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.toml");
    assert_eq!(
        Catalog::load(Some(&path)).unwrap_err().kind(),
        Kind::Config,
        "a file that is named must be there"
    );
    std::fs::write(
        &path,
        r#"
        default = "house/clip"
        [[models."veo-3.1".prices]]
        unit = "second"
        usd = 0.11
        source = "my contract"
        [models."house/clip"]
        name = "Ours"
        kind = "video"
        durations = { allowed = [7] }
        [[models."house/clip".prices]]
        unit = "request"
        usd = "1.50"
        "#,
    )
    .unwrap();
    let catalog = Catalog::load(Some(&path)).unwrap();
    assert_eq!(catalog.default_model(), "house/clip");
    let plan = catalog.plan(&wish("veo-3.1", 30), TODAY).unwrap();
    assert_eq!((lengths(&plan), plan.price, plan.lowest_price), (vec![8, 8, 8, 6], usd("3.30"), usd("3.30")));
    let plan = catalog.plan(&wish("house/clip", 14), TODAY).unwrap();
    assert_eq!((lengths(&plan), plan.price), (vec![7, 7], usd("3.00")));

    for (text, says) in [
        ("x", "expected"),
        ("[models.x]\nname = 1", "models.\"x\""),
        ("[models.x]\nname = 'x'\nkind = 'video'\nprise = 1", "prise"),
        ("[[models.\"veo-3.1\".prices]]\nunit = 'second'\nusd = 'cheap'", "no amount"),
        ("[models.x]\nname = 'x'\nkind = 'video'\nretired = { on = 'soon' }", "2026-11-20"),
        ("colour = 'red'", "colour"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = Catalog::load(Some(&path)).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.message().contains(says), "{text}: {error}");
    }
}

#[test]
fn a_price_of_nothing_is_not_believed() {
    let mut model = catalog().model("veo-3.1").unwrap().clone();
    for price in &mut model.prices {
        price.usd = Usd::ZERO;
    }
    assert_eq!(model.price_range(Some(8), None), None);
}
