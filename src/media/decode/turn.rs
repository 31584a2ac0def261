//! Turning pictures by quarter turns, as phones ask for.

use crate::media::frame::Frame;

/// The picture turned clockwise by 0, 90, 180 or 270 degrees.
pub(crate) fn turned(frame: Frame, degrees: u32) -> Frame {
    let (width, height) = (frame.width, frame.height);
    let turn = |plane: &[u8], width: usize, height: usize| match degrees {
        90 => columns(plane, width, 0..width, true, height),
        270 => columns(plane, width, (0..width).rev(), false, height),
        _ => plane.iter().rev().copied().collect(),
    };
    match degrees {
        90 | 180 | 270 => {
            let (y, u, v) = (
                turn(&frame.y, width, height),
                turn(&frame.u, width / 2, height / 2),
                turn(&frame.v, width / 2, height / 2),
            );
            let (width, height) = if degrees == 180 { (width, height) } else { (height, width) };
            Frame { width, height, y, u, v }
        }
        _ => frame,
    }
}

/// Reads a plane column by column, each from the bottom up or the top down.
fn columns(
    plane: &[u8],
    width: usize,
    order: impl Iterator<Item = usize>,
    upwards: bool,
    height: usize,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(width * height);
    for x in order {
        let column = plane.iter().skip(x).step_by(width.max(1)).take(height).copied();
        if upwards {
            let start = out.len();
            out.extend(column);
            if let Some(row) = out.get_mut(start..) {
                row.reverse();
            }
        } else {
            out.extend(column);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarter_turns_move_corners_clockwise() {
        let frame = Frame { width: 4, height: 2, y: (0..8).collect(), u: vec![10, 11], v: vec![20, 21] };
        let right = turned(frame.clone(), 90);
        assert_eq!((right.width, right.height), (2, 4));
        assert_eq!(right.y, [4, 0, 5, 1, 6, 2, 7, 3]);
        assert_eq!(right.u, [10, 11]);
        assert_eq!(turned(frame.clone(), 180).y, [7, 6, 5, 4, 3, 2, 1, 0]);
        assert_eq!(turned(turned(frame.clone(), 270), 90), frame);
        assert_eq!(turned(frame.clone(), 0), frame);
    }
}
