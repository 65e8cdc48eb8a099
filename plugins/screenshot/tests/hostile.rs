//! Whatever the bytes are: no panic, an answer in good time, and the same answer again.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use datalake_core::Error;
use datalake_screenshot::{probe, thumbnail};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Far more than any of these small images takes, even unoptimised and on a busy machine.
const GOOD_TIME: Duration = Duration::from_secs(20);

/// How many inputs are tried: more where somebody has the time.
fn cases() -> u32 {
    if datalake_testkit::deep() {
        100_000
    } else {
        600
    }
}

/// Whatever the headers say, decoders take no more than their share, and the rest is little.
const MOST_MEMORY: u64 = 150 << 20;

/// The most memory that this process has had, in bytes; nothing where the system does not tell.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    kilobytes.map_or(0, |number| number.parse::<u64>().unwrap() * 1024)
}

fn fixtures() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.retain(|file| file.extension().is_none_or(|extension| extension != "py"));
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// All that is found, in a form that compares.
fn look(bytes: &[u8]) -> String {
    let picture = probe(Cursor::new(bytes)).unwrap();
    let made = thumbnail(Cursor::new(bytes), &picture, &mut || Ok(())).unwrap();
    if let Ok(made) = &made {
        assert!(made.width.max(made.height) <= 320 && made.width.min(made.height) > 0);
        let (width, height) = picture.size().unwrap();
        assert!(made.width <= width && made.height <= height);
    }
    format!("{picture:?} {made:?}")
}

/// One change of a file.
#[derive(Debug, Clone)]
enum Change {
    Cut(Index),
    Flip(Index, u8),
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, u8),
    /// A number of two or four bytes, of either order, that is as large as it can be.
    Huge(Index, [u8; 4]),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => any::<Index>().prop_map(Change::Cut),
        6 => (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        3 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        2 => (any::<Index>(), proptest::collection::vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        2 => (any::<Index>(), 1..20_u8).prop_map(|(at, count)| Change::Remove(at, count)),
        2 => (any::<Index>(), select(vec![[0xff; 4], [0x7f, 0xff, 0xff, 0xff], [0, 1, 0, 0], [0; 4]]))
            .prop_map(|(at, number)| Change::Huge(at, number)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let length = bytes.len();
    if length == 0 {
        return;
    }
    match change {
        Change::Cut(at) => bytes.truncate(at.index(length)),
        Change::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
        Change::Set(at, byte) => bytes[at.index(length)] = *byte,
        Change::Insert(at, more) => {
            let at = at.index(length);
            bytes.splice(at..at, more.iter().copied());
        }
        Change::Remove(at, count) => {
            let at = at.index(length);
            bytes.drain(at..length.min(at + usize::from(*count)));
        }
        Change::Huge(at, number) => {
            let at = at.index(length);
            let end = length.min(at + 4);
            bytes[at..end].copy_from_slice(&number[..end - at]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_image_is_an_answer(
        image in select(fixtures()),
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        let mut bytes = image;
        // Nearly all that is interesting stands in the first part.
        changes.iter().for_each(|change| apply(&mut bytes, change));
        let start = Instant::now();
        let first = look(&bytes);
        prop_assert!(start.elapsed() < GOOD_TIME);
        prop_assert_eq!(first, look(&bytes));
        prop_assert!(peak() < MOST_MEMORY, "{} MiB", peak() >> 20);
    }

    #[test]
    fn random_bytes_behind_any_start_are_an_answer(
        image in select(fixtures()),
        kept in 0..64_usize,
        bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
    ) {
        let mut file = image;
        file.truncate(kept);
        file.extend(bytes);
        look(&file);
    }
}

#[test]
fn every_length_of_every_image_is_an_answer() {
    for image in fixtures() {
        let step = 1 + image.len() / 200;
        for length in (0..image.len()).step_by(step) {
            look(&image[..length]);
        }
    }
}

/// A file that cannot be read from some place on.
struct Broken {
    file: Cursor<Vec<u8>>,
    from: u64,
}

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.from.saturating_sub(self.file.position());
        if left == 0 {
            return Err(io::Error::other("the disk is broken"));
        }
        let most = buffer.len().min(usize::try_from(left).unwrap());
        self.file.read(&mut buffer[..most])
    }
}

impl Seek for Broken {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[test]
fn a_broken_disk_is_no_fault_of_the_image() {
    for image in fixtures() {
        let picture = probe(Cursor::new(&image)).unwrap();
        let whole = thumbnail(Cursor::new(&image), &picture, &mut || Ok(())).unwrap();
        for from in (0..image.len() as u64).step_by(1 + image.len() / 10) {
            let broken = || Broken {
                file: Cursor::new(image.clone()),
                from,
            };
            if let Err(error) = probe(broken()) {
                assert!(error.to_string().contains("the disk is broken"), "{error}");
            }
            // What did not need the broken part is as it would be otherwise.
            match thumbnail(broken(), &picture, &mut || Ok(())) {
                Ok(made) => assert_eq!(made, whole),
                Err(error) => assert!(error.to_string().contains("the disk is broken"), "{error}"),
            }
        }
    }
}

#[test]
fn whoever_is_asked_to_stop_stops() {
    for image in fixtures() {
        let picture = probe(Cursor::new(&image)).unwrap();
        let mut asked = 0;
        let made = thumbnail(Cursor::new(&image), &picture, &mut || {
            asked += 1;
            if asked == 1 {
                Err(Error::cancelled())
            } else {
                Ok(())
            }
        });
        // Who is not asked has nothing to do.
        assert!(asked <= 1);
        assert_eq!(made.is_err(), asked == 1);
    }
}
