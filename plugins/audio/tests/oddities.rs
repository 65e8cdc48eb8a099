//! Recordings that programs write and no encoder here does: made by hand, byte by byte.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::io::Cursor;

use datalake_audio::probe::{DurationSource, Facts, Waveform, probe};

fn facts(bytes: &[u8]) -> Facts {
    probe(&mut Cursor::new(bytes), true, &mut || Ok(())).unwrap()
}

/// A chunk of RIFF, padded.
fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_le_bytes();
    let padding = vec![0; body.len() % 2];
    [name, &length[..], body, &padding].concat()
}

fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    let length = (4 + body.len() as u32).to_le_bytes();
    [b"RIFF", &length[..], b"WAVE", &body].concat()
}

/// `WAVEFORMATEX` at 8 kHz.
fn format(tag: u16, channels: u16, block: u16, bits: u16, more: &[u8]) -> Vec<u8> {
    let shorts = |values: &[u16]| {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    };
    let start: Vec<u8> = shorts(&[tag, channels]);
    let rates = [
        8_000_u32.to_le_bytes(),
        (8_000 * u32::from(block)).to_le_bytes(),
    ]
    .concat();
    let end: Vec<u8> = shorts(&[block, bits]);
    chunk(b"fmt ", &[start, rates, end, more.to_vec()].concat())
}

/// The extension of `WAVEFORMATEXTENSIBLE`: so many bits count, and the codec behind its GUID.
fn extensible(bits: u16, tag: u16) -> Vec<u8> {
    let guid = b"\0\0\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71";
    [
        &22_u16.to_le_bytes()[..],
        &bits.to_le_bytes(),
        &[4, 0, 0, 0],
        &tag.to_le_bytes(),
        guid,
    ]
    .concat()
}

#[test]
fn samples_of_any_width_are_counted() {
    // Tag, block, bits, the rest of the description; the codec, and the bytes of a second.
    let rows: [(u16, u16, u16, Vec<u8>, &str); 9] = [
        (1, 2, 12, vec![], "pcm_s16le"),
        (1, 3, 20, vec![], "pcm_s24le"),
        (1, 4, 24, vec![], "pcm_s32le"),
        (1, 5, 36, vec![], "pcm_s40le"),
        (1, 8, 64, vec![], "pcm_s64le"),
        (3, 8, 64, vec![], "pcm_f64le"),
        (7, 1, 8, vec![0, 0], "pcm_mulaw"),
        (0xFFFE, 4, 32, extensible(24, 1), "pcm_s32le"),
        (0xFFFE, 4, 32, extensible(32, 3), "pcm_f32le"),
    ];
    for (tag, block, bits, more, codec) in rows {
        let data = vec![1; 8_000 * usize::from(block)];
        let facts = facts(&wav(&[
            format(tag, 1, block, bits, &more),
            chunk(b"data", &data),
        ]));
        assert_eq!(facts.codec.as_deref(), Some(codec));
        assert_eq!(facts.duration.seconds(), Some(1.0), "{codec}");
        assert!(matches!(facts.waveform, Waveform::Drawn(_)), "{codec}");
        assert!(
            facts.warnings.is_empty() && !facts.truncated,
            "{codec}: {:?}",
            facts.warnings
        );
    }
}

#[test]
fn what_follows_the_sound_is_no_part_of_it() {
    let format = || format(1, 1, 1, 8, &[]);
    let sound = vec![128; 8_001];
    let list = || {
        chunk(
            b"LIST",
            &[b"INFO".to_vec(), chunk(b"INAM", b"A note")].concat(),
        )
    };
    // An odd length is filled up by most programs, and not by some.
    let padded = wav(&[format(), chunk(b"data", &sound), list()]);
    let mut bare = wav(&[format(), chunk(b"data", &sound)]);
    bare.pop();
    bare.extend(list());
    // A tag of MP3 is too short to be a second of sound.
    let tagged = [
        wav(&[format(), chunk(b"data", &sound[..8_000])]),
        [b"TAG".to_vec(), vec![0; 125]].concat(),
    ]
    .concat();
    for (bytes, samples, title) in [
        (padded, 8_001, true),
        (bare, 8_001, true),
        (tagged, 8_000, false),
    ] {
        let facts = facts(&bytes);
        assert_eq!(facts.duration.seconds(), Some(f64::from(samples) / 8_000.0));
        assert_eq!(facts.tags.get("title"), title.then_some("A note"));
        assert!(!facts.truncated);
    }
    // A little more than the header says: its recorder wrote on and was killed.
    let more = [
        wav(&[format(), chunk(b"data", &vec![128; 80_000])]),
        vec![128; 400],
    ];
    let more = facts(&more.concat());
    assert_eq!(
        (more.duration.seconds(), more.truncated),
        (Some(10.05), true)
    );
    // Nothing was recorded, and the header says so.
    let empty = facts(&wav(&[format(), chunk(b"data", b""), list()]));
    assert_eq!((empty.duration.seconds(), empty.truncated), (None, false));
}

