//! Contact sheets and posters: something to see, inside the budget, or a reason.

use super::fixture;
use crate::media::check::{Wanted, check, check_and_draw};
use crate::media::picture;
use crate::media::sheet::{Sheet, SheetOptions, Style, poster, sheet};
use crate::media::{Error, Limits};

/// What another decoder sees in the JPEG: its size, and how many different colours (coarsely).
fn look(sheet: &Sheet) -> (usize, usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sheet.jpg");
    std::fs::write(&path, &sheet.jpeg).unwrap();
    let picture = picture::open(&path, &Limits::default()).unwrap();
    let colours: std::collections::HashSet<Vec<u8>> =
        picture.rgb.chunks_exact(3).map(|p| p.iter().map(|c| c >> 5).collect()).collect();
    (picture.width, picture.height, colours.len())
}

#[test]
fn nine_pictures_from_first_to_last() {
    let options = SheetOptions::default();
    for name in ["h264-high-bframes-aac.mp4", "late-index.mp4", "fragmented.mp4", "quicktime.mov"] {
        let sheet = sheet(&fixture(name), &options, &Limits::default()).unwrap();
        assert_eq!(
            sheet.shots,
            [0, 200, 300, 500, 700, 900, 1100, 1300, 1500].map(|t| t + sheet.shots[0]),
            "{name}"
        );
        assert!(sheet.jpeg.len() <= options.max_bytes);
        let (width, height, colours) = look(&sheet);
        assert_eq!((width, height), (sheet.width as usize, sheet.height as usize));
        assert!(colours > 40, "{name}: a sheet of {colours} colours shows nothing");
    }
}

#[test]
fn the_shape_is_the_one_on_screen() {
    for (name, shape) in [("h264-turned.mp4", 9.0 / 16.0), ("wide-pixels.mp4", 16.0 / 9.0 * 4.0 / 3.0)] {
        let sheet = poster(&fixture(name), &SheetOptions::default(), &Limits::default()).unwrap();
        let seen = f64::from(sheet.width) / f64::from(sheet.height);
        assert!((seen - shape).abs() < 0.03, "{name}: {}x{}", sheet.width, sheet.height);
    }
}

#[test]
fn each_picture_of_a_sheet_keeps_its_shape() {
    for (name, shape) in [
        ("h264-turned.mp4", 9.0 / 16.0),
        ("wide-pixels.mp4", 16.0 / 9.0 * 4.0 / 3.0),
        ("h264-high-bframes-aac.mp4", 16.0 / 9.0),
    ] {
        let sheet = sheet(&fixture(name), &SheetOptions::default(), &Limits::default()).unwrap();
        assert_eq!(sheet.shots.len(), 9, "{name}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sheet.jpg");
        std::fs::write(&path, &sheet.jpeg).unwrap();
        let picture = picture::open(&path, &Limits::default()).unwrap();
        // The dark lines between the pictures, by what is in the JPEG: rows and columns in the background's colour.
        let dark = |pixels: &mut dyn Iterator<Item = usize>| {
            let far: Vec<u32> = pixels.map(|at| u32::from(picture.rgb[at * 3 + 1].abs_diff(24))).collect();
            far.iter().sum::<u32>() < far.len() as u32 * 16
        };
        let lines = |length: usize, is_dark: &dyn Fn(usize) -> bool| {
            let ends: Vec<usize> = (1..length).filter(|at| is_dark(*at) && !is_dark(at - 1)).collect();
            let begins: Vec<usize> = (1..length).filter(|at| !is_dark(*at) && is_dark(at - 1)).collect();
            assert_eq!((begins.len(), ends.len()), (3, 3), "{name}: {begins:?} {ends:?}");
            begins.into_iter().zip(ends).map(|(begin, end)| (end - begin) as f64).collect::<Vec<_>>()
        };
        let (width, height) = (picture.width, picture.height);
        let wide = lines(width, &|x| dark(&mut (0..height).map(|y| y * width + x)));
        let high = lines(height, &|y| dark(&mut (0..width).map(|x| y * width + x)));
        for (wide, high) in wide.iter().zip(&high) {
            assert!((wide / high / shape - 1.0).abs() < 0.05, "{name}: {wide}x{high}");
        }
    }
}

