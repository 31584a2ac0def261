//! Words over the picture: wrapped, balanced, with a soft shadow, in Latin, Greek, Cyrillic and CJK scripts.

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont, point};

use super::Canvas;
use super::ink::Mask;
use super::noise::smooth;
use crate::media::frame::{Frame, Yuv};

static LATIN: &[u8] = include_bytes!("fonts/latin.ttf");
static CJK: &[u8] = include_bytes!("fonts/cjk.otf");

/// Where a caption stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Top,
    Center,
    Bottom,
    Corner,
}

/// A text, set and ready to be laid over pictures.
pub(super) struct Caption {
    letters: Mask,
    shadow: Mask,
    colour: Yuv,
    strength: f32,
}

/// Most lines that a caption takes; what does not fit ends in an ellipsis.
const MAX_LINES: usize = 3;

impl Caption {
    /// Sets a text in white. `None` when it is blank or half of it has no glyph in the fonts.
    pub(super) fn new(text: &str, canvas: Canvas, place: Place) -> Option<Self> {
        let scale = if place == Place::Center { 0.078 } else { 0.052 };
        Self::sized(text, canvas, place, scale, Yuv::hex(0xffffff))
    }

    /// Sets a text in a size given as a share of the canvas's shorter side.
    pub(super) fn sized(text: &str, canvas: Canvas, place: Place, size: f32, colour: Yuv) -> Option<Self> {
        let fonts = Fonts::load()?;
        let (width, height) = (canvas.width as f32, canvas.height as f32);
        let px = (width.min(height) * size).max(8.0);
        let letters = fonts.readable(text)?;
        let lines = fonts.wrap(&letters, px, width * 0.86);
        let line_height = px * 1.28;
        let block = line_height * lines.len() as f32;
        let top = match place {
            Place::Top => height * 0.07,
            Place::Center => (height - block) / 2.0,
            // Tall canvases keep clear of the buttons that apps lay over the lower edge.
            Place::Bottom if height > width => height * 0.80 - block,
            Place::Bottom => height * 0.92 - block,
            Place::Corner => px * 0.5,
        };
        let mut mask = Mask::new(0, top as i32 - px as i32 / 2, canvas.width as usize, (block + px) as usize);
        for (number, line) in lines.iter().enumerate() {
            let length = fonts.length(line, px);
            let left = match place {
                Place::Corner => width - length - px * 0.7,
                _ => (width - length) / 2.0,
            };
            fonts.draw(line, px, left, top + line_height * number as f32 + px, &mut mask);
        }
        let shadow = mask.trimmed().softened((px * 0.09).ceil() as usize);
        Some(Self { letters: mask.trimmed(), shadow, colour, strength: 1.0 })
    }

    /// The same in another colour.
    pub(super) fn coloured(self, colour: Yuv) -> Self {
        Self { colour, ..self }
    }

    /// Lays it over a picture; opacity 0 to 1.
    pub(super) fn draw(&self, frame: &mut Frame, opacity: f32) {
        let opacity = opacity * self.strength;
        if opacity > 0.0 {
            self.shadow.draw(frame, Yuv::hex(0), opacity * 0.9);
            self.letters.draw(frame, self.colour, opacity);
        }
    }
}

/// What to say about a text for which [`Caption::new`] made nothing.
pub(super) fn unreadable(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| {
        format!("The caption \"{text}\" is not shown: the sandbox's fonts have Latin, Greek, Cyrillic and CJK letters only.")
    })
}

/// The small sign in the corner of every frame.
pub(super) fn mark(canvas: Canvas) -> Mark {
    let mut caption = Caption::sized("sandbox", canvas, Place::Corner, 0.026, Yuv::hex(0xffffff));
    if let Some(caption) = &mut caption {
        caption.strength = 0.62;
    }
    Mark(caption)
}

/// See [`mark`].
pub(super) struct Mark(Option<Caption>);

impl Mark {
    pub(super) fn draw(&self, frame: &mut Frame, opacity: f32) {
        if let Some(caption) = &self.0 {
            caption.draw(frame, opacity);
        }
    }
}

