//! The scenes, one file each, and the choice between them.

mod ocean;
mod sky;

use super::Canvas;
use super::look::{Look, Place};
use crate::media::frame::Frame;

/// A moving picture without end.
pub(super) trait Scene: Send {
    /// Paints the whole frame as it looks at a time in seconds.
    fn draw(&mut self, t: f32, frame: &mut Frame);
}

/// The scene that the words describe.
pub(super) fn of(prompt: &str, canvas: Canvas) -> Box<dyn Scene> {
    let look = Look::of(prompt);
    match look.place {
        Place::Ocean => Box::new(ocean::Ocean::new(&look, canvas)),
        _ => Box::new(ocean::Ocean::new(&look, canvas)),
    }
}
