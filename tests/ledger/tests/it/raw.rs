//! Raw input: whatever becomes of a file, and however it was read, it is given back byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use datalake_core::{Context, FixedClock, Paths, Reading, Sink, Timestamp, Zone, file_source};
use datalake_ledger::{Ledger, LedgerConfig};
use datalake_store::{RawContent, Reader};
use datalake_testkit::{Plan, Probe, Random};
use proptest::prelude::*;

use crate::sources::{home, run};
use crate::support::{Home, Lake, next_attempt};

const PATIENCE: Duration = Duration::from_secs(60);

/// What may happen to a ledger, and how it is read.
#[derive(Debug, Clone)]
enum Step {
    /// Lines of about so many bytes.
    Append(usize),
    /// Part of a line.
    Tear(usize),
    Finish,
    TakeBack,
    Truncate,
    Rewrite(usize),
    Rename,
    Delete,
    Look(How),
}

/// How a reading is done.
#[derive(Debug, Clone)]
struct How {
    /// After so many batches nothing is written any more, as if the process were killed.
    dies: Option<u64>,
    full: bool,
    batch_bytes: usize,
}

fn step() -> impl Strategy<Value = Step> {
    let length = || prop_oneof![1..2_000_usize, 20_000..70_000_usize, 150_000..400_000_usize];
    let how = (
        proptest::option::weighted(0.4, 0..4_u64),
        any::<bool>(),
        0..3_u32,
    );
    let how = how.prop_map(|(dies, full, size)| How {
        dies,
        full,
        batch_bytes: 4 << (10 * size),
    });
    prop_oneof![
        6 => length().prop_map(Step::Append),
        2 => length().prop_map(Step::Tear),
        2 => Just(Step::Finish),
        1 => Just(Step::TakeBack),
        1 => Just(Step::Truncate),
        1 => length().prop_map(Step::Rewrite),
        2 => Just(Step::Rename),
        1 => Just(Step::Delete),
        6 => how.prop_map(Step::Look),
    ]
}

/// The writer's side of some ledgers.
struct Files<'a> {
    home: &'a Home,
    random: Random,
    /// Complete lines that were there at some look that went well.
    seen: Vec<Vec<u8>>,
}

impl Files<'_> {
    fn names(&self) -> Vec<String> {
        let found = fs::read_dir(self.home.path("in")).unwrap();
        let names = found.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.home.path("in").join(name)).unwrap_or_default()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.home.path("in").join(name), bytes).unwrap();
    }

    /// Lines that become no rows; some ask for a commit in the middle, some are bad.
    fn lines(&mut self, length: usize) -> Vec<u8> {
        let mut text = Vec::new();
        while text.len() < length {
            let noise: String = (0..length.min(90_000) / 16)
                .map(|_| format!("{:016x}", self.random.below(u64::MAX)))
                .collect();
            let line = match self.random.below(4) {
                0 => format!("{{\"op\":\"commit\"}}{}\n", " ".repeat(noise.len())),
                1 => format!("no line of a ledger {noise}\n"),
                _ => format!("{{\"op\":\"skip\",\"why\":\"{noise}\"}}\r\n"),
            };
            text.extend(line.into_bytes());
        }
        text
    }

    fn append(&mut self, bytes: &[u8]) {
        let whole = [self.bytes("a.ledger"), bytes.to_vec()].concat();
        self.write("a.ledger", &whole);
    }

    fn step(&mut self, step: &Step) {
        let here = self.home.path("in").join("a.ledger");
        let now = self.bytes("a.ledger");
        match step {
            Step::Append(length) => {
                let lines = self.lines(*length);
                self.append(&lines);
            }
            Step::Tear(length) => {
                let lines = self.lines(*length);
                let line = lines.split(|byte| *byte == b'\n').next().unwrap();
                self.append(&line[..line.len().min(*length)]);
            }
            Step::Finish if here.exists() => self.append(b"\n"),
            Step::TakeBack if here.exists() => self.write("a.ledger", complete(&now)),
            Step::Truncate if here.exists() => self.write("a.ledger", &now[..now.len() / 2]),
            Step::Rewrite(length) => {
                let lines = self.lines(*length);
                self.write("a.ledger", &lines);
            }
            Step::Rename if here.exists() => {
                let to = self
                    .home
                    .path("in")
                    .join(format!("b{}.ledger", self.random.below(3)));
                fs::rename(here, to).unwrap();
            }
            Step::Delete => drop(fs::remove_file(here)),
            Step::Look(how) => self.look(how),
            Step::Finish | Step::TakeBack | Step::Truncate | Step::Rename => {}
        }
    }

    fn look(&mut self, how: &How) {
        let lake = self.home.open();
        if !read(&lake, how) {
            drop(lake);
            self.home.check();
            return;
        }
        drop(lake);
        self.home.check();
        let kept = kept(self.home);
        for name in self.names() {
            let bytes = self.bytes(&name);
            let own = kept.iter().filter(|(content, _)| content.unit == name);
            let own = own.max_by_key(|(content, _)| content.generation).unwrap();
            assert!(own.1 == bytes, "{name} is kept as something else");
            assert!(own.0.ended && own.0.bytes == bytes.len() as u64);
            self.seen.push(complete(&bytes).to_vec());
        }
        for seen in &self.seen {
            let still = kept.iter().any(|(_, bytes)| bytes.starts_with(seen));
            assert!(
                still,
                "{} bytes that were read are not kept any more",
                seen.len()
            );
        }
    }
}

/// Up to the last line break.
fn complete(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    &bytes[..end.map_or(0, |end| end + 1)]
}

