use rusty_h264::Decoder;

use super::*;
use crate::media::frame::Yuv;

/// A picture with soft slopes and a moving block.
fn picture(width: usize, height: usize, number: usize) -> Frame {
    let mut frame = Frame::black(width, height);
    frame.fill(Yuv::hex(0x406080));
    for (at, luma) in frame.y.iter_mut().enumerate() {
        let (x, y) = (at % width, at / width);
        let inside = (number * 3..number * 3 + 16).contains(&x) && (8..24).contains(&y);
        *luma = if inside { 200 } else { (40 + x * 100 / width + y * 60 / height) as u8 };
    }
    frame
}

fn decode(encoder: &Encoder, units: &[AccessUnit]) -> Vec<rusty_h264::YuvFrame> {
    let avcc = encoder.avcc().unwrap();
    let sps_length = usize::from(u16::from_be_bytes([avcc[6], avcc[7]]));
    let (sps, rest) = avcc[8..].split_at(sps_length);
    let pps = &rest[3..];
    let mut stream = [&[0, 0, 0, 1], sps, &[0, 0, 0, 1], pps].concat();
    for unit in units {
        let mut data = unit.data.as_slice();
        while let Some((length, rest)) = data.split_first_chunk::<4>() {
            let (nal, after) = rest.split_at(u32::from_be_bytes(*length) as usize);
            stream.extend_from_slice(&[0, 0, 0, 1]);
            stream.extend_from_slice(nal);
            data = after;
        }
    }
    Decoder::new().decode_stream(&stream).unwrap()
}

#[test]
fn what_goes_in_comes_out() {
    // The second size needs cropping: its height is no multiple of 16.
    for (width, height) in [(64, 48), (160, 90), (32, 32)] {
        let mut encoder = Encoder::new(width, height, 10).unwrap();
        assert!(encoder.avcc().is_err());
        let (width, height) = (width as usize, height as usize);
        let pictures: Vec<Frame> = (0..25).map(|number| picture(width, height, number)).collect();
        let units: Vec<AccessUnit> =
            pictures.iter().map(|picture| encoder.encode(picture).unwrap()).collect();
        let keys: Vec<usize> =
            units.iter().enumerate().filter(|(_, unit)| unit.keyframe).map(|(at, _)| at).collect();
        assert_eq!(keys, [0, 20], "a keyframe every two seconds");
        let decoded = decode(&encoder, &units);
        assert_eq!(decoded.len(), pictures.len());
        for (number, (before, after)) in pictures.iter().zip(&decoded).enumerate() {
            assert_eq!((after.width, after.height), (width, height));
            let error: u64 =
                before.y.iter().zip(&after.y).map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2)).sum();
            let mean = error as f64 / before.y.len() as f64;
            assert!(mean < 12.0, "{width}x{height}, picture {number}: mean square error {mean}");
        }
    }
}

#[test]
fn colour_facts_are_added_once() {
    let mut encoder = Encoder::new(160, 90, 30).unwrap();
    encoder.encode(&Frame::black(160, 90)).unwrap();
    let avcc = encoder.avcc().unwrap();
    let length = usize::from(u16::from_be_bytes([avcc[6], avcc[7]]));
    let sps = &avcc[8..8 + length];
    assert_eq!(avcc[1], 66, "baseline profile");
    assert_eq!(avcc[1..4], sps[1..4]);
    assert_eq!(sps::with_colour(sps, 30), None, "a set that has the facts is left alone");
    for cut in 0..sps.len() - 1 {
        let _ = sps::with_colour(&sps[..cut], 30);
    }
}

#[test]
fn wrong_sizes_are_refused() {
    assert!(Encoder::new(63, 48, 30).is_err());
    assert!(Encoder::new(0, 0, 30).is_err());
    let mut encoder = Encoder::new(64, 48, 30).unwrap();
    assert!(encoder.encode(&Frame::black(32, 32)).is_err());
}

#[test]
fn levels_follow_the_standard() {
    let table = [
        ((176, 144, 15), 10),
        ((320, 240, 30), 13),
        ((640, 360, 30), 30),
        ((1280, 720, 30), 31),
        ((1280, 720, 60), 32),
        ((1920, 1080, 30), 40),
        ((1080, 1920, 30), 40),
        ((1920, 1080, 60), 42),
        ((3840, 2160, 30), 51),
    ];
    for ((width, height, fps), level) in table {
        assert_eq!(sps::level(width, height, fps), level, "{width}x{height} at {fps}");
    }
}
