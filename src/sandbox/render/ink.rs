//! Sharp things: outlines filled with smooth edges and laid over a picture in full size.

use crate::media::frame::{Frame, Yuv};

/// How much of each pixel is covered, 0 to 255, inside a rectangle that starts at even coordinates.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) cover: Vec<u8>,
}

impl Mask {
    /// An empty rectangle; its corner moves to even coordinates, where chroma and luma samples meet.
    pub(super) fn new(x: i32, y: i32, width: usize, height: usize) -> Self {
        let (x0, y0) = (x & !1, y & !1);
        let width = (width + (x - x0) as usize).next_multiple_of(2);
        let height = (height + (y - y0) as usize).next_multiple_of(2);
        Self { x: x0, y: y0, width, height, cover: vec![0; width * height] }
    }

    /// Raises the cover of a pixel, given in the coordinates of the picture.
    pub(super) fn cover(&mut self, x: i32, y: i32, cover: f32) {
        let (column, row) = (x - self.x, y - self.y);
        if column < 0 || row < 0 || column as usize >= self.width {
            return;
        }
        if let Some(pixel) = self.cover.get_mut(row as usize * self.width + column as usize) {
            *pixel = (*pixel).max((cover.clamp(0.0, 1.0) * 255.0) as u8);
        }
    }

    /// The same shape in the smallest rectangle that holds it.
    pub(super) fn trimmed(&self) -> Self {
        let rows = || self.cover.chunks_exact(self.width.max(1));
        let filled = |row: &[u8]| row.iter().any(|&c| c > 0);
        let top = rows().position(filled).unwrap_or(0);
        let bottom = rows().rposition(filled).map_or(0, |at| at + 1);
        let left = rows().filter_map(|row| row.iter().position(|&c| c > 0)).min().unwrap_or(0);
        let right = rows().filter_map(|row| row.iter().rposition(|&c| c > 0)).max().map_or(0, |at| at + 1);
        let mut small = Self::new(
            self.x + left as i32,
            self.y + top as i32,
            right.saturating_sub(left),
            bottom.saturating_sub(top),
        );
        let (dx, dy) = ((small.x - self.x) as usize, (small.y - self.y) as usize);
        for (into, from) in small.cover.chunks_exact_mut(small.width.max(1)).zip(rows().skip(dy)) {
            for (pixel, &cover) in into.iter_mut().zip(from.iter().skip(dx)) {
                *pixel = cover;
            }
        }
        small
    }

    /// The same shape with soft edges, `radius` pixels wide.
    pub(super) fn softened(&self, radius: usize) -> Self {
        let pad = (radius * 2).next_multiple_of(2);
        let mut soft =
            Self::new(self.x - pad as i32, self.y - pad as i32, self.width + 2 * pad, self.height + 2 * pad);
        for (number, row) in self.cover.chunks_exact(self.width.max(1)).enumerate() {
            let start = (number + pad) * soft.width + pad;
            if let Some(into) = soft.cover.get_mut(start..start + self.width) {
                into.copy_from_slice(row);
            }
        }
        // Two box blurs in each direction come close to a bell.
        for _ in 0..2 {
            let (width, height) = (soft.width, soft.height);
            soft.cover = blurred_columns(&soft.cover, width, height, radius);
            soft.cover = blurred_columns(&soft.cover, height, width, radius);
        }
        soft
    }

    /// Lays a colour over the picture where the mask covers it.
    pub(super) fn draw(&self, frame: &mut Frame, colour: Yuv, opacity: f32) {
        let strength = (opacity.clamp(0.0, 1.0) * 256.0) as i32;
        let left = self.x.clamp(0, frame.width as i32) as usize;
        let right = (self.x + self.width as i32).clamp(0, frame.width as i32) as usize;
        if strength == 0 || left >= right {
            return;
        }
        let skip = (left as i32 - self.x) as usize;
        let count = right - left;
        let (fw, half) = (frame.width, frame.width / 2);
        let rows = self.cover.chunks_exact(self.width.max(1));
        let inside = |y: i32| (0..frame.height as i32).contains(&y);
        for (y, cover) in (self.y..).zip(rows.clone()).filter(|&(y, _)| inside(y)) {
            let cover = cover.get(skip..skip + count).unwrap_or_default();
            if cover.iter().all(|&c| c == 0) {
                continue;
            }
            let start = y as usize * fw + left;
            blend(
                frame.y.get_mut(start..start + count).unwrap_or_default(),
                cover.iter().copied(),
                colour.y,
                strength,
            );
        }
        let mut pairs = self.cover.chunks_exact(self.width.max(1) * 2);
        for (number, two) in pairs.by_ref().enumerate() {
            let y = self.y + number as i32 * 2;
            if !(0..frame.height as i32 - 1).contains(&y) || two.iter().all(|&c| c == 0) {
                continue;
            }
            let (upper, lower) = two.split_at(self.width);
            let part = |row: &'_ [u8]| row.get(skip..skip + count).map(<[u8]>::to_vec).unwrap_or_default();
            let (upper, lower) = (part(upper), part(lower));
            let cover = || {
                upper
                    .chunks_exact(2)
                    .zip(lower.chunks_exact(2))
                    .map(|(a, b)| (a.iter().chain(b).map(|&c| u32::from(c)).sum::<u32>() / 4) as u8)
            };
            let start = y as usize / 2 * half + left / 2;
            let span = start..start + count / 2;
            blend(frame.u.get_mut(span.clone()).unwrap_or_default(), cover(), colour.u, strength);
            blend(frame.v.get_mut(span).unwrap_or_default(), cover(), colour.v, strength);
        }
    }
}

