//! Bytes that nobody promised to be a recording: whatever they are, there are facts, soon, and in little memory.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::LazyLock;
use std::time::Instant;

use datalake_audio::probe::{Duration, Facts, Waveform, probe};
use proptest::prelude::*;

static FIXTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
});

fn facts(bytes: &[u8], waveform: bool) -> Facts {
    probe(&mut Cursor::new(bytes), waveform, &mut || Ok(())).unwrap()
}

/// What must hold of any bytes.
fn check(bytes: &[u8]) {
    let started = Instant::now();
    let drawn = facts(bytes, true);
    assert!(started.elapsed().as_secs() < 10, "it takes too long");
    if let Duration::Known { seconds, .. } = drawn.duration {
        assert!(seconds.is_finite() && seconds > 0.0, "{seconds}");
    }
    if let Waveform::Drawn(peaks) = &drawn.waveform {
        assert!(peaks.len() <= 2048 && peaks.len() % 2 == 0 && !peaks.is_empty());
        assert!(
            peaks
                .chunks_exact(2)
                .all(|pair| pair[0] as i8 <= pair[1] as i8)
        );
    }
    // What is known does not depend on whether it is drawn, nor on how the bytes come.
    let plain = facts(bytes, false);
    assert_eq!(plain.waveform, Waveform::Unasked);
    let unasked = Facts {
        waveform: Waveform::Unasked,
        ..drawn
    };
    assert_eq!(unasked, plain);
    let mut slow = Slow(Cursor::new(bytes));
    assert_eq!(probe(&mut slow, false, &mut || Ok(())).unwrap(), plain);
}

/// Gives at most 1,000 bytes at once.
struct Slow<'a>(Cursor<&'a [u8]>);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(1_000);
        self.0.read(&mut buffer[..length])
    }
}

impl Seek for Slow<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// What may happen to a file.
#[derive(Debug, Clone)]
enum Harm {
    /// A bit is turned.
    Flip(prop::sample::Index, u8),
    /// Four bytes become others: a length that is not true.
    Length(prop::sample::Index, u32),
    /// The end is missing.
    Cut(prop::sample::Index),
    /// A part comes again.
    Repeat(prop::sample::Index, prop::sample::Index),
    /// A part is missing.
    Drop(prop::sample::Index, u8),
}

fn harm() -> impl Strategy<Value = Harm> {
    let lengths = prop_oneof![
        Just(0),
        Just(1),
        Just(u32::MAX),
        Just(0x7FFF_FFFF),
        any::<u32>()
    ];
    prop_oneof![
        4 => (any::<prop::sample::Index>(), 0_u8..8).prop_map(|(at, bit)| Harm::Flip(at, bit)),
        3 => (any::<prop::sample::Index>(), lengths).prop_map(|(at, length)| Harm::Length(at, length)),
        1 => any::<prop::sample::Index>().prop_map(Harm::Cut),
        1 => (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(a, b)| Harm::Repeat(a, b)),
        1 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, count)| Harm::Drop(at, count)),
    ]
}

fn harmed(mut bytes: Vec<u8>, harms: &[Harm]) -> Vec<u8> {
    for harm in harms {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        match harm {
            Harm::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Harm::Length(at, value) => {
                let at = at.index(length);
                let four = value.to_be_bytes();
                bytes
                    .iter_mut()
                    .skip(at)
                    .zip(four)
                    .for_each(|(byte, new)| *byte = new);
            }
            Harm::Cut(at) => bytes.truncate(at.index(length)),
            Harm::Repeat(from, to) => {
                let (from, to) = (from.index(length), to.index(length));
                let part = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.extend_from_slice(&part);
            }
            Harm::Drop(at, count) => {
                let at = at.index(length);
                bytes.drain(at..(at + usize::from(*count)).min(length));
            }
        }
    }
    bytes
}

