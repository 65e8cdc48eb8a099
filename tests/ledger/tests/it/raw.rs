//! Raw input: whatever becomes of a file, and however it was read, it is given back byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
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

/// The same bytes are stored once, whoever reads them, and go with the last who had them.
#[test]
fn equal_content_is_stored_once_and_goes_with_the_last_source() {
    let home = home();
    let line =
        |number: u32| format!("{{\"op\":\"entry\",\"entry\":\"e{number}\",\"label\":\"red\"}}\n");
    let ledger: String = (0..4_000).map(line).collect();
    for folder in ["in", "other"] {
        fs::create_dir_all(home.path(folder)).unwrap();
        fs::write(home.path(folder).join("a.ledger"), &ledger).unwrap();
    }
    let config = fs::read_to_string(home.path("datalake.toml")).unwrap();
    let config = config + "\n[source.shelf]\ntype = \"ledger\"\npath = [\"other\"]\n";
    fs::write(home.path("datalake.toml"), config).unwrap();
    let (code, said) = run(home.folder.path(), &["run"]);
    assert_eq!(code, Some(0), "{said}");
    let count = |table: &str| home.get::<i64>(&format!("SELECT count(*) FROM {table}"));
    assert_eq!(count("raw_parts"), 2 * count("raw_blocks"));
    home.check();
    // Of two that are the same it does not matter which is meant.
    let said = export(&home, 0, &["a"]);
    assert!(said == ledger);
    for (source, left) in [("books", 1), ("shelf", 0)] {
        run(home.folder.path(), &["forget", source, "--yes"]);
        assert_eq!(count("raw_contents"), left);
        home.check();
    }
    assert_eq!(count("raw_blocks"), 0);
}

/// Exports and expects the exit status; returns what was said.
#[track_caller]
fn export(home: &Home, code: i32, arguments: &[&str]) -> String {
    let all: Vec<&str> = ["export", "--raw"]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    let (ended, said) = run(home.folder.path(), &all);
    assert_eq!(ended, Some(code), "{said}");
    said
}

const BOOK: &str = "{\"op\":\"book\",\"name\":\"NAME\",\"title\":\"a title\"}\nno json\n{\"op\":\"commit\"}\r\ntorn \u{7}";

