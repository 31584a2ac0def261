//! The scenes, one file each, and the choice between them.

mod city;
mod desert;
mod forest;
mod land;
mod mountains;
mod ocean;
mod silk;
mod sky;
mod space;
mod weather;

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
        Place::Mountains => Box::new(mountains::Mountains::new(&look, canvas)),
        Place::Forest | Place::Winter => Box::new(forest::Forest::new(&look, canvas)),
        Place::City => Box::new(city::City::new(&look, canvas)),
        Place::Desert => Box::new(desert::Desert::new(&look, canvas)),
        Place::Space => Box::new(space::Space::new(&look, canvas)),
        Place::Abstract => Box::new(silk::Silk::new(&look, canvas)),
    }
}
