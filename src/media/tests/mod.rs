//! Tests over the committed fixtures, which `scripts/make-media-fixtures.sh` made once with ffmpeg.

#[cfg(feature = "studio")]
mod decode;
mod probe;
#[cfg(feature = "studio")]
mod sheet;

use std::path::PathBuf;

/// A fixture's path.
fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/media", name].iter().collect()
}
