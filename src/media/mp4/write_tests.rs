use std::io::Cursor;

use super::*;

/// Child boxes of some bytes: name and body.
fn boxes(mut bytes: &[u8]) -> Vec<(String, &[u8])> {
    let mut found = Vec::new();
    while bytes.len() >= 8 {
        let size = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
        let name = String::from_utf8_lossy(&bytes[4..8]).into_owned();
        let (head, size) = match size {
            1 => (16, u64::from_be_bytes(bytes[8..16].try_into().unwrap()) as usize),
            size => (8, size),
        };
        found.push((name, &bytes[head..size]));
        bytes = &bytes[size..];
    }
    assert!(bytes.is_empty(), "{} stray bytes", bytes.len());
    found
}

/// Follows names down from the top level; sample tables have a version and flags before their content.
fn at<'a>(bytes: &'a [u8], path: &str) -> &'a [u8] {
    path.split('/').fold(bytes, |bytes, name| {
        let (name, number) =
            name.split_once('#').map_or((name, 0), |(name, number)| (name, number.parse().unwrap()));
        let found: Vec<_> = boxes(bytes).into_iter().filter(|(other, _)| other == name).collect();
        found.get(number).unwrap_or_else(|| panic!("no {name} #{number}")).1
    })
}

fn u32s(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|four| u32::from_be_bytes(four.try_into().unwrap())).collect()
}

fn video() -> Track {
    Track {
        kind: TrackKind::Video { width: 64, height: 36 },
        timescale: 25_000,
        entry: super::super::entry::avc1(64, 36, &[1, 66, 0, 10, 0xff, 0xe0, 0]),
        skip: 0,
        play: None,
    }
}

fn sound() -> Track {
    Track {
        kind: TrackKind::Audio,
        timescale: 48_000,
        entry: super::super::entry::mp4a(48_000, 2, 160_000, &[0x11, 0x90]),
        skip: 1024,
        play: None,
    }
}

/// Two seconds of made-up samples; sample `n` of track `k` is filled with `n + 100 k`.
fn written(expected_samples: usize) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut writer = Writer::new(&mut file, expected_samples).unwrap();
    let (pictures, packets) = (writer.track(video()), writer.track(sound()));
    let mut packet = 0u8;
    for number in 0..50u8 {
        let data = vec![number; 20 + usize::from(number)];
        let sample = Sample { data: &data, duration: 1000, offset: 0, sync: number % 25 == 0 };
        writer.sample(pictures, sample).unwrap();
        if number % 12 == 11 || number == 49 {
            while u32::from(packet) * 1024 <= (u32::from(number) + 1) * 1920 {
                let data = [100 + packet; 9];
                writer
                    .sample(packets, Sample { data: &data, duration: 1024, offset: 0, sync: true })
                    .unwrap();
                packet += 1;
            }
        }
    }
    writer.play(packets, 96_000);
    let size = writer.finish().unwrap();
    let bytes = file.into_inner();
    assert_eq!(size, bytes.len() as u64);
    bytes
}

#[test]
fn index_comes_first_and_every_sample_is_where_it_says() {
    // With room to spare, with none at all (the media bytes move), and with a lot.
    for expected in [145, 0, 5_000] {
        let file = written(expected);
        let names: Vec<String> = boxes(&file).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["ftyp", "moov", "free", "mdat"], "{expected}");
        for track in 0..2 {
            let stbl = at(&file, &format!("moov/trak#{track}/mdia/minf/stbl"));
            let sizes = u32s(&at(stbl, "stsz")[12..]);
            let offsets = u32s(&at(stbl, "stco")[8..]);
            let runs = u32s(&at(stbl, "stsc")[8..]);
            let mut number = 0u8;
            for (chunk, &offset) in offsets.iter().enumerate() {
                let run = runs.chunks_exact(3).rfind(|run| run[0] as usize <= chunk + 1).unwrap();
                let mut here = offset as usize;
                for _ in 0..run[1] {
                    let size = sizes[usize::from(number)] as usize;
                    let expected = number + 100 * track as u8;
                    assert!(file[here..here + size].iter().all(|&byte| byte == expected));
                    here += size;
                    number += 1;
                }
            }
            assert_eq!(usize::from(number), sizes.len(), "all samples belong to a chunk");
        }
    }
}

#[test]
fn times_are_exact() {
    let file = written(145);
    assert_eq!(u32s(&at(&file, "moov/mvhd")[20..32]), [MOVIE_TIMESCALE, 0, 96_000]);
    for (track, skip) in [(0, 0), (1, 1024)] {
        let trak = at(&file, &format!("moov/trak#{track}"));
        assert_eq!(u32s(&at(trak, "edts/elst")[4..]), [1, 0, 96_000, 0, skip, 0x0001_0000], "track {track}");
    }
    let video = at(&file, "moov/trak#0/mdia/minf/stbl");
    assert_eq!(u32s(&at(video, "stts")[4..]), [1, 50, 1000]);
    assert_eq!(u32s(&at(video, "stss")[4..]), [2, 1, 26]);
    let audio = at(&file, "moov/trak#1/mdia/minf/stbl");
    assert!(boxes(audio).iter().all(|(name, _)| name != "stss"), "every packet is a sync sample");
    assert_eq!(&at(audio, "sgpd")[4..8], b"roll");
    assert_eq!(at(&file, "moov/trak#0/mdia/minf/stbl/stsd")[8 + 4..8 + 8], *b"avc1");
}

#[test]
fn far_away_samples_get_long_offsets() {
    let mut writer = Writer::new(Cursor::new(Vec::new()), 1).unwrap();
    let track = writer.track(video());
    writer.sample(track, Sample { data: &[1], duration: 1000, offset: 0, sync: true }).unwrap();
    let moov = writer.moov(5 << 30);
    let co64 = at(&moov, "moov/trak/mdia/minf/stbl/co64");
    assert_eq!(co64[8..], (5u64 << 30).to_be_bytes());
}

#[test]
fn reordered_pictures_keep_their_offsets() {
    let mut file = Cursor::new(Vec::new());
    let mut writer = Writer::new(&mut file, 3).unwrap();
    let track = writer.track(Track { skip: 1000, ..video() });
    for offset in [1000, 2000, -500] {
        writer.sample(track, Sample { data: &[0; 4], duration: 1000, offset, sync: offset == 1000 }).unwrap();
    }
    writer.finish().unwrap();
    let file = file.into_inner();
    let ctts = u32s(&at(&file, "moov/trak/mdia/minf/stbl/ctts")[4..]);
    assert_eq!(ctts, [3, 1, 1000, 1, 2000, 1, -500i32 as u32]);
}

#[test]
fn an_empty_file_is_refused() {
    let mut writer = Writer::new(Cursor::new(Vec::new()), 1).unwrap();
    let track = writer.track(video());
    assert!(writer.sample(track + 1, Sample { data: &[1], duration: 1, offset: 0, sync: true }).is_err());
    assert!(writer.finish().is_err());
}