fn blend(samples: &mut [u8], cover: impl Iterator<Item = u8>, to: f32, strength: i32) {
    let to = to.round() as i32;
    for (sample, cover) in samples.iter_mut().zip(cover) {
        let was = i32::from(*sample);
        *sample = (was + ((to - was) * i32::from(cover) * strength + 32_640) / 65_280) as u8;
    }
}

/// Box blur along columns; the result is turned on its side, so that the next call blurs the other direction.
fn blurred_columns(cover: &[u8], width: usize, height: usize, radius: usize) -> Vec<u8> {
    let mut turned = vec![0; cover.len()];
    let window = (2 * radius + 1) as u32;
    for (x, column) in turned.chunks_exact_mut(height.max(1)).enumerate().take(width) {
        let at = |y: usize| cover.get(y * width + x).map_or(0, |&c| u32::from(c));
        let mut sum: u32 = (0..radius.min(height)).map(at).sum();
        for (y, out) in column.iter_mut().enumerate() {
            if y + radius < height {
                sum += at(y + radius);
            }
            if y > radius {
                sum -= at(y - radius - 1);
            }
            *out = (sum / window).min(255) as u8;
        }
    }
    turned
}

/// Fills a closed outline. Points are in pixels.
pub(super) fn polygon(frame: &mut Frame, points: &[(f32, f32)], colour: Yuv, opacity: f32) {
    if let Some(mask) = filled(points, frame.width, frame.height) {
        mask.draw(frame, colour, opacity);
    }
}

/// A line of some width with cut ends.
pub(super) fn stroke(
    frame: &mut Frame,
    from: (f32, f32),
    to: (f32, f32),
    width: f32,
    colour: Yuv,
    opacity: f32,
) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(0.001);
    let (nx, ny) = (-dy / length * width / 2.0, dx / length * width / 2.0);
    let points = [
        (from.0 + nx, from.1 + ny),
        (to.0 + nx, to.1 + ny),
        (to.0 - nx, to.1 - ny),
        (from.0 - nx, from.1 - ny),
    ];
    polygon(frame, &points, colour, opacity);
}

/// A disc.
pub(super) fn disc(frame: &mut Frame, centre: (f32, f32), radius: f32, colour: Yuv, opacity: f32) {
    let points: Vec<(f32, f32)> = (0..24)
        .map(|step| {
            let angle = step as f32 * std::f32::consts::TAU / 24.0;
            (centre.0 + radius * angle.cos(), centre.1 + radius * angle.sin())
        })
        .collect();
    polygon(frame, &points, colour, opacity);
}

/// The cover of a closed outline: signed areas are collected edge by edge, then summed along each row.
fn filled(points: &[(f32, f32)], width: usize, height: usize) -> Option<Mask> {
    let fold = |pick: fn(&(f32, f32)) -> f32, start: f32, choose: fn(f32, f32) -> f32| {
        points.iter().map(pick).fold(start, choose)
    };
    let left = fold(|p| p.0, f32::MAX, f32::min).floor().max(-1.0);
    let right = fold(|p| p.0, f32::MIN, f32::max).ceil().min(width as f32 + 1.0);
    let top = fold(|p| p.1, f32::MAX, f32::min).floor().max(-1.0);
    let bottom = fold(|p| p.1, f32::MIN, f32::max).ceil().min(height as f32 + 1.0);
    if !(right > left && bottom > top) {
        return None;
    }
    let mut mask =
        Mask::new(left as i32, top as i32, (right - left) as usize + 1, (bottom - top) as usize + 1);
    let mut areas = vec![0.0f32; mask.width * mask.height + 2];
    let (ox, oy) = (mask.x as f32, mask.y as f32);
    let shifted = |p: &(f32, f32)| (p.0 - ox, p.1 - oy);
    for (from, to) in points.iter().zip(points.iter().cycle().skip(1)) {
        edge(&mut areas, mask.width, mask.height, shifted(from), shifted(to));
    }
    for (row, areas) in mask.cover.chunks_exact_mut(mask.width).zip(areas.chunks(mask.width)) {
        let mut sum = 0.0;
        for (pixel, area) in row.iter_mut().zip(areas) {
            sum += area;
            *pixel = (sum.abs().min(1.0) * 255.0 + 0.5) as u8;
        }
    }
    Some(mask)
}

