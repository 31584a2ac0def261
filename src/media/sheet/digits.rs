//! Time stamps in a built-in 5x7 face: a sheet needs no font file.

use super::canvas::Canvas;

/// Rows of five bits, the leftmost bit highest.
const GLYPHS: [(char, [u8; 7]); 12] = [
    ('0', [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110]),
    ('1', [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110]),
    ('2', [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111]),
    ('3', [0b01110, 0b10001, 0b00001, 0b00110, 0b00001, 0b10001, 0b01110]),
    ('4', [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010]),
    ('5', [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110]),
    ('6', [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110]),
    ('7', [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000]),
    ('8', [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110]),
    ('9', [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100]),
    (':', [0b00000, 0b00100, 0b00100, 0b00000, 0b00100, 0b00100, 0b00000]),
    ('.', [0b00000, 0b00000, 0b00000, 0b00000, 0b00000, 0b01100, 0b01100]),
];

/// A time as minutes, seconds and tenths; hours when there are any.
pub(super) fn label(at_ms: u64) -> String {
    let (tenths, seconds, minutes) = (at_ms / 100 % 10, at_ms / 1000 % 60, at_ms / 60_000 % 60);
    match at_ms / 3_600_000 {
        0 => format!("{minutes}:{seconds:02}.{tenths}"),
        hours => format!("{hours}:{minutes:02}:{seconds:02}.{tenths}"),
    }
}

/// Writes a time into the lower left corner of a cell, white on near-black so that it reads on any picture.
pub(super) fn stamp(canvas: &mut Canvas, at_ms: u64, cell: (usize, usize), size: (usize, usize)) {
    let text = label(at_ms);
    let wide = text.len() * 6 + 1;
    let dot = (size.0.min(size.1) / 90).clamp(1, 4);
    if wide * dot > size.0 || 9 * dot > size.1 {
        return; // a thumbnail too small to read
    }
    let top = cell.1 + size.1 - 9 * dot;
    for y in 0..9 * dot {
        for x in 0..wide * dot {
            canvas.set(cell.0 + x, top + y, [12, 12, 12]);
        }
    }
    for (place, c) in text.chars().enumerate() {
        let Some((_, rows)) = GLYPHS.iter().find(|(glyph, _)| *glyph == c) else { continue };
        for (row, bits) in rows.iter().enumerate() {
            for column in (0..5).filter(|column| bits >> (4 - column) & 1 == 1) {
                for at in 0..dot * dot {
                    let x = cell.0 + (1 + place * 6 + column) * dot + at % dot;
                    canvas.set(x, top + (1 + row) * dot + at / dot, [255, 255, 255]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::GLYPHS;
    use crate::media::Limits;
    use crate::media::picture::{self, Picture};
    use crate::media::sheet::{GAP, SheetOptions, sheet};

    /// What stands in the lower left corner of a cell, in dots of one pixel: of each character the one that fits best.
    fn read(picture: &Picture, (left, bottom): (usize, usize), count: usize) -> String {
        let bright = |x: usize, y: usize| picture.rgb[(y * picture.width + x) * 3 + 1] > 128;
        (0..count)
            .map(|place| {
                let wrong = |rows: &[u8; 7]| {
                    let dots = (0..7).flat_map(|row| (0..5).map(move |column| (row, column)));
                    dots.filter(|(row, column)| {
                        let drawn = rows[*row] >> (4 - column) & 1 == 1;
                        drawn != bright(left + 1 + place * 6 + column, bottom - 8 + row)
                    })
                    .count()
                };
                GLYPHS.iter().min_by_key(|(_, rows)| wrong(rows)).unwrap().0
            })
            .collect()
    }

    #[test]
    fn every_picture_of_a_sheet_carries_its_time() {
        let path = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/media/h264-high-bframes-aac.mp4"].join("/");
        let sheet = sheet(path.as_ref(), &SheetOptions::default(), &Limits::default()).unwrap();
        let picture = picture::from_jpeg(&sheet.jpeg, &Limits::default()).unwrap();
        let (wide, high) = ((picture.width - GAP) / 3, (picture.height - GAP) / 3);
        assert!((wide - GAP).min(high - GAP) < 180, "one dot is one pixel");
        assert_eq!(sheet.shots.len(), 9);
        for (number, at_ms) in sheet.shots.iter().enumerate() {
            let corner = (GAP + number % 3 * wide, (number / 3 + 1) * high);
            let text = super::label(*at_ms);
            assert_eq!(read(&picture, corner, text.len()), text, "picture {number}");
        }
    }

    #[test]
    fn times_read_as_on_a_player() {
        for (ms, text) in [(0, "0:00.0"), (9_950, "0:09.9"), (61_200, "1:01.2"), (3_723_400, "1:02:03.4")] {
            assert_eq!(super::label(ms), text);
        }
    }
}