/// Reads all ledgers, as a run does. Returns whether it went well.
fn read(lake: &Lake<'_>, how: &How) -> bool {
    let source = file_source(Ledger::new(LedgerConfig {
        path: Paths(vec![lake.home.path("in")]),
        commit_every: 0,
    }));
    let run = lake.begin("books");
    let plan = how.dies.map_or(Plan::Pass, Plan::DieAfter);
    let well = lake.home.run(async {
        let known = lake.store.known(&"books".into()).await.unwrap();
        let known = known
            .into_iter()
            .map(|unit| (unit.id.clone(), unit))
            .collect();
        // Long before any file was changed: each is looked at.
        let clock = Arc::new(FixedClock(Timestamp::EPOCH));
        let base = Context::new("books".into(), "desk".into(), Zone::utc(), clock, 1);
        let context = Context {
            known: Arc::new(known),
            full: how.full,
            ..base
        };
        let sink = Probe::new(
            lake.store.clone(),
            plan,
            context.cancel.clone(),
            Arc::default(),
        );
        let mut reading = Reading::new(source, context, Arc::new(sink), run);
        reading.batch_bytes = how.batch_bytes;
        let mut well = true;
        for unit in reading.units().await.unwrap() {
            let (read, written) = reading.unit(&unit, next_attempt()).await;
            well &= read.is_ok() && written.is_ok();
        }
        well
    });
    lake.end(run);
    well
}

fn reader(home: &Home) -> Reader {
    Reader::open(&home.database(), PATIENCE).unwrap()
}

/// All that is kept, with its bytes.
fn kept(home: &Home) -> Vec<(RawContent, Vec<u8>)> {
    let reader = reader(home);
    let contents = reader.raw_contents(PATIENCE).unwrap();
    let bytes = |content: RawContent| {
        let mut bytes = Vec::new();
        let all = reader.raw_bytes(&content, PATIENCE, |piece| {
            bytes.extend(piece);
            Ok(true)
        });
        all.unwrap();
        (content, bytes)
    };
    contents.into_iter().map(bytes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_becomes_of_files_they_are_kept(
        steps in proptest::collection::vec(step(), 1..24),
        seed in any::<u64>(),
    ) {
        let home = Home::new();
        fs::create_dir(home.path("in")).unwrap();
        let mut files = Files { home: &home, random: Random(seed), seen: Vec::new() };
        for step in &steps {
            files.step(step);
        }
        files.look(&How { dies: None, full: false, batch_bytes: 4 << 20 });
        // However it was read, the blocks are those of one reading.
        let read_once = Home::new();
        fs::create_dir(read_once.path("in")).unwrap();
        for name in files.names() {
            fs::write(read_once.path("in").join(&name), files.bytes(&name)).unwrap();
        }
        let all = How { dies: None, full: true, batch_bytes: 4 << 20 };
        prop_assert!(read(&read_once.open(), &all));
        let (now, once) = (parts(&home), parts(&read_once));
        for name in files.names() {
            prop_assert!(now[&name] == once[&name], "other blocks of {}", name);
        }
    }
}

/// The blocks of the newest content of each unit.
fn parts(home: &Home) -> BTreeMap<String, Vec<(i64, Vec<u8>)>> {
    let sql = "SELECT o.unit, p.start, b.hash FROM raw_contents AS c JOIN origins AS o ON o.id = c.origin
               LEFT JOIN raw_parts AS p ON p.origin = c.origin LEFT JOIN raw_blocks AS b ON b.id = p.block
               WHERE o.generation = (SELECT max(generation) FROM origins WHERE source = o.source AND unit = o.unit)
               ORDER BY o.unit, p.start";
    let db = home.outside();
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        let part = (
            row.get::<_, Option<i64>>(1)?,
            row.get::<_, Option<Vec<u8>>>(2)?,
        );
        Ok((row.get::<_, String>(0)?, part))
    });
    let mut parts: BTreeMap<String, Vec<(i64, Vec<u8>)>> = BTreeMap::new();
    for row in rows.unwrap() {
        let (unit, (start, hash)) = row.unwrap();
        let own = parts.entry(unit).or_default();
        own.extend(start.zip(hash));
    }
    parts
}

/// A line longer than any that is read is kept all the same, in a memory that does not grow with it.
#[test]
fn a_line_of_any_length_is_kept() {
    let home = home();
    let mut noise = vec![0_u8; 40 << 20];
    let mut random = Random(7);
    noise
        .iter_mut()
        .for_each(|byte| *byte = (random.below(255) as u8).max(11));
    let ledger = [
        b"{\"op\":\"commit\"}\n",
        &noise[..],
        b"\n{\"op\":\"commit\"}\ntorn",
    ]
    .concat();
    fs::write(home.path("in/a.ledger"), &ledger).unwrap();
    let (code, said) = run(home.folder.path(), &["run"]);
    assert_eq!(code, Some(3), "{said}");
    home.check();
    assert!(kept(&home)[0].1 == ledger);
    let largest: i64 = home.get("SELECT max(length) FROM raw_blocks");
    assert_eq!(largest, 1 << 20);
}

/// Appending to a large file costs what its last block does.
#[test]
fn what_is_appended_changes_the_last_block_alone() {
    let home = home();
    let ledger = format!("{{\"op\":\"truncated\"}}{}\n", " ".repeat(100)).repeat(20_000);
    fs::write(home.path("in/a.ledger"), &ledger).unwrap();
    run(home.folder.path(), &["run"]);
    let blocks = || parts(&home)["a.ledger"].clone();
    let before = blocks();
    fs::write(home.path("in/a.ledger"), format!("{ledger}torn")).unwrap();
    run(home.folder.path(), &["run"]);
    let after = blocks();
    assert!(before.len() > 10 && before.len() == after.len());
    assert!(before[..before.len() - 1] == after[..after.len() - 1]);
    assert_eq!(kept(&home)[0].1.len(), ledger.len() + 4);
    home.check();
}
