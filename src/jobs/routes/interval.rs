//! Honest intervals: how far a share or a mean of so few clips may be from the truth.
//!
//! Shares have Wilson's interval, and their difference Newcombe's; means have Student's, and their difference Welch's.
//! Each holds also for few clips and for shares near 0 and 1, where the usual plus-or-minus does not.

use schemars::JsonSchema;
use serde::Serialize;

/// A figure and where the truth probably lies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Interval {
    /// What was measured.
    pub value: f64,
    /// The truth is probably not below this.
    pub low: f64,
    /// Nor above this.
    pub high: f64,
    /// Clips that were measured.
    pub clips: usize,
}

/// So many of so many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) hits: usize,
    pub(super) of: usize,
}

#[expect(clippy::cast_precision_loss, reason = "clips are counted in thousands")]
fn real(count: usize) -> f64 {
    count as f64
}

/// Wilson's interval; none without clips. `doubt` is the share of cases in which the truth may lie outside.
pub(super) fn share(share: Share, doubt: f64) -> Option<Interval> {
    let Share { hits, of } = share;
    if of == 0 {
        return None;
    }
    let (n, p, z) = (real(of), real(hits) / real(of), normal(1.0 - doubt / 2.0));
    let (z2, scale) = (z * z, 1.0 + z * z / n);
    let middle = (p + z2 / (2.0 * n)) / scale;
    let reach = z / scale * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    Some(Interval { value: p, low: (middle - reach).max(0.0), high: (middle + reach).min(1.0), clips: of })
}

/// By how much the first share is above the second: Newcombe's interval, made of both of Wilson's.
pub(super) fn shares_apart(one: Share, other: Share, doubt: f64) -> Option<Interval> {
    let (a, b) = (share(one, doubt)?, share(other, doubt)?);
    let value = a.value - b.value;
    Some(Interval {
        value,
        low: value - (a.value - a.low).hypot(b.high - b.value),
        high: value + (a.high - a.value).hypot(b.value - b.low),
        clips: a.clips + b.clips,
    })
}

/// Mean and variance.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = real(values.len());
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance)
}

/// Student's interval of a mean; one clip alone says nothing about the next, and has none.
pub(super) fn mean(values: &[f64], doubt: f64) -> Option<Interval> {
    if values.len() < 2 {
        return None;
    }
    let (mean, variance) = moments(values);
    let n = real(values.len());
    let reach = student(1.0 - doubt / 2.0, n - 1.0) * (variance / n).sqrt();
    Some(Interval { value: mean, low: mean - reach, high: mean + reach, clips: values.len() })
}

/// By how much the first mean is above the second: Welch's interval, which asks for no equal spread.
pub(super) fn means_apart(one: &[f64], other: &[f64], doubt: f64) -> Option<Interval> {
    if one.len() < 2 || other.len() < 2 {
        return None;
    }
    let ((a, va), (b, vb)) = (moments(one), moments(other));
    let (ea, eb) = (va / real(one.len()), vb / real(other.len()));
    let error = ea + eb;
    let value = a - b;
    let clips = one.len() + other.len();
    if error <= 0.0 {
        return Some(Interval { value, low: value, high: value, clips });
    }
    let freedom = error * error / (ea * ea / (real(one.len()) - 1.0) + eb * eb / (real(other.len()) - 1.0));
    let reach = student(1.0 - doubt / 2.0, freedom) * error.sqrt();
    Some(Interval { value, low: value - reach, high: value + reach, clips })
}

/// The point below which a standard normal value lies with probability `p` (rational approximation by P. Acklam,
/// relative error below 1.2e-9).
fn normal(p: f64) -> f64 {
    const A: [f64; 6] = [
        -39.696_830_286_653_76,
        220.946_098_424_520_5,
        -275.928_510_446_968_7,
        138.357_751_867_269,
        -30.664_798_066_147_16,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -54.476_098_798_224_06,
        161.585_836_858_040_9,
        -155.698_979_859_886_6,
        66.801_311_887_719_72,
        -13.280_681_552_885_72,
        1.0,
    ];
    const C: [f64; 6] = [
        -0.007_784_894_002_430_293,
        -0.322_396_458_041_136_5,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        0.007_784_695_709_041_462,
        0.322_467_129_070_039_8,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    let along = |factors: &[f64], x: f64| factors.iter().fold(0.0, |sum, factor| sum * x + factor);
    let p = p.clamp(1e-12, 1.0 - 1e-12);
    if p < 0.024_25 {
        let q = (-2.0 * p.ln()).sqrt();
        return along(&C, q) / along(&D, q);
    }
    if p > 1.0 - 0.024_25 {
        return -normal(1.0 - p);
    }
    let q = p - 0.5;
    let r = q * q;
    q * along(&A, r) / along(&B, r)
}

/// The same for Student's t: exact for 1 and 2 degrees of freedom, Cornish and Fisher's expansion beyond.
fn student(p: f64, freedom: f64) -> f64 {
    if freedom < 1.5 {
        return (std::f64::consts::PI * (p - 0.5)).tan();
    }
    if freedom < 2.5 {
        let a = 4.0 * p * (1.0 - p);
        return 2.0 * (p - 0.5) * (2.0 / a).sqrt();
    }
    let z = normal(p);
    let v = freedom;
    z + (z.powi(3) + z) / (4.0 * v)
        + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * v * v)
        + (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / (384.0 * v.powi(3))
        + (79.0 * z.powi(9) + 776.0 * z.powi(7) + 1482.0 * z.powi(5) - 1920.0 * z.powi(3) - 945.0 * z)
            / (92_160.0 * v.powi(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree() {
        for (p, z) in [(0.975, 1.959_964), (0.995, 2.575_829), (0.5, 0.0), (0.01, -2.326_348)] {
            assert!((normal(p) - z).abs() < 1e-6, "{p}: {}", normal(p));
        }
        // Student's table.
        for (freedom, t) in
            [(1.0, 12.706), (2.0, 4.303), (3.0, 3.182), (4.0, 2.776), (9.0, 2.262), (30.0, 2.042)]
        {
            assert!((student(0.975, freedom) - t).abs() < 0.03, "{freedom}: {}", student(0.975, freedom));
        }
        // Wilson 1927, as in Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for (hits, of, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let found = share(Share { hits, of }, 0.05).unwrap();
            assert!((found.low - low).abs() < 1e-4 && (found.high - high).abs() < 1e-4, "{found:?}");
        }
        // Newcombe 1998, method 10: 56/70 against 48/80.
        let apart = shares_apart(Share { hits: 56, of: 70 }, Share { hits: 48, of: 80 }, 0.05).unwrap();
        assert!((apart.low - 0.0524).abs() < 1e-4 && (apart.high - 0.3339).abs() < 1e-4, "{apart:?}");
    }

    #[test]
    fn few_clips_say_little() {
        assert_eq!(share(Share { hits: 0, of: 0 }, 0.05), None);
        assert_eq!(mean(&[1.0], 0.05), None);
        assert_eq!(means_apart(&[1.0], &[2.0, 3.0], 0.05), None);
        let wide = mean(&[1.0, 3.0], 0.05).unwrap();
        assert!(wide.low < -10.0 && wide.high > 14.0, "{wide:?}");
        let apart = means_apart(&[5.0; 4], &[3.0; 4], 0.05).unwrap();
        assert_eq!((apart.low, apart.high), (2.0, 2.0));
    }
}
