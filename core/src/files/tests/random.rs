//! Random histories of files: whatever a writer does between two looks, every complete line that
//! was ever there at a look is read, and nothing else is; and each file is kept byte for byte.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;

use proptest::prelude::*;

use crate::files::testing::*;

/// One such line is enough to recognise a file by.
const LONG: &str = "a line that is longer than the sixty-four bytes by which files are told apart,";

/// What may happen to a log and its rotated siblings.
#[derive(Debug, Clone)]
enum Step {
    Append(u8),
    Tear,
    Finish,
    TakeBack,
    Rotate,
    /// Compresses the youngest rotated sibling that is not, with gzip or zstd.
    Compress(bool),
    /// The same, seen when so much of it is written.
    BeginToCompress(u8),
    CopyTruncate,
    Rewrite(u8),
    Truncate,
    Delete,
    Copy,
    Poll,
    Fail,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..8_u8).prop_map(Step::Append),
        2 => Just(Step::Tear),
        2 => Just(Step::Finish),
        1 => Just(Step::TakeBack),
        2 => Just(Step::Rotate),
        2 => any::<bool>().prop_map(Step::Compress),
        1 => (0..=100_u8).prop_map(Step::BeginToCompress),
        1 => Just(Step::CopyTruncate),
        1 => (1..8_u8).prop_map(Step::Rewrite),
        1 => Just(Step::Truncate),
        1 => Just(Step::Delete),
        1 => Just(Step::Copy),
        6 => Just(Step::Poll),
        1 => Just(Step::Fail),
    ]
}

/// The writer's side, with what a reader must have seen.
struct History {
    world: World,
    counter: usize,
    what: &'static str,
    visible: BTreeSet<String>,
}

impl History {
    fn new(backwards: bool, what: &'static str) -> Self {
        let world = World {
            backwards,
            batch_bytes: 300,
            ..World::of_lines()
        };
        Self {
            world,
            counter: 0,
            what,
            visible: BTreeSet::new(),
        }
    }

    fn lines(&mut self, count: u8) -> String {
        self.counter += usize::from(count);
        numbered(self.what, self.counter - usize::from(count)..self.counter)
    }

    fn text(&self, name: &str) -> Vec<u8> {
        fs::read(self.world.path(name)).unwrap_or_default()
    }

    fn exists(&self, name: &str) -> bool {
        self.world.path(name).exists()
    }

    /// Moves the rotated siblings out of the way. A compressed one that was begun is made anew.
    fn shift(&self) {
        for (from, to) in [(2, 3), (1, 2)] {
            let made = ["", ".gz", ".zst"].map(|ending| format!("log.{from}{ending}"));
            if made.iter().any(|name| self.exists(name)) {
                for ending in ["", ".gz", ".zst"] {
                    drop(fs::remove_file(
                        self.world.path(&format!("log.{to}{ending}")),
                    ));
                }
            }
            let begun = self.exists(&made[0]);
            for (name, ending) in made.iter().zip(["", ".gz", ".zst"]) {
                if begun && !ending.is_empty() {
                    drop(fs::remove_file(self.world.path(name)));
                } else if self.exists(name) {
                    self.world.rename(name, &format!("log.{to}{ending}"));
                }
            }
        }
    }

    /// Compresses the youngest rotated sibling that is not, up to so many hundredths.
    fn compress(&self, zstd: bool, hundredths: usize) {
        let mut plain = (1..=3).map(|number| format!("log.{number}"));
        let Some(name) = plain.find(|name| self.exists(name)) else {
            return;
        };
        let text = self.text(&name);
        let (packed, ending) = if zstd {
            (zstandard(text), "zst")
        } else {
            (gzip(text), "gz")
        };
        let written = &packed[..packed.len() * hundredths / 100];
        for ending in ["gz", "zst"] {
            drop(fs::remove_file(
                self.world.path(&format!("{name}.{ending}")),
            ));
        }
        self.world.write(&format!("{name}.{ending}"), written);
        // What was seen of it is gone for those who come later.
        if written.len() == packed.len() {
            fs::remove_file(self.world.path(&name)).unwrap();
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Append(count) => {
                let lines = self.lines(*count);
                self.world.append("log", lines);
            }
            Step::Tear => {
                let torn = self.lines(1);
                self.world.append("log", torn.trim_end());
            }
            Step::Finish => {
                let end = self.lines(1);
                self.world.append("log", end);
            }
            Step::TakeBack => {
                let text = self.text("log");
                let kept = text
                    .iter()
                    .rposition(|byte| *byte == b'\n')
                    .map_or(0, |at| at + 1);
                self.world.write("log", &text[..kept]);
            }
            Step::Rotate if self.exists("log") => {
                self.shift();
                self.world.rename("log", "log.1");
            }
            Step::Compress(zstd) => self.compress(*zstd, 100),
            Step::BeginToCompress(hundredths) => {
                self.compress(hundredths % 2 == 0, usize::from(*hundredths).min(99));
            }
            Step::CopyTruncate if self.exists("log") => {
                self.shift();
                fs::copy(self.world.path("log"), self.world.path("log.1")).unwrap();
                self.world.write("log", "");
            }
            Step::Rewrite(count) => {
                let lines = self.lines(*count);
                self.world.write("log", lines);
            }
            Step::Truncate => {
                let text = self.text("log");
                self.world.write("log", &text[..text.len() / 2]);
            }
            Step::Delete => drop(fs::remove_file(self.world.path("log"))),
            Step::Copy if self.exists("log") => {
                fs::copy(self.world.path("log"), self.world.path("copy")).unwrap();
            }
            Step::Poll => self.poll(None),
            Step::Fail => {
                let batches = self.world.sink.state().batches;
                self.poll(Some(batches + 1));
            }
            Step::Rotate | Step::CopyTruncate | Step::Copy => {}
        }
    }

