//! What becomes of a finished clip: where it goes, and its posts.

mod plan;

pub(super) use plan::delivery;