/// `PROPTEST_CASES` asks for more.
fn cases() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: default.cases * 3,
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn harmed_recordings_give_facts(
        fixture in any::<prop::sample::Index>(),
        // Most fields stand near the start.
        near in prop::bool::weighted(0.5),
        harms in prop::collection::vec(harm(), 1..6),
    ) {
        let whole = &FIXTURES[fixture.index(FIXTURES.len())];
        let split = if near { whole.len().min(256) } else { whole.len() };
        let mut bytes = harmed(whole[..split].to_vec(), &harms);
        bytes.extend_from_slice(&whole[split..]);
        check(&bytes);
    }

    #[test]
    fn random_bytes_give_facts(
        magic in prop::sample::select(MAGIC.to_vec()),
        bytes in prop::collection::vec(any::<u8>(), 0..2_000),
    ) {
        check(&[magic, &bytes].concat());
    }
}

/// How files begin, so that random bytes meet each parser.
const MAGIC: [&[u8]; 20] = [
    b"",
    b"RIFF\xFF\xFF\xFF\xFFWAVE",
    b"RIFX\0\0\0\0WAVEfmt ",
    b"FORM\0\0\0\0AIFF",
    b".snd",
    b"caff\0\x01\0\0",
    b"fLaC",
    b"OggS\0",
    b"wvpk",
    b"\x1A\x45\xDF\xA3",
    b"\x30\x26\xB2\x75",
    b"#!AMR\n",
    b"#!AMR-WB\n",
    b"\0\0\0\x10ftypM4A ",
    b"\0\0\0\x08moov",
    b"ID3\x04\0\0",
    b"ID3\x02\0\0\0\0\x7F\x7F",
    b"\xFF\xFB\x90\0",
    b"\xFF\xF1\x50\x40",
    b"\x0B\x77",
];

#[test]
fn every_start_of_every_recording_gives_facts() {
    for bytes in FIXTURES.iter() {
        for part in 0..12 {
            check(&bytes[..bytes.len() * part / 12]);
        }
        (0..bytes.len().min(64)).for_each(|length| check(&bytes[..length]));
    }
}

/// A file that is longer than any memory: what it begins with, then one part again and again.
struct Endless {
    head: Vec<u8>,
    part: Vec<u8>,
    length: u64,
    position: u64,
    read: u64,
}

impl Endless {
    fn new(head: &[u8], part: &[u8]) -> Self {
        Self {
            head: head.to_vec(),
            part: part.to_vec(),
            length: 5_000_000_000,
            position: 0,
            read: 0,
        }
    }
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position);
        let from = match self.head.get(self.position as usize..) {
            Some(head) if !head.is_empty() => head,
            _ => {
                let behind = self.position - self.head.len() as u64;
                &self.part[(behind % self.part.len() as u64) as usize..]
            }
        };
        let length = buffer.len().min(from.len()).min(left as usize);
        buffer[..length].copy_from_slice(&from[..length]);
        self.position += length as u64;
        self.read += length as u64;
        Ok(length)
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = match to {
            SeekFrom::Start(place) => place,
            SeekFrom::End(by) => self.length.checked_add_signed(by).unwrap(),
            SeekFrom::Current(by) => self.position.checked_add_signed(by).unwrap(),
        };
        Ok(self.position)
    }
}