#[test]
fn an_aiff_whose_recorder_was_killed_is_as_long_as_its_file() {
    let rate = b"\x40\x0B\xFA\0\0\0\0\0\0\0";
    let common = [&b"COMM\0\0\0\x12\0\x01\0\0\0\0\0\x10"[..], rate].concat();
    let head = [
        b"FORM\0\0\0\0AIFF",
        &common[..],
        b"SSND\0\0\0\0\0\0\0\0\0\0\0\0",
    ]
    .concat();
    let facts = facts(&[head, vec![1; 16_000]].concat());
    assert_eq!(facts.codec.as_deref(), Some("pcm_s16be"));
    assert_eq!(
        (facts.sample_rate, facts.duration.seconds()),
        (Some(8_000), Some(1.0))
    );
    assert!(facts.truncated);
}

/// Lengths of a second of sound at 8 kHz with a chunk behind it, for each number of bytes that are missing at the end.
fn lengths_when_cut(whole: &[u8], sound_ends: usize) {
    for missing in 0..whole.len() - sound_ends {
        let facts = facts(&whole[..whole.len() - missing]);
        assert_eq!(facts.duration.seconds(), Some(1.0), "{missing} missing");
        // Where fewer bytes are left than a header has, nothing says that there was one.
        let is_seen = missing > 0 && whole.len() - missing >= sound_ends + 12;
        assert!(facts.truncated || !is_seen, "{missing} missing");
        assert!(missing > 0 || !facts.truncated);
    }
}

#[test]
fn a_chunk_that_is_cut_off_behind_the_sound_leaves_it_its_length() {
    let sound = vec![1; 16_000];
    let info = [b"INFO".to_vec(), chunk(b"INAM", b"A note")].concat();
    let start = [format(1, 1, 2, 16, &[]), chunk(b"data", &sound)];
    let length = 12 + start.concat().len();
    for (name, body) in [(b"LIST", &info), (b"bext", &vec![b'x'; 602])] {
        let whole = wav(&[start.concat(), chunk(name, body)]);
        lengths_when_cut(&whole, length);
    }

    let rate = b"\x40\x0B\xFA\0\0\0\0\0\0\0";
    let common = [&b"COMM\0\0\0\x12\0\x01\0\0\x1F\x40\0\x10"[..], rate].concat();
    let start = [
        b"FORM\0\0\x3E\xE6AIFF",
        &common[..],
        b"SSND\0\0\x3E\x88\0\0\0\0\0\0\0\0",
        &sound,
    ];
    let start = start.concat();
    for name in [b"ANNO", b"NAME", b"AUTH", b"COMM"] {
        let whole = [&start[..], name, b"\0\0\0\x28", &[b'x'; 40]].concat();
        lengths_when_cut(&whole, start.len());
    }

    let chunk = |name: &[u8; 4], body: &[u8]| {
        let length = (body.len() as u64).to_be_bytes();
        [&name[..], &length, body].concat()
    };
    let numbers = [0_u32, 2, 1, 1, 16].map(u32::to_be_bytes).concat();
    let description = [&8_000_f64.to_be_bytes()[..], b"lpcm", &numbers].concat();
    let start = [
        b"caff\0\x01\0\0".to_vec(),
        chunk(b"desc", &description),
        chunk(b"data", &[&[0; 4], &sound[..]].concat()),
    ];
    let start = start.concat();
    for (name, length) in [(b"pakt", 24), (b"info", 40)] {
        let whole = [&start[..], &chunk(name, &vec![0; length])].concat();
        lengths_when_cut(&whole, start.len());
    }
}