/// Opacity of something that is shown from `start_ms` to `end_ms` and comes and goes softly.
pub(super) fn fade(at_ms: f64, start_ms: f64, end_ms: f64) -> f32 {
    let soft = 400.0f64.min((end_ms - start_ms) / 4.0).max(1.0);
    let (rise, fall) = (((at_ms - start_ms) / soft) as f32, ((end_ms - at_ms) / soft) as f32);
    smooth(0.0, 1.0, rise.min(fall))
}

struct Fonts {
    latin: FontRef<'static>,
    cjk: FontRef<'static>,
}

impl Fonts {
    fn load() -> Option<Self> {
        Some(Self { latin: FontRef::try_from_slice(LATIN).ok()?, cjk: FontRef::try_from_slice(CJK).ok()? })
    }

    fn glyph(&self, letter: char) -> Option<(&FontRef<'static>, GlyphId)> {
        [&self.latin, &self.cjk]
            .into_iter()
            .map(|font| (font, font.glyph_id(letter)))
            .find(|(_, id)| id.0 != 0)
    }

    /// The text without what the fonts lack, blanks made single; `None` when too little is left to be read.
    fn readable(&self, text: &str) -> Option<String> {
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let kept: String = plain.chars().filter(|&c| c == ' ' || self.glyph(c).is_some()).collect();
        let kept = kept.split_whitespace().collect::<Vec<_>>().join(" ");
        let count = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
        (!kept.is_empty() && count(&kept) * 2 >= count(&plain)).then_some(kept)
    }

    fn advance(&self, letter: char, px: f32) -> f32 {
        let space = ('n', 0.5);
        let (letter, share) = if letter == ' ' { space } else { (letter, 1.0) };
        self.glyph(letter).map_or(0.0, |(font, id)| font.as_scaled(scale(font, px)).h_advance(id) * share)
    }

    fn length(&self, line: &str, px: f32) -> f32 {
        line.chars().map(|letter| self.advance(letter, px)).sum()
    }

    /// Lines of similar length. Breaks at blanks, and around any CJK character.
    fn wrap(&self, text: &str, px: f32, room: f32) -> Vec<String> {
        let total = self.length(text, px);
        let wanted = ((total / room).ceil() as usize).clamp(1, MAX_LINES);
        // Even lines first; when a long word spoils that, fuller lines, then one line more.
        for count in wanted..=MAX_LINES {
            for stretch in [1.04, 1.12, 1.25, 1.5] {
                let lines = self.fill(text, px, (total / count as f32 * stretch).min(room));
                if lines.len() <= count {
                    return lines;
                }
            }
        }
        let mut lines = self.fill(text, px, room);
        if lines.len() > MAX_LINES {
            lines.truncate(MAX_LINES);
            if let Some(last) = lines.last_mut() {
                while self.length(last, px) + self.advance('…', px) > room && last.pop().is_some() {}
                *last = format!("{}…", last.trim_end());
            }
        }
        lines
    }

    fn fill(&self, text: &str, px: f32, width: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for piece in pieces(text).into_iter().flat_map(|piece| self.broken(piece, px, width)) {
            let Some(line) = lines.last_mut() else { break };
            let longer = format!("{line}{piece}");
            if line.is_empty() || self.length(longer.trim_end(), px) <= width {
                *line = longer;
            } else if lines.len() > MAX_LINES {
                // More than is shown anyway.
                break;
            } else {
                lines.push(piece.to_owned());
            }
        }
        lines.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    }