/// The most memory that this process has ever had, in kilobytes; nothing where the system does not tell.
fn most_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
fn lengths_that_headers_claim_take_neither_memory_nor_time() {
    let before = most_memory();
    let heads: [&[u8]; 9] = [
        // Tags, comments, tables and descriptions of gigabytes.
        b"ID3\x04\0\0\x7F\x7F\x7F\x7FTIT2\x7F\x7F\x7F\x7F\0\0\x03",
        b"RIFF\xFF\xFF\xFF\xFFWAVELIST\xF0\xFF\xFF\x7FINFO",
        b"RIFF\xFF\xFF\xFF\xFFWAVEfmt \xF0\xFF\xFF\x7F\x01\0\x01\0",
        b"fLaC\x84\xFF\xFF\xFF",
        b"caff\0\x01\0\0kuki\0\0\0\0\x7F\xFF\xFF\xFF",
        b"\0\0\0\x10ftypM4A \0\0\0\0\0\0\0\x08moov\0\0\0\x08trak\xFF\xFF\xFF\xF0stsz\0\0\0\0\0\0\0\0\xFF\xFF\xFF\xFF",
        b"\0\0\0\x10ftypM4A \0\0\0\0\0\0\0\x08moov\xFF\xFF\xFF\xF0mvhd",
        b"\x1A\x45\xDF\xA3\x80\x18\x53\x80\x67\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\
          \x15\x49\xA9\x66\x08\x7F\xFF\xFF\xFF\x7B\xA9\x08\x7F\xFF\xFF\xFE",
        b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\0\xAA\0\x62\xCE\x6C\xFF\xFF\xFF\x7F\0\0\0\0\x01\0\0\0\x01\x02\x33\x26\xB2\x75",
    ];
    for head in heads {
        let mut file = Endless::new(head, &[0; 65_536]);
        let mut left = 200;
        // Walking on through gigabytes of nothing is allowed; the wish to stop ends it.
        let _ = probe(&mut file, true, &mut || {
            left -= 1;
            if left == 0 {
                Err(io::Error::other("stop"))
            } else {
                Ok(())
            }
        });
    }
    if let (Some(before), Some(after)) = (before, most_memory()) {
        assert!(
            after - before < 20_000,
            "{before} kB before, {after} kB after"
        );
    }
}

fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = 8 + content.len() as u32;
    [&length.to_be_bytes()[..], name, content].concat()
}

/// What comes again and again is not gathered: tracks with large descriptions, fragments whose data never comes.
#[test]
fn parts_that_repeat_without_end_take_no_memory() {
    let before = most_memory();
    let sound = boxed(b"hdlr", b"\0\0\0\0\0\0\0\0soun\0\0\0\0");
    let cookie = boxed(b"alac", &[0; 900_000]);
    let entry = boxed(b"alac", &[&[0; 28][..], &cookie].concat());
    let described = boxed(b"stsd", &[b"\0\0\0\0\0\0\0\x01", &entry[..]].concat());
    let track = boxed(b"trak", &boxed(b"mdia", &[sound, described].concat()));
    let run = [b"\0\0\x02\0\0\x03\xD0\x90\0\0\0\0", &[1; 999_996][..]].concat();
    let fragment = [boxed(b"tfhd", &[0; 8]), boxed(b"trun", &run)].concat();
    let fragment = boxed(b"moof", &boxed(b"traf", &fragment));
    let start = boxed(b"ftyp", b"M4A \0\0\0\0");
    for part in [&track, &fragment] {
        let mut file = Endless::new(&[&start[..], &track].concat(), part);
        file.length = 40_000_000;
        probe(&mut file, true, &mut || Ok(())).unwrap();
    }
    if let (Some(before), Some(after)) = (before, most_memory()) {
        assert!(
            after - before < 30_000,
            "{before} kB before, {after} kB after"
        );
    }
}

#[test]
fn a_long_recording_is_not_read_unless_it_is_drawn() {
    let mut head = FIXTURES
        .iter()
        .find(|bytes| bytes.len() == 44)
        .unwrap()
        .clone();
    head[40..].copy_from_slice(&4_000_000_000_u32.to_le_bytes());
    let mut file = Endless::new(&head, &[7; 65_536]);
    file.length = 4_000_000_044;
    let facts = probe(&mut file, false, &mut || Ok(())).unwrap();
    assert_eq!(facts.duration.seconds(), Some(250_000.0));
    assert!(file.read <= 128 << 10, "{} bytes were read", file.read);
    let mut beats = 0;
    let stopped = probe(&mut file, true, &mut || {
        beats += 1;
        if beats > 100 {
            Err(io::Error::other("stop"))
        } else {
            Ok(())
        }
    });
    assert_eq!(stopped.unwrap_err().to_string(), "stop");
}

#[test]
fn a_disk_that_fails_is_no_fact() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is broken"))
        }
    }
    impl Seek for Broken {
        fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
            Ok(1_000)
        }
    }
    let failed = probe(&mut Broken, true, &mut || Ok(()));
    assert_eq!(failed.unwrap_err().to_string(), "the disk is broken");
}