#[test]
fn codecs_that_nobody_knows_have_an_estimate() {
    let facts = facts(&wav(&[
        format(0x4242, 1, 100, 0, &[]),
        chunk(b"data", &vec![0; 1_600_000]),
    ]));
    assert_eq!(facts.codec.as_deref(), Some("wave_4242"));
    let source = DurationSource::Estimate;
    assert_eq!(
        facts.duration,
        datalake_audio::probe::Duration::Known {
            seconds: 2.0,
            source
        }
    );
}

#[test]
fn old_tags_are_read() {
    let frame = [b"\xFF\xFB\x90\xC0".to_vec(), vec![0; 413]].concat();
    let mut old = b"TAG".to_vec();
    for (text, length) in [
        ("A note", 30),
        ("Ada", 30),
        ("Notes", 30),
        ("2026", 4),
        ("nothing", 31),
    ] {
        old.extend(text.bytes().chain(std::iter::repeat(0)).take(length));
    }
    let facts = facts(&[frame.repeat(20), old].concat());
    let tags: Vec<_> = facts.tags.iter().collect();
    assert_eq!(
        tags,
        [
            ("title", "A note"),
            ("artist", "Ada"),
            ("album", "Notes"),
            ("date", "2026"),
            ("comment", "nothing")
        ]
    );
    assert!(facts.warnings.is_empty(), "{:?}", facts.warnings);
    // A year alone is no time.
    assert_eq!(facts.made, None);
    assert_eq!(facts.duration.seconds(), Some(0.522449));
}

#[test]
fn a_date_in_three_frames_is_one_time() {
    let text = |name: &[u8; 4], text: &[u8]| {
        [
            name,
            &(1 + text.len() as u32).to_be_bytes()[..],
            b"\0\0\0",
            text,
        ]
        .concat()
    };
    let frames = [
        text(b"TYER", b"2026"),
        text(b"TDAT", b"1001"),
        text(b"TIME", b"1234"),
    ]
    .concat();
    let tag = [
        b"ID3\x03\0\0\0\0\0".to_vec(),
        vec![frames.len() as u8],
        frames,
    ]
    .concat();
    let frame = [b"\xFF\xFB\x90\xC0".to_vec(), vec![0; 413]].concat();
    let made = facts(&[tag, frame.repeat(20)].concat()).made.unwrap();
    assert_eq!(made.text(), "2026-01-10T12:34:00");
}

/// A page of Ogg with one packet.
fn page(flags: u8, granule: u64, number: u32, body: &[u8]) -> Vec<u8> {
    let mut page = [
        b"OggS\0".to_vec(),
        vec![flags],
        granule.to_le_bytes().to_vec(),
        vec![1, 0, 0, 0],
    ]
    .concat();
    page.extend(number.to_le_bytes());
    page.extend([0, 0, 0, 0, 1, body.len() as u8]);
    page.extend(body);
    let sum = checksum(&page).to_le_bytes();
    page[22..26].copy_from_slice(&sum);
    page
}

#[test]
fn numbers_of_an_ogg_may_be_as_large_as_they_get() {
    let head = page(2, 0, 0, b"OpusHead\x01\x01\x38\x01\x80\xBB\0\0\0\0\0");
    let tags = page(0, 0, 1, b"OpusTags\0\0\0\0\0\0\0\0");
    let most = i64::MAX as u64;
    let sound = [page(0, 1, 2, &[8, 0]), page(4, most, 3, &[8, 0])].concat();
    let found = facts(&[head, tags, sound].concat());
    assert_eq!(found.codec.as_deref(), Some("opus"));
    let speex = [b"Speex   ".to_vec(), vec![0xFF; 72]].concat();
    assert_eq!(facts(&page(6, 0, 0, &speex)).format, Some("speex"));
}

