//! Whole rows, several samples in one number.
//!
//! Compiled for size, as most of this program is, a loop is not spread over wide registers by the compiler, and one sample at
//! a time took three times as long.

/// Sums of eight neighbouring columns, 16 bits each: of the even ones, and of the odd ones.
pub(super) type Sums = [u64; 2];
const SAMPLES: u64 = 0x00FF_00FF_00FF_00FF;

/// Adds two weighted rows to the sums of their columns.
pub(super) fn add(sums: &mut [Sums], (a, weight_a): (&[u8], u16), (b, weight_b): (&[u8], u16)) {
    let (weight_a, weight_b) = (u64::from(weight_a), u64::from(weight_b));
    let one = |[even, odd]: &mut Sums, a: [u8; 8], b: [u8; 8]| {
        let (a, b) = (u64::from_le_bytes(a), u64::from_le_bytes(b));
        *even += (a & SAMPLES) * weight_a + (b & SAMPLES) * weight_b;
        *odd += (a >> 8 & SAMPLES) * weight_a + (b >> 8 & SAMPLES) * weight_b;
    };
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks(), b.as_chunks());
    for ((sums, a), b) in sums.iter_mut().zip(a).zip(b) {
        one(sums, *a, *b);
    }
    let filled = |rest: &[u8]| std::array::from_fn(|at| rest.get(at).copied().unwrap_or(0));
    if let Some(last) = sums.get_mut(a.len()) {
        one(last, filled(rest_a), filled(rest_b));
    }
}

/// The sums one after another.
pub(super) fn put_down(sums: &[Sums], row: &mut [u16]) {
    let lanes = |of: u64| [of as u16, (of >> 16) as u16, (of >> 32) as u16, (of >> 48) as u16];
    for (row, [even, odd]) in row.chunks_mut(8).zip(sums) {
        let ([a, c, e, g], [b, d, f, h]) = (lanes(*even), lanes(*odd));
        row.copy_from_slice([a, b, c, d, e, f, g, h].get(..row.len()).unwrap_or_default());
    }
}

/// The weighted mean of two half done rows, by the same means.
pub(super) fn blend(out: &mut [u8], (a, weight_a): (&[u16], u16), (b, weight_b): (&[u16], u16)) {
    const LANES: u64 = 0x0000_FFFF_0000_FFFF;
    const HALF: u64 = 0x0000_8000_0000_8000;
    let (weight_a, weight_b) = (u64::from(weight_a), u64::from(weight_b));
    let both = |a: u64, b: u64| (a & LANES) * weight_a + (b & LANES) * weight_b + HALF;
    let joined =
        |[a, b, c, d]: [u16; 4]| u64::from(a) | u64::from(b) << 16 | u64::from(c) << 32 | u64::from(d) << 48;
    let ((fours, rest), (a, rest_a), (b, rest_b)) = (out.as_chunks_mut(), a.as_chunks(), b.as_chunks());
    for ((out, a), b) in fours.iter_mut().zip(a).zip(b) {
        let (a, b) = (joined(*a), joined(*b));
        let (even, odd) = (both(a, b), both(a >> 16, b >> 16));
        *out = [(even >> 16) as u8, (odd >> 16) as u8, (even >> 48) as u8, (odd >> 48) as u8];
    }
    for ((out, &a), &b) in rest.iter_mut().zip(rest_a).zip(rest_b) {
        *out = (both(a.into(), b.into()) >> 16) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTS: [u16; 6] = [0, 1, 100, 156, 255, 256];

    /// A row without a pattern that one of ours could hide in.
    fn any(length: usize, seed: u32, most: u32) -> Vec<u32> {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // The largest value is met often: it is the one that overflows.
            if state >> 30 == 0 { most } else { (state >> 8) % (most + 1) }
        };
        (0..length).map(next).collect()
    }

    #[test]
    fn sums_are_those_of_each_column() {
        for length in 0..=40 {
            let (a, b) = (any(length, 1, 255), any(length, 2, 255));
            let bytes = |row: &[u32]| row.iter().map(|&sample| sample as u8).collect::<Vec<_>>();
            for weight in WEIGHTS {
                let mut sums = vec![Sums::default(); length.div_ceil(8)];
                add(&mut sums, (&bytes(&a), weight), (&bytes(&b), 256 - weight));
                let mut row = vec![0; length];
                put_down(&sums, &mut row);
                let weight = u32::from(weight);
                let expected = a.iter().zip(&b).map(|(a, b)| (a * weight + b * (256 - weight)) as u16);
                assert_eq!(row, expected.collect::<Vec<_>>(), "{length} columns, {weight}");
            }
        }
    }

    #[test]
    fn means_are_those_of_each_sample() {
        for length in 0..=40 {
            let (a, b) = (any(length, 3, 65280), any(length, 4, 65280));
            let halves = |row: &[u32]| row.iter().map(|&sample| sample as u16).collect::<Vec<_>>();
            for weight in WEIGHTS {
                let mut row = vec![0; length];
                blend(&mut row, (&halves(&a), weight), (&halves(&b), 256 - weight));
                let weight = u32::from(weight);
                let mean = |(a, b): (&u32, &u32)| ((a * weight + b * (256 - weight) + (1 << 15)) >> 16) as u8;
                assert_eq!(row, a.iter().zip(&b).map(mean).collect::<Vec<_>>(), "{length} samples, {weight}");
            }
        }
    }
}