/// Adds one edge of an outline to the table of areas.
fn edge(areas: &mut [f32], width: usize, height: usize, from: (f32, f32), to: (f32, f32)) {
    if from.1 == to.1 {
        return;
    }
    let (direction, upper, lower) = if from.1 < to.1 { (1.0, from, to) } else { (-1.0, to, from) };
    let slope = (lower.0 - upper.0) / (lower.1 - upper.1);
    let first = upper.1.max(0.0);
    let mut x = upper.0 + (first - upper.1) * slope;
    for row in first as usize..(lower.1.ceil().max(0.0) as usize).min(height) {
        let y0 = (row as f32).max(first);
        let y1 = ((row + 1) as f32).min(lower.1);
        let dy = y1 - y0;
        if dy <= 0.0 {
            continue;
        }
        let next = x + slope * dy;
        let (x0, x1) = if x < next { (x, next) } else { (next, x) };
        let (x0, x1) = (x0.clamp(0.0, width as f32 - 1.0), x1.clamp(0.0, width as f32 - 1.0));
        let area = dy * direction;
        let (cell0, cell1) = (x0 as usize, x1.ceil() as usize);
        let line = row * width;
        let mut add = |column: usize, value: f32| {
            if let Some(cell) = areas.get_mut(line + column).filter(|_| column < width) {
                *cell += value;
            }
        };
        if cell1 <= cell0 + 1 {
            let middle = (x0 + x1) / 2.0 - cell0 as f32;
            add(cell0, area * (1.0 - middle));
            add(cell0 + 1, area * middle);
        } else {
            // The edge crosses several pixels of this row: each takes the part of the area left of it.
            let inverse = 1.0 / (x1 - x0);
            let mut before = 0.0;
            for cell in cell0..=cell1 {
                let right = (cell as f32 + 1.0).min(x1);
                let left = (cell as f32).max(x0);
                // Area to the right of the edge inside this pixel, plus all that was crossed before.
                let crossed = ((right - x0) * inverse).clamp(0.0, 1.0);
                let here = (right - left).max(0.0) * inverse;
                let inside = (crossed - here) + here * (1.0 - ((left + right) / 2.0 - cell as f32));
                add(cell, area * (inside - before));
                before = inside;
            }
        }
        x = next;
    }
}

/// Paints everything below a line of heights, one for each column, in full size. `colour` gets the share of the way
/// from the top of the picture to its bottom.
pub(super) fn below(frame: &mut Frame, tops: &[f32], colour: impl Fn(f32) -> Yuv) {
    let highest = tops.iter().copied().fold(f32::MAX, f32::min).max(0.0) as usize;
    let (width, height) = (frame.width, frame.height);
    for y in highest & !1..height {
        let paint = colour(y as f32 / height as f32);
        let strength = |top: f32| ((y as f32 + 1.0 - top).clamp(0.0, 1.0) * 256.0) as i32;
        if let Some(row) = frame.y.get_mut(y * width..(y + 1) * width) {
            let to = paint.y.round() as i32;
            for (sample, &top) in row.iter_mut().zip(tops) {
                let was = i32::from(*sample);
                *sample = (was + (((to - was) * strength(top)) >> 8)) as u8;
            }
        }
        if y % 2 == 0 {
            let half = width / 2;
            for (plane, to) in [(&mut frame.u, paint.u), (&mut frame.v, paint.v)] {
                let to = to.round() as i32;
                if let Some(row) = plane.get_mut(y / 2 * half..(y / 2 + 1) * half) {
                    for (sample, pair) in row.iter_mut().zip(tops.chunks_exact(2)) {
                        let was = i32::from(*sample);
                        let top = pair.iter().sum::<f32>() / 2.0;
                        let cover = ((y as f32 + 2.0 - top) / 2.0).clamp(0.0, 1.0);
                        *sample = (was + (((to - was) * (cover * 256.0) as i32) >> 8)) as u8;
                    }
                }
            }
        }
    }
}
