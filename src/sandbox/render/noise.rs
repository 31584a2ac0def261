//! Seeded randomness and the one cloudy texture that skies, water and nebulae are made of.

/// A small deterministic generator (splitmix64): the same seed draws the same picture.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From words: 64-bit FNV-1a, stable across builds.
    pub(super) fn of_words(words: &str) -> Self {
        let hash = words.trim().bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(hash)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly between 0 and 1.
    pub(super) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32
    }

    /// Evenly between two values.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }
}

/// Sine of a number of turns; within 0.001 of the truth, without a call or a branch.
#[inline]
pub(super) fn wave(turns: f32) -> f32 {
    // Adding and taking away 1.5 * 2^23 rounds to the nearest whole number.
    const ROUND: f32 = 12_582_912.0;
    let turn = turns - ((turns + ROUND) - ROUND);
    let rough = turn * (8.0 - 16.0 * turn.abs());
    rough * (0.775 + 0.225 * rough.abs())
}

/// 0 below `low`, 1 above `high`, smooth between.
#[inline]
pub(super) fn smooth(low: f32, high: f32, x: f32) -> f32 {
    let x = ((x - low) / (high - low)).clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

const SIZE: usize = 512;

/// Fractal noise on a square that repeats; values from 0 to 1 around 0.5.
pub(super) struct Texture(Vec<f32>);

impl Texture {
    pub(super) fn new(seed: u64) -> Self {
        let mut sum = vec![0.0f32; SIZE * SIZE];
        let mut dice = Dice::new(seed);
        let mut weight = 0.5;
        for octave in 0..6 {
            let cells = 4usize << octave;
            let lattice: Vec<f32> = (0..cells * cells).map(|_| dice.unit()).collect();
            let at = |x: usize, y: usize| lattice.get(y % cells * cells + x % cells).copied().unwrap_or(0.5);
            let step = cells as f32 / SIZE as f32;
            for (number, value) in sum.iter_mut().enumerate() {
                let (x, y) = ((number % SIZE) as f32 * step, (number / SIZE) as f32 * step);
                let (cx, cy) = (x as usize, y as usize);
                let (fx, fy) = (smooth(0.0, 1.0, x.fract()), smooth(0.0, 1.0, y.fract()));
                let upper = at(cx, cy) + (at(cx + 1, cy) - at(cx, cy)) * fx;
                let lower = at(cx, cy + 1) + (at(cx + 1, cy + 1) - at(cx, cy + 1)) * fx;
                *value += weight * (upper + (lower - upper) * fy);
            }
            weight *= 0.52;
        }
        // Six octaves crowd around the middle; spread them over the whole range.
        let mean = sum.iter().sum::<f32>() / sum.len() as f32;
        for value in &mut sum {
            *value = ((*value - mean) * 2.1 + 0.5).clamp(0.0, 1.0);
        }
        Self(sum)
    }

    /// Fills `out` with samples along a line: `u` and `v` in texture sizes, `step` from one sample to the next.
    pub(super) fn line(&self, u: f32, v: f32, step: f32, out: &mut [f32]) {
        let y = v.rem_euclid(1.0) * SIZE as f32;
        let fy = y.fract();
        let row = |number: usize| self.0.get(number % SIZE * SIZE..).and_then(|rest| rest.get(..SIZE));
        let (Some(upper), Some(lower)) = (row(y as usize), row(y as usize + 1)) else { return };
        let mut mixed = [0.0f32; SIZE];
        for ((mixed, &a), &b) in mixed.iter_mut().zip(upper).zip(lower) {
            *mixed = a + (b - a) * fy;
        }
        let mut x = u.rem_euclid(1.0) * SIZE as f32;
        let step = step * SIZE as f32;
        for value in out {
            let cell = x as usize;
            let (a, b) = (mixed[cell % SIZE], mixed[(cell + 1) % SIZE]);
            *value = a + (b - a) * (x - cell as f32);
            x += step;
        }
    }

    /// One sample, the nearest.
    pub(super) fn at(&self, u: f32, v: f32) -> f32 {
        let cell = |x: f32| (x.rem_euclid(1.0) * SIZE as f32) as usize % SIZE;
        self.0.get(cell(v) * SIZE + cell(u)).copied().unwrap_or(0.5)
    }
}
