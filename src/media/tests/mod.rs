//! Tests over the committed fixtures, which `scripts/make-media-fixtures.sh` made once with ffmpeg.

#[cfg(feature = "studio")]
mod check;
mod damage;
#[cfg(feature = "studio")]
mod decode;
#[cfg(feature = "studio")]
mod extremes;
#[cfg(feature = "studio")]
mod join;
mod probe;
#[cfg(feature = "studio")]
mod sheet;
#[cfg(feature = "studio")]
mod sound;

use std::path::PathBuf;

/// A fixture's path.
fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/media", name].iter().collect()
}