    fn poll(&mut self, fail_after: Option<usize>) {
        self.world.sink.state().fail_after = fail_after;
        let ran = self.world.run();
        self.world.sink.state().fail_after = None;
        // A look that failed promises nothing.
        if !ran.errors.is_empty() {
            return;
        }
        let plain = ["log", "log.1", "log.2", "log.3", "copy"].map(String::from);
        for name in &plain {
            let text = self.text(name);
            let whole = text
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1);
            if self.exists(name) {
                assert_eq!(self.world.sink.state().raw(name), text, "{name}");
            }
            let text = String::from_utf8_lossy(&text[..whole]);
            self.visible.extend(text.lines().map(str::to_owned));
        }
        // One that is not complete stands beside its original.
        for name in &plain {
            if self.exists(name) {
                continue;
            }
            let text = unpacked(&self.text(&format!("{name}.gz")), gzip_reader)
                + &unpacked(&self.text(&format!("{name}.zst")), zstd_reader);
            for packed in ["gz", "zst"].map(|ending| format!("{name}.{ending}")) {
                if self.exists(&packed) {
                    let kept = self.world.sink.state().raw(&packed);
                    assert_eq!(String::from_utf8_lossy(&kept), text, "{packed}");
                }
            }
            self.visible.extend(text.lines().map(str::to_owned));
        }
        let got: BTreeSet<String> = self
            .world
            .sink
            .state()
            .rows
            .iter()
            .map(|row| row.3.clone())
            .collect();
        let lost: Vec<&String> = self.visible.difference(&got).collect();
        assert!(lost.is_empty(), "lost {lost:?}");
    }
}

/// What a compressed file that is there holds.
fn unpacked(bytes: &[u8], read: fn(&[u8], &mut String)) -> String {
    let mut text = String::new();
    if !bytes.is_empty() {
        read(bytes, &mut text);
    }
    text
}

fn gzip_reader(bytes: &[u8], text: &mut String) {
    let mut reader = flate2::read::GzDecoder::new(bytes);
    reader.read_to_string(text).unwrap();
}

fn zstd_reader(bytes: &[u8], text: &mut String) {
    let mut reader = zstd::stream::read::Decoder::new(bytes).unwrap();
    reader.read_to_string(text).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost(
        steps in proptest::collection::vec(step(), 1..40),
        backwards in any::<bool>(),
    ) {
        let mut history = History::new(backwards, "line");
        for step in &steps {
            history.step(step);
        }
        history.poll(None);
        assert_idle(&history.world);
    }

    #[test]
    fn nothing_is_doubled_or_made_up_while_a_log_only_grows_and_rotates(
        steps in proptest::collection::vec(step(), 1..40),
        backwards in any::<bool>(),
    ) {
        let mut history = History::new(backwards, LONG);
        for step in &steps {
            let grows = matches!(step, Step::Append(_) | Step::Tear | Step::Finish | Step::Poll);
            let rotates = matches!(step, Step::Rotate | Step::CopyTruncate);
            let packs = matches!(step, Step::Compress(_) | Step::BeginToCompress(_));
            if grows || rotates || packs {
                history.step(step);
            }
        }
        history.poll(None);
        let state = history.world.sink.state();
        let got: Vec<&String> = state.rows.iter().map(|row| &row.3).collect();
        let once: BTreeSet<&String> = got.iter().copied().collect();
        prop_assert!(got.iter().all(|row| history.visible.contains(*row)));
        prop_assert_eq!(got.len(), once.len());
    }
}