#[test]
fn the_budget_holds() {
    let path = fixture("h264-high-bframes-aac.mp4");
    for max_bytes in [40_000, 12_000, 4_000] {
        let options = SheetOptions { max_bytes, ..SheetOptions::default() };
        let sheet = sheet(&path, &options, &Limits::default()).unwrap();
        assert!(sheet.jpeg.len() <= max_bytes, "{} > {max_bytes}", sheet.jpeg.len());
    }
    let options = SheetOptions { max_bytes: 50, ..SheetOptions::default() };
    assert!(matches!(sheet(&path, &options, &Limits::default()), Err(Error::TooBig { .. })));
}

#[test]
fn fewer_frames_make_a_smaller_grid() {
    let options = SheetOptions { frames: 4, ..SheetOptions::default() };
    let four = sheet(&fixture("h264-baseline-cropped.mp4"), &options, &Limits::default()).unwrap();
    assert_eq!(four.shots, [0, 300, 600, 900]);
    let many = SheetOptions { frames: 25, ..SheetOptions::default() };
    let ten = sheet(&fixture("h264-baseline-cropped.mp4"), &many, &Limits::default()).unwrap();
    assert_eq!(ten.shots.len(), 10, "the clip has no more");
}

#[test]
fn a_clip_that_cannot_be_decoded_gets_a_reason_and_no_picture() {
    for (name, word) in [("hevc.mp4", "HEVC"), ("h264-10bit.mp4", "10-bit"), ("tone.mp3", "no pictures")] {
        match sheet(&fixture(name), &SheetOptions::default(), &Limits::default()) {
            Err(Error::Undecodable { reason }) => assert!(reason.contains(word), "{name}: {reason}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_clip_whose_pictures_are_all_damaged_gets_no_grey_sheet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.mp4");
    let mut bytes = std::fs::read(fixture("h264-baseline-cropped.mp4")).unwrap();
    let media = bytes.windows(4).position(|w| w == b"mdat").unwrap() + 4;
    bytes[media..].fill(0);
    std::fs::write(&path, bytes).unwrap();
    match sheet(&path, &SheetOptions::default(), &Limits::default()) {
        Err(Error::Malformed { what }) => assert!(what.contains("not one picture")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn still_pictures_are_scaled() {
    for name in ["picture.png", "picture.jpg", "picture.webp", "animation.gif"] {
        let options = SheetOptions { max_width: 32, ..SheetOptions::default() };
        let sheet = sheet(&fixture(name), &options, &Limits::default()).unwrap();
        assert_eq!((sheet.width, sheet.height, sheet.shots.len()), (32, 24, 0), "{name}");
        assert!(look(&sheet).2 > 10, "{name}");
    }
}

#[test]
fn a_check_and_a_preview_in_one_look_are_those_of_two() {
    let options = SheetOptions::default();
    let names = [
        "h264-high-bframes-aac.mp4",
        "fragmented.mp4",
        "h264-turned.mp4",
        "black-silent.mp4",
        "hevc.mp4",
        "sound-only.mp4",
        "picture.png",
    ];
    for name in names {
        let path = fixture(name);
        for (style, draw) in [(Style::Sheet, sheet as fn(&_, &_, &_) -> _), (Style::Poster, poster)] {
            let limits = Limits::default();
            let (report, drawn) = check_and_draw(&path, &Wanted::default(), style, &options, &limits);
            assert_eq!(report, check(&path, &Wanted::default(), &limits), "{name}");
            match (drawn, draw(&path, &options, &limits)) {
                (Ok(together), Ok(alone)) => assert_eq!(together, alone, "{name} {style:?}"),
                (Err(together), Err(alone)) => assert_eq!(together.to_string(), alone.to_string()),
                other => panic!("{name} {style:?}: {other:?}"),
            }
        }
    }
}