/// Ledgers with a book each, read once: one in a folder of another's name, one gone, one rewritten.
fn shelves() -> Home {
    let home = home();
    for (path, name) in [
        ("x/one", "first"),
        ("y/two", "second"),
        ("x/one/part", "third"),
        ("z", "last"),
    ] {
        let path = home.path("in").join(format!("{path}.ledger"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, BOOK.replace("NAME", name)).unwrap();
    }
    run(home.folder.path(), &["run"]);
    fs::write(home.path("in/z.ledger"), BOOK.replace("NAME", "anew")).unwrap();
    fs::remove_file(home.path("in/y/two.ledger")).unwrap();
    run(home.folder.path(), &["run"]);
    home
}

#[test]
fn files_are_found_by_name_and_by_what_came_of_them() {
    let home = shelves();
    let (first, second) = (
        BOOK.replace("NAME", "first"),
        BOOK.replace("NAME", "second"),
    );
    let note = "note: 1 more content lies in a folder of this name; --list shows them\n";
    // By its path, on the disk or below the folder; also when it has gone.
    let whole = home.path("in/y/two.ledger");
    for name in ["y/two.ledger", whole.to_str().unwrap()] {
        assert_eq!(export(&home, 0, &[name]), second);
    }
    // By the key of a row, and by its number.
    assert_eq!(export(&home, 0, &["first"]), first);
    let id: i64 = home.get("SELECT id FROM ledger_books WHERE name = 'second'");
    assert_eq!(export(&home, 0, &["ledger_books", &id.to_string()]), second);
    // By its name, where that is enough.
    assert_eq!(export(&home, 0, &["one"]), format!("{first}{note}"));
    assert_eq!(export(&home, 0, &["part"]), BOOK.replace("NAME", "third"));
    let said = export(&home, 2, &["z"]);
    let expected = "error: `z` can mean 2 contents
  --source books --unit z.ledger --generation 0  (77 B)
  --source books --unit z.ledger --generation 1  (77 B)
hint: add what tells them apart; --list shows what has become of each file
";
    assert_eq!(said, expected);
    for (generation, name) in [("0", "last"), ("1", "anew")] {
        let said = export(&home, 0, &["z", "--generation", generation]);
        assert_eq!(said, BOOK.replace("NAME", name));
    }
}

#[test]
fn what_is_kept_is_listed() {
    let home = shelves();
    let said = export(&home, 0, &["--list"]);
    let expected = "\
SOURCE  UNIT               GENERATION  BYTES  KEPT                           FILE
books   x/one.ledger                0     78  all, its last line has no end  there
books   x/one/part.ledger           0     78  all, its last line has no end  there
books   y/two.ledger                0     79  all, its last line has no end  gone
books   z.ledger                    0     77  all, its last line has no end  replaced
books   z.ledger                    1     77  all, its last line has no end  there
";
    assert_eq!(said, expected);
    let said = export(&home, 0, &["--list", "one", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    let units: Vec<&str> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["unit"].as_str().unwrap())
        .collect();
    assert_eq!(units, ["x/one.ledger", "x/one/part.ledger"]);
    let said = export(&home, 0, &["--list", "two", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    let expected = serde_json::json!({
        "source": "books", "unit": "y/two.ledger", "generation": 0, "bytes": 79,
        "complete": false, "read_to_its_end": true, "torn": true, "file": "gone",
    });
    assert_eq!(told[0], expected);
}

#[test]
fn what_is_not_there_is_said_to_be_so() {
    let home = shelves();
    let list = "`datalake export --raw --list` lists what is kept";
    let said = export(&home, 2, &["partt"]);
    assert_eq!(
        said,
        format!(
            "error: nothing that is kept is called `partt`\nhint: did you mean `part`? {list}\n"
        )
    );
    let said = export(&home, 2, &["z", "--generation", "7"]);
    let expected = "error: of what `z` can mean nothing has this source, unit and generation\n\
                    hint: `datalake export --raw --list z` lists all of it\n";
    assert_eq!(said, expected);
    let said = export(&home, 2, &["ledger_books", "77"]);
    let expected = "error: ledger_books has no row 77\n\
                    hint: `datalake list ledger_books` shows rows with their numbers\n";
    assert_eq!(said, expected);
    let said = export(&home, 2, &["--unit", "z.ledger", "--source", "boks"]);
    assert!(
        said.starts_with("error: there is no source `boks`\nhint: did you mean `books`?"),
        "{said}"
    );
}

#[test]
fn a_file_gets_its_name_when_it_is_whole() {
    let home = shelves();
    let said = export(&home, 0, &["first", "--output", "out.ledger"]);
    assert_eq!(said, "wrote out.ledger (78 B)\n");
    assert_eq!(
        fs::read_to_string(home.path("out.ledger")).unwrap(),
        BOOK.replace("NAME", "first")
    );
    let said = export(&home, 2, &["second", "--output", "out.ledger"]);
    let expected = "error: out.ledger: there is something of this name already\n\
                    hint: name another file, or take that one away; nothing was written\n";
    assert_eq!(said, expected);
    // Half of it would look like all of it.
    home.outside()
        .execute_batch("UPDATE raw_blocks SET content = zeroblob(9)")
        .unwrap();
    let said = export(&home, 1, &["second", "--output", "half.ledger"]);
    let expected = "error: books y/two.ledger (generation 0): the raw bytes that are kept are damaged from byte 0 on\n\
                    hint: restore a backup of the database\n";
    assert_eq!(said, expected);
    export(&home, 1, &["second"]);
    let names = fs::read_dir(home.folder.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let ours: Vec<String> = names
        .filter(|name| name.contains("half") || name.contains("export"))
        .collect();
    assert!(ours.is_empty(), "{ours:?}");
}

/// As `head` does.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = home();
    let ledger = "{\"op\":\"truncated\"}\n".repeat(100_000);
    fs::write(home.path("in/a.ledger"), ledger).unwrap();
    run(home.folder.path(), &["run"]);
    let mut export = command(home.folder.path(), &["export", "--raw", "a"])
        .spawn()
        .unwrap();
    let mut some = [0; 10];
    export.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let ended = export.wait_with_output().unwrap();
    assert!(
        ended.status.success() && ended.stderr.is_empty(),
        "{ended:?}"
    );
    assert_eq!(&some, b"{\"op\":\"tru");
}

fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_datalake-ledger"));
    command
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("TZ", "UTC");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A parser that has changed reads everything again, and so does one that is told to.
#[test]
fn a_file_that_is_gone_is_read_again_from_what_is_kept() {
    let home = home();
    fs::write(home.path("in/a.ledger"), BOOK.replace("NAME", "old")).unwrap();
    run(home.folder.path(), &["run"]);
    fs::remove_file(home.path("in/a.ledger")).unwrap();
    run(home.folder.path(), &["run"]);
    let before = home.digest();
    let lose = "DELETE FROM ledger_books; DELETE FROM aliases; DELETE FROM tags; DELETE FROM dirty";
    let outdate = "UPDATE checkpoints SET version = 9";
    for reset in [false, true] {
        home.outside().execute_batch(lose).unwrap();
        assert!(home.digest() != before);
        match reset {
            true => drop(run(
                home.folder.path(),
                &["cursor", "reset", "books", "a.ledger", "--yes"],
            )),
            false => home.outside().execute_batch(outdate).unwrap(),
        }
        // A preview lays nothing out.
        let (code, said) = run(home.folder.path(), &["preview", "books"]);
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = run(home.folder.path(), &["run"]);
        assert_eq!(code, Some(3), "{said}");
        assert_eq!(home.get::<String>("SELECT name FROM ledger_books"), "old");
        assert!(home.get::<bool>("SELECT missing FROM checkpoints WHERE unit = 'a.ledger'"));
        assert_eq!(home.digest(), before);
        home.check();
        home.nothing_staged();
        let (_, said) = run(home.folder.path(), &["run"]);
        assert!(
            said.contains("nothing new") || !said.contains("inserted"),
            "{said}"
        );
    }
}
