//! Which prompts there are, and what they take.

use rmcp::ErrorData;

use super::{Given, text};
use crate::jobs::plan::ASPECTS;
use crate::mcp::completion::Values;
use crate::mcp::tools;

/// One argument of a prompt.
pub(super) struct Argument {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) required: bool,
    pub(super) values: Values,
}

/// One prompt.
pub(super) struct Offer {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) arguments: &'static [Argument],
    /// The text, from arguments that were checked.
    pub(super) text: fn(&Given) -> Result<String, ErrorData>,
}

pub(super) static OFFERS: [Offer; 3] = [
    Offer {
        name: "make_video",
        title: "Make a video",
        about: "From your words to an MP4: price first, then the video, then a look at it.",
        arguments: &[
            Argument {
                name: "prompt",
                title: "What it shows",
                about: "What the video shows, in your own words",
                required: true,
                values: Values::Words,
            },
            Argument {
                name: "duration_seconds",
                title: "Length",
                about: "Length in seconds, e.g. 10",
                required: false,
                values: Values::Words,
            },
            Argument {
                name: "aspect_ratio",
                title: "Shape",
                about: "Shape of the picture, e.g. 9:16 for a phone",
                required: false,
                values: Values::OneOf(&ASPECTS),
            },
            Argument {
                name: "model",
                title: "Model",
                about: "A SkillBoss model, paid in dollars; without one NemoVideo chooses",
                required: false,
                values: Values::Models,
            },
            Argument {
                name: "service",
                title: "Service",
                about: "sandbox rehearses it free of charge, offline",
                required: false,
                values: Values::OneOf(&tools::SERVICES),
            },
        ],
        text: text::make,
    },
    Offer {
        name: "edit_video",
        title: "Edit the video",
        about: "A change in plain words, a look at what changed, and a new file.",
        arguments: &[
            Argument {
                name: "instruction",
                title: "The change",
                about: "What shall be different, in your own words",
                required: true,
                values: Values::Words,
            },
            Argument {
                name: "session_id",
                title: "Session",
                about: "The timeline to change; without one the current",
                required: false,
                values: Values::Sessions,
            },
        ],
        text: text::edit,
    },
    Offer {
        name: "post_video",
        title: "Post the video",
        about: "A look at a finished video, a try without sending, your yes, and a draft in your scheduler.",
        arguments: &[
            Argument {
                name: "job_id",
                title: "Job",
                about: "The job that made the video; without one the newest",
                required: false,
                values: Values::Files,
            },
            Argument {
                name: "channel",
                title: "Channel",
                about: "Where it shall appear, e.g. tiktok or shorts",
                required: false,
                values: Values::Channels,
            },
            Argument {
                name: "caption",
                title: "Caption",
                about: "The words beside it; without any the assistant proposes some",
                required: false,
                values: Values::Words,
            },
        ],
        text: text::post,
    },
];