    /// A piece as it is, or cut where it is wider than a whole line.
    fn broken<'a>(&self, mut piece: &'a str, px: f32, width: f32) -> Vec<&'a str> {
        let mut parts = Vec::new();
        loop {
            let mut reach = 0.0;
            let fits = |(_, letter): &(usize, char)| {
                reach += self.advance(*letter, px);
                reach <= width
            };
            let cut = piece.char_indices().skip_while(fits).map(|(at, _)| at).find(|&at| at > 0);
            match cut.filter(|&at| piece.get(at..).is_some_and(|rest| !rest.trim().is_empty())) {
                Some(at) => {
                    let (part, rest) = piece.split_at(at);
                    parts.push(part);
                    piece = rest;
                }
                None => {
                    parts.push(piece);
                    return parts;
                }
            }
        }
    }

    fn draw(&self, line: &str, px: f32, left: f32, baseline: f32, mask: &mut Mask) {
        let mut x = left;
        for letter in line.chars() {
            if let Some((font, id)) = self.glyph(letter).filter(|_| letter != ' ') {
                let glyph = id.with_scale_and_position(scale(font, px), point(x, baseline));
                if let Some(outline) = font.outline_glyph(glyph) {
                    let corner = outline.px_bounds().min;
                    outline.draw(|dx, dy, cover| {
                        mask.cover(corner.x as i32 + dx as i32, corner.y as i32 + dy as i32, cover);
                    });
                }
            }
            x += self.advance(letter, px);
        }
    }
}

/// A scale at which both fonts have letters of one size: `px` to the em.
fn scale(font: &FontRef<'_>, px: f32) -> PxScale {
    let em = font.units_per_em().unwrap_or(1000.0);
    PxScale::from(px * font.height_unscaled() / em)
}

/// Words with the blank behind them, and single CJK characters; closing marks stay with what they close.
fn pieces(text: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    let mut previous = ' ';
    for (at, letter) in text.char_indices() {
        let closing = "，。！？、：；」』）》〉】…—ー,.!?:;)".contains(letter);
        let after_blank = previous == ' ' && letter != ' ';
        let beside = (is_wide(letter) || is_wide(previous)) && letter != ' ' && !closing;
        if at > 0 && (after_blank || beside) {
            cuts.push(at);
        }
        previous = letter;
    }
    cuts.push(text.len());
    cuts.windows(2).filter_map(|pair| text.get(*pair.first()?..*pair.last()?)).collect()
}

/// A character of a script that is written without blanks. (Korean has blanks.)
fn is_wide(letter: char) -> bool {
    matches!(letter, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, room: f32) -> Vec<String> {
        let fonts = Fonts::load().unwrap();
        fonts.wrap(&fonts.readable(text).unwrap(), 20.0, room)
    }

    #[test]
    fn lines_are_few_balanced_and_inside() {
        let fonts = Fonts::load().unwrap();
        let long = "word ".repeat(4_000);
        let endless = "x".repeat(20_000);
        let texts = [
            "sunset",
            "First subtitle line that is rather long and needs two lines at least",
            "生成一个海上日落的视频，越快越好，谢谢你们的帮助",
            "서울의 밤하늘 아래에서 노래하는 사람들",
            "Donaudampfschifffahrtsgesellschaftskapitän am Steuer",
            &long,
            &endless,
        ];
        for text in texts {
            for room in [120.0, 300.0, 800.0] {
                let lines = lines(text, room);
                assert!((1..=MAX_LINES).contains(&lines.len()), "{text:.20} in {room}: {lines:?}");
                for line in &lines {
                    assert!(fonts.length(line, 20.0) <= room + 0.1, "{room}: {line}");
                    assert!(!line.starts_with(['，', '。']), "{line}");
                }
            }
        }
        assert!(lines(&endless, 300.0)[MAX_LINES - 1].ends_with('…'));
        let two = lines("a caption that takes just a little more than one line", 420.0);
        assert_eq!(two.len(), 2);
        let lengths: Vec<f32> = two.iter().map(|line| fonts.length(line, 20.0)).collect();
        assert!(lengths[1] > lengths[0] * 0.6, "{two:?}");
    }

    #[test]
    fn what_has_no_glyph_is_dropped_or_all_is() {
        let fonts = Fonts::load().unwrap();
        assert_eq!(fonts.readable("  Hello \n 🌊 world ").as_deref(), Some("Hello world"));
        assert_eq!(fonts.readable("مرحبا بالعالم x"), None);
        assert_eq!(fonts.readable(" \t "), None);
        assert_eq!(fonts.readable("🌊🌊"), None);
    }
}
