//! The models of the emulated gateway: what each can make, and its list price.
//!
//! Lengths, shapes and sizes are those of the public vendor pages of late 2026. Prices are vendors' list prices where
//! they are known; the others are made up. All can be changed by the option `prices_usd`.

use super::Usd;

/// A model.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) vendor: &'static str,
    pub(super) kind: Kind,
    /// No longer offered.
    pub(super) gone: bool,
}

/// What a model does.
#[derive(Debug)]
pub(super) enum Kind {
    Video(Video),
    /// A new version of a template; billed by the request.
    TemplateUpdate {
        price: Usd,
    },
    /// A template, rendered; billed by the second.
    TemplateRender {
        price: Usd,
    },
    /// Words; billed by the request, to keep it simple.
    Chat {
        price: Usd,
    },
}

/// What a model that makes clips can do.
#[derive(Debug)]
pub(super) struct Video {
    pub(super) seconds: Seconds,
    /// Shapes, such as `16:9`.
    pub(super) aspects: &'static [&'static str],
    /// Sizes with their price per second, the usual one first.
    pub(super) sizes: &'static [(&'static str, Usd)],
    /// Sizes above 720p are made at this length only.
    pub(super) large_only_at: Option<u32>,
    /// A clip may begin with a picture.
    pub(super) first_frame: bool,
    /// A clip may end with a picture.
    pub(super) last_frame: bool,
    /// At most so many pictures to follow; 0 is none.
    pub(super) references: usize,
    /// The discount pool that may be full.
    pub(super) lite: bool,
}

/// The lengths that a model makes.
#[derive(Debug)]
pub(super) enum Seconds {
    /// These, the usual one first.
    Of(&'static [u32]),
    /// All from the first to the last; the third is the usual one.
    From(u32, u32, u32),
}

impl Seconds {
    pub(super) fn usual(&self) -> u32 {
        match self {
            Self::Of(all) => all.first().copied().unwrap_or(8),
            Self::From(_, _, usual) => *usual,
        }
    }

    /// In rising order.
    pub(super) fn all(&self) -> Vec<u32> {
        let mut all = match self {
            Self::Of(all) => all.to_vec(),
            Self::From(first, last, _) => (*first..=*last).collect(),
        };
        all.sort_unstable();
        all
    }

    /// The nearest length; the shorter of two.
    pub(super) fn nearest(&self, to: u32) -> u32 {
        self.all().into_iter().min_by_key(|seconds| seconds.abs_diff(to)).unwrap_or(to)
    }
}

const WIDE_AND_TALL: &[&str] = &["16:9", "9:16"];
const WITH_SQUARE: &[&str] = &["16:9", "9:16", "1:1"];
const FOUR: &[&str] = &["16:9", "9:16", "4:3", "3:4"];

const fn veo(
    id: &'static str,
    title: &'static str,
    sizes: &'static [(&'static str, Usd)],
    lite: bool,
) -> Model {
    let video = Video {
        seconds: Seconds::Of(&[8, 6, 4]),
        aspects: WIDE_AND_TALL,
        sizes,
        large_only_at: Some(8),
        first_frame: true,
        last_frame: true,
        references: 3,
        lite,
    };
    Model { id, title, vendor: "google", kind: Kind::Video(video), gone: false }
}

const fn omni(id: &'static str, title: &'static str, longest: u32) -> Model {
    const SIZES: &[(&str, Usd)] = &[
        ("1080p", Usd::cents(12)),
        ("720p", Usd::cents(8)),
        ("480p", Usd::cents(6)),
        ("360p", Usd::cents(5)),
        ("4k", Usd::cents(24)),
    ];
    let video = Video {
        seconds: Seconds::From(3, longest, 8),
        aspects: WIDE_AND_TALL,
        sizes: SIZES,
        large_only_at: None,
        first_frame: true,
        last_frame: true,
        references: 3,
        lite: false,
    };
    Model { id, title, vendor: "google", kind: Kind::Video(video), gone: false }
}

const fn simple(
    id: &'static str,
    title: &'static str,
    vendor: &'static str,
    seconds: &'static [u32],
    aspects: &'static [&'static str],
    sizes: &'static [(&'static str, Usd)],
    references: usize,
) -> Model {
    let video = Video {
        seconds: Seconds::Of(seconds),
        aspects,
        sizes,
        large_only_at: None,
        first_frame: true,
        last_frame: false,
        references,
        lite: false,
    };
    Model { id, title, vendor, kind: Kind::Video(video), gone: false }
}

static MODELS: [Model; 12] = [
    veo(
        "veo-3.1",
        "Veo 3.1",
        &[("1080p", Usd::cents(40)), ("720p", Usd::cents(40)), ("4k", Usd::cents(60))],
        false,
    ),
    veo(
        "veo-3.1-fast",
        "Veo 3.1 Fast",
        &[("1080p", Usd::cents(15)), ("720p", Usd::cents(12)), ("4k", Usd::cents(30))],
        false,
    ),
    veo("veo-3.1-lite", "Veo 3.1 Lite", &[("1080p", Usd::cents(5)), ("720p", Usd::cents(3))], true),
    omni("gemini-omni-1.1-flash", "Gemini Omni Flash 1.1", 10),
    omni("gemini-omni-1.2-flash", "Gemini Omni Flash 1.2", 15),
    simple(
        "seedance/seedance-2.0",
        "Seedance 2.0",
        "bytedance",
        &[5, 10, 15],
        FOUR,
        &[("1080p", Usd::cents(36)), ("720p", Usd::cents(20))],
        4,
    ),
    simple("mm/t2v", "Text to video", "mm", &[5], WITH_SQUARE, &[("720p", Usd::cents(6))], 0),
    simple("mm/i2v", "Picture to video", "mm", &[5], WITH_SQUARE, &[("720p", Usd::cents(6))], 0),
    Model {
        gone: true,
        ..simple(
            "sora-2-pro",
            "Sora 2 Pro",
            "openai",
            &[4, 8, 12],
            WIDE_AND_TALL,
            &[("720p", Usd::cents(30)), ("1080p", Usd::cents(50))],
            0,
        )
    },
    Model {
        id: "shotstack/template-update",
        title: "Shotstack Template Update",
        vendor: "shotstack",
        kind: Kind::TemplateUpdate { price: Usd::cents(1) },
        gone: false,
    },
    Model {
        id: "shotstack/template-render",
        title: "Shotstack Template Render",
        vendor: "shotstack",
        kind: Kind::TemplateRender { price: Usd::cents(1) },
        gone: false,
    },
    Model {
        id: "claude-4-5-haiku",
        title: "Claude 4.5 Haiku",
        vendor: "anthropic",
        kind: Kind::Chat { price: Usd { micros: 1000 } },
        gone: false,
    },
];

/// All models, also those that are gone.
pub(super) fn all() -> &'static [Model] {
    &MODELS
}

/// The model of this id; some ids have a prefix of the route that they take.
pub(super) fn find(id: &str) -> Option<&'static Model> {
    let bare = ["vertex/", "replicate/google/", "replicate/openai/", "bedrock/"]
        .iter()
        .find_map(|route| id.strip_prefix(route))
        .unwrap_or(id);
    MODELS.iter().find(|model| model.id == bare)
}

impl Model {
    /// `video` or `chat`, as the service sorts them.
    pub(super) fn type_name(&self) -> &'static str {
        if matches!(self.kind, Kind::Chat { .. }) { "chat" } else { "video" }
    }
}