/// Every 27 bytes something begins that looks like a page of 20,000.
#[test]
fn false_pages_cost_no_more_than_a_few_readings_of_the_file() {
    let mut head = b"OggS\0".to_vec();
    head.extend([0xFF; 22]);
    let bytes = head.repeat(10_000);
    let mut beats = 0;
    let found = probe(&mut Cursor::new(&bytes), false, &mut || {
        beats += 1;
        Ok(())
    });
    assert!(!found.unwrap().warnings.is_empty());
    assert!(beats < 200, "{beats}");
}

#[test]
fn a_stream_from_the_middle_of_a_longer_one_is_as_long_as_it_is() {
    // Pages of a second each.
    let head = page(2, 0, 0, b"OpusHead\x01\x01\x38\x01\x80\xBB\0\0\0\0\0");
    let tags = page(0, 0, 1, b"OpusTags\0\0\0\0\0\0\0\0");
    let stream = |from: u64| {
        let sound = (1..=3).map(|second| {
            let flags = if second == 3 { 4 } else { 0 };
            page(
                flags,
                from + second * 48_000,
                1 + second as u32,
                &[1 << 3, 0],
            )
        });
        [
            head.clone(),
            tags.clone(),
            sound.collect::<Vec<_>>().concat(),
        ]
        .concat()
    };
    let seconds = |bytes: &[u8]| facts(bytes).duration.seconds();
    // 312 samples come before the first that counts.
    assert_eq!(seconds(&stream(0)), Some(2.9935));
    assert_eq!(seconds(&stream(4_800_000_000)), Some(3.0));
    // A page that is damaged is left out, and the next one says how far it is.
    let mut damaged = stream(0);
    let at = damaged.len() - 40;
    damaged[at] ^= 1;
    let found = facts(&damaged);
    assert_eq!(found.duration.seconds(), Some(2.9935));
    assert!(!found.warnings.is_empty());
}

/// The checksum of Ogg, bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
            sum << 1 ^ if sum >> 31 == 1 { 0x04C1_1DB7 } else { 0 }
        })
    })
}

#[test]
fn a_rate_that_changes_on_the_way_is_counted_as_it_changes() {
    // A second at 44.1 kHz, then one at 48: headphones were connected.
    let frame = |header: [u8; 4], length: usize| [header.to_vec(), vec![0; length - 4]].concat();
    let first = frame([0xFF, 0xFB, 0x90, 0xC0], 417).repeat(38);
    let second = frame([0xFF, 0xFB, 0x94, 0xC0], 384).repeat(42);
    let facts = facts(&[first, second].concat());
    let expected = 38.0 * 1_152.0 / 44_100.0 + 42.0 * 1_152.0 / 48_000.0;
    let seconds = facts.duration.seconds().unwrap();
    assert!((seconds - expected).abs() < 1e-5, "{seconds}");
    assert_eq!(facts.warnings, ["its sample rate changes"]);
}

#[test]
fn damage_in_the_middle_of_frames_is_stepped_over() {
    let frame = [b"\xFF\xFB\x90\xC0".to_vec(), vec![0; 413]].concat();
    let bytes = [
        frame.repeat(20),
        b"some words between".to_vec(),
        frame.repeat(20),
    ]
    .concat();
    let facts = facts(&bytes);
    let seconds = facts.duration.seconds().unwrap();
    assert!(
        (seconds - 40.0 * 1_152.0 / 44_100.0).abs() < 1e-5,
        "{seconds}"
    );
    assert_eq!(facts.warnings.len(), 1);
}

#[test]
fn what_is_known_by_name_alone_says_so() {
    for (bytes, format) in [
        (b"RIFF\0\0\0\0AVI LIST".to_vec(), "avi"),
        (b"MThd\0\0\0\x06\0\0\0\x01\0\x60".to_vec(), "midi"),
        ([&[0x47][..], &[0; 187]].concat().repeat(10), "mpegts"),
    ] {
        let facts = facts(&bytes);
        assert_eq!(
            (facts.format, facts.duration.seconds()),
            (Some(format), None)
        );
    }
    for other in [
        &b"\x89PNG\r\n\x1A\n"[..],
        b"%PDF-1.7",
        b"<html>",
        &[0; 5_000],
        b"\xFF",
    ] {
        let facts = facts(other);
        assert_eq!((facts.format, facts.duration.seconds()), (None, None));
    }
}
