//! `estimate`: what a video would cost, before anything is sent.

use clap::Args;

use super::{Exit, Shell, text};
use crate::error::Result;
use crate::jobs::money::estimate;
use crate::jobs::plan::GenerateInput;

#[derive(Args, Debug)]
pub(super) struct Estimate {
    /// Model to price; left out, all models and prices are listed
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Length in seconds
    #[arg(long, visible_alias = "seconds", value_name = "SECONDS", value_parser = super::make::seconds, allow_negative_numbers = true)]
    duration: Option<f64>,
    /// Shape of the picture, such as 16:9 or 9:16
    #[arg(long, value_name = "W:H")]
    aspect: Option<String>,
    /// Size of the picture, such as 1080p or 4k
    #[arg(long, value_name = "SIZE")]
    resolution: Option<String>,
    /// With sound
    #[arg(long)]
    audio: bool,
    /// With a first frame; the file stays here
    #[arg(long, value_name = "FILE")]
    image: Option<String>,
    /// With a last frame
    #[arg(long, value_name = "FILE")]
    last_frame: Option<String>,
    /// With a picture to follow in style; may be repeated
    #[arg(long = "reference-image", value_name = "FILE")]
    reference_images: Vec<String>,
    /// With each part of a long video begun on the last frame of the one before
    #[arg(long)]
    chain_frames: bool,
    /// The most it may cost, in US dollars: more is refused, as `make` would
    #[arg(long, value_name = "USD", value_parser = super::make::amount, allow_negative_numbers = true)]
    max_cost_usd: Option<f64>,
}

impl Estimate {
    pub(super) async fn run(self, shell: &Shell) -> Result<Exit> {
        let input = GenerateInput {
            model: self.model,
            duration_seconds: self.duration,
            aspect_ratio: self.aspect,
            resolution: self.resolution,
            generate_audio: self.audio.then_some(true),
            image: self.image,
            last_frame: self.last_frame,
            reference_images: self.reference_images,
            chain_frames: self.chain_frames,
            max_cost_usd: self.max_cost_usd,
            ..GenerateInput::default()
        };
        let told = estimate::estimate(&shell.app, &input).await?;
        shell.out.result(&told, || text::estimate(&told))?;
        Ok(0)
    }
}
