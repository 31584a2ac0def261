//! A shot that begins with a given picture and dissolves into its scene.

use std::path::Path;

use super::still::Still;
use super::{Canvas, Error};
use crate::media::frame::Frame;
use crate::media::scale::{Crop, Scaler};

/// How long the picture can be seen.
const DISSOLVE_MS: f64 = 1500.0;

/// The picture, as large as the canvas.
pub(super) struct Opening(Frame);

impl Opening {
    pub(super) fn of(picture: &Path, canvas: Canvas) -> Result<Self, Error> {
        let still = Still::open(picture, 2400)
            .map_err(|why| Error::Source { name: "the first frame".into(), why })?;
        let size = (still.frame.width, still.frame.height);
        let canvas = (canvas.width as usize, canvas.height as usize);
        Ok(Self(Scaler::new(size, Crop::cover(size, canvas), canvas).scale(&still.frame)))
    }

    /// Lays what is left of the picture over the scene.
    pub(super) fn draw(&self, at_ms: f64, frame: &mut Frame) {
        let left = ((1.0 - at_ms / DISSOLVE_MS).clamp(0.0, 1.0) * 256.0) as i32;
        if left == 0 {
            return;
        }
        let planes = [(&mut frame.y, &self.0.y), (&mut frame.u, &self.0.u), (&mut frame.v, &self.0.v)];
        for (scene, picture) in planes {
            for (scene, picture) in scene.iter_mut().zip(picture) {
                let was = i32::from(*scene);
                *scene = (was + (((i32::from(*picture) - was) * left + 128) >> 8)) as u8;
            }
        }
    }
}
