//! Pictures at the command line: which one is made, and how a capable terminal shows it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;

use super::Shell;
use crate::config::{Pictures, Preview};
use crate::jobs::inspect::{self, Keep};
use crate::model::job::Job;
use crate::model::report::JobReport;

/// Bytes of one piece in the kitty protocol (Terminal graphics protocol, "Remote client").
const KITTY_PIECE: usize = 4096;

/// How the result is looked at.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(super) struct Look {
    /// Picture of the result: none, poster (one frame) or sheet (nine frames, the default)
    #[arg(long, value_name = "KIND", value_parser = preview)]
    pub(super) preview: Option<Preview>,
    /// End with an error when the result fails its delivery check or cannot be checked; it is kept
    #[arg(long)]
    pub(super) strict: bool,
}

fn preview(text: &str) -> Result<Preview, String> {
    text.parse().map_err(|_| format!("choose one of {}", Preview::NAMES.join(", ")))
}

impl Shell {
    /// What the picture behind a result is, for somebody who reads text or a terminal that only nearly can draw.
    pub(super) fn caption(&self, look: Look) -> &'static str {
        match look.preview.unwrap_or(self.app.config().preview) {
            Preview::Poster => "Preview: one frame of the video.",
            _ => "Preview: nine frames of the video, from its beginning to its end.",
        }
    }

    /// Puts the preview into the report; gives what draws it on the terminal, if that can and a person watches.
    pub(super) async fn picture(&self, job: &Job, report: &mut JobReport, look: Look) -> Option<Vec<u8>> {
        let terminal = self.app.config().pictures.filter(|_| self.out.draws());
        // Without eyes on it there is nothing to draw; what was saved stands in the report already.
        if terminal.is_none() && look.preview.is_none() {
            return None;
        }
        let jpeg = inspect::show(&self.app, job, report, look.preview, Keep::Beside).await?;
        drawing(terminal?, &jpeg)
    }
}

/// The bytes that make a terminal draw a picture.
fn drawing(terminal: Pictures, jpeg: &[u8]) -> Option<Vec<u8>> {
    match terminal {
        Pictures::Iterm => {
            let data = BASE64.encode(jpeg);
            Some(format!("\x1b]1337;File=inline=1;size={}:{data}\x07\n", jpeg.len()).into_bytes())
        }
        Pictures::Kitty => {
            let png = BASE64.encode(crate::media::as_png(jpeg).ok()?).into_bytes();
            let pieces: Vec<_> = png.chunks(KITTY_PIECE).collect();
            let mut drawing = Vec::with_capacity(png.len() + pieces.len() * 16);
            for (number, piece) in pieces.iter().enumerate() {
                // The first piece says what it is: a PNG to be shown at once, without an answer.
                let what = if number == 0 { "a=T,f=100,q=2," } else { "" };
                let more = u8::from(number + 1 < pieces.len());
                drawing.extend(format!("\x1b_G{what}m={more};").into_bytes());
                drawing.extend_from_slice(piece);
                drawing.extend(b"\x1b\\");
            }
            drawing.push(b'\n');
            Some(drawing)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = include_bytes!("../../tests/fixtures/media/picture.jpg");

    #[test]
    fn a_terminal_is_spoken_to_in_its_language() {
        let text = |terminal| String::from_utf8(drawing(terminal, JPEG).unwrap()).unwrap();
        let iterm = text(Pictures::Iterm);
        let data = iterm.split_once(':').unwrap().1.trim_end().trim_end_matches('\u{7}');
        assert_eq!(BASE64.decode(data).unwrap(), JPEG);
        assert!(iterm.starts_with(&format!("\u{1b}]1337;File=inline=1;size={}:", JPEG.len())));
    }

    #[cfg(feature = "studio")]
    #[test]
    fn kitty_gets_a_png_in_pieces() {
        let drawn = String::from_utf8(drawing(Pictures::Kitty, JPEG).unwrap()).unwrap();
        let pieces: Vec<_> = drawn.trim_end().split_inclusive("\u{1b}\\").collect();
        let mut data = String::new();
        for (number, piece) in pieces.iter().enumerate() {
            let (keys, rest) = piece.strip_prefix("\u{1b}_G").unwrap().split_once(';').unwrap();
            let last = number + 1 == pieces.len();
            assert!(keys.ends_with(if last { "m=0" } else { "m=1" }), "{keys}");
            assert_eq!(keys.contains("a=T,f=100"), number == 0);
            let rest = rest.strip_suffix("\u{1b}\\").unwrap();
            assert!(rest.len() <= KITTY_PIECE);
            data.push_str(rest);
        }
        assert!(BASE64.decode(data).unwrap().starts_with(b"\x89PNG"));
    }
}
