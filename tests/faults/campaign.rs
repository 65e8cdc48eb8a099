//! Lets every call of a class fail in turn, each in a run of its own, and looks at what each leaves: all of the
//! input stored, or an error that says so; and after a further run without faults all of it in any case.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "in a test a panic is the report, and what was printed before it is shown"
)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::shim::{Class, Faults};
use datalake_testkit::{Random, deep};

/// A run that is made again and again.
pub(crate) struct Scene<'a> {
    /// The folder before the run; each gets a copy.
    pub(crate) before: &'a Path,
    /// The run in such a copy.
    pub(crate) command: &'a dyn Fn(&Path) -> Command,
    /// Fails unless all of the input is stored and sound.
    pub(crate) stored: &'a dyn Fn(&Path),
}

/// What goes wrong in turn: `how` at one call of a class, or from that one `on`. More may follow in the words of
/// the shim: `EIO>write:1:kill`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) class: Class,
    pub(crate) how: &'static str,
    pub(crate) on: bool,
}

pub(crate) fn once(class: Class, how: &'static str) -> Fault {
    Fault {
        class,
        how,
        on: false,
    }
}

pub(crate) fn from_then_on(class: Class, how: &'static str) -> Fault {
    Fault {
        class,
        how,
        on: true,
    }
}

impl Fault {
    fn plan(self, number: u64) -> String {
        let on = if self.on { "+" } else { "" };
        format!("{}:{number}{on}:{}", self.class.name(), self.how)
    }

    fn kills(self) -> bool {
        self.how.contains("kill") || self.how.contains("torn")
    }
}

/// What a campaign has seen.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) runs: u64,
    /// Runs in which something was hit.
    pub(crate) hit: u64,
    /// Those that ended well all the same.
    pub(crate) fine: u64,
}

/// Of more calls than this only some are hit, unless there is time for all: so many of the first and of the last,
/// because what begins and what ends a run is the most delicate, and as many of the others by chance.
const ALL: u64 = 48;
const SOME: u64 = 6;

impl Scene<'_> {
    /// Lets each call fail in turn until a run in which nothing fails any more.
    pub(crate) fn campaign(&self, fault: Fault) -> Tally {
        let (calls, names) = self.without_faults(fault.class);
        assert!(calls > 0, "{:?}: the shim sees no such calls", fault.class);
        let mut tally = Tally::default();
        for number in numbers(calls) {
            self.round(fault, number, &names, &mut tally);
        }
        println!("{fault:?}: {calls} calls, {tally:?}");
        // The last one is behind the last call.
        assert!(tally.hit + 1 >= tally.runs, "{fault:?}: {tally:?}");
        assert!(tally.hit > 0, "{fault:?}: {tally:?}");
        tally
    }

    /// Lets the disk be full: at sizes by chance, from what was there before up to what a run needs at most. It
    /// stays full for a second run, and has room for a third.
    pub(crate) fn full_disks(&self, rounds: u64) -> Tally {
        let (place, endless) = (self.copy(), 1 << 40);
        let start = Faults::disk(place.path(), endless);
        assert!(is_well(&self.run(place.path(), &start)));
        let names_then = names(place.path());
        let (least, most) = (size_below(self.before), start.peak());
        let mut tally = Tally::default();
        for seed in 0..rounds {
            let size = least + Random(seed).below(most - least);
            self.full_disk(size, &names_then, &mut tally);
        }
        println!("disks of {least} to {most} bytes: {tally:?}");
        tally
    }

    fn full_disk(&self, size: u64, names_then: &BTreeSet<String>, tally: &mut Tally) {
        let place = self.copy();
        let mut context = Context(format!("a disk of {size} bytes"));
        for _ in 0..2 {
            let faults = Faults::disk(place.path(), size);
            let ended = self.run(place.path(), &faults);
            context.add(&ended);
            tally.runs += 1;
            tally.hit += u64::from(faults.hits() > 0);
            if is_well(&ended) {
                tally.fine += u64::from(faults.hits() > 0);
                (self.stored)(place.path());
            } else {
                is_a_clean_error(&ended, place.path());
                let text = said(&ended);
                // SQLite does not always say why it could not write; the hint does then.
                let told = ["the disk is full", "no space left on device"];
                assert!(told.iter().any(|words| text.contains(words)));
                assert!(text.contains("hint: "));
            }
        }
        self.completes(place.path(), names_then, &mut context);
    }

    /// A run without faults stores all, and leaves nothing else behind.
    fn completes(&self, place: &Path, names_then: &BTreeSet<String>, context: &mut Context) {
        let again = self.run(place, &Faults::none(place));
        context.add(&again);
        assert!(is_well(&again), "the run after it");
        (self.stored)(place);
        assert_eq!(names(place), *names_then, "left behind");
    }

    /// How many calls a run makes, and the names of the files behind it.
    pub(crate) fn without_faults(&self, class: Class) -> (u64, BTreeSet<String>) {
        let place = self.copy();
        let faults = Faults::none(place.path());
        let ended = self.run(place.path(), &faults);
        assert!(is_well(&ended), "{}", said(&ended));
        (self.stored)(place.path());
        (faults.seen(class), names(place.path()))
    }

    pub(crate) fn round(
        &self,
        fault: Fault,
        number: u64,
        names_then: &BTreeSet<String>,
        tally: &mut Tally,
    ) {
        let place = self.copy();
        let mut context = Context(fault.plan(number));
        let faults = Faults::plan(place.path(), fault.plan(number));
        let ended = self.run(place.path(), &faults);
        context.add(&ended);
        tally.runs += 1;
        tally.hit += u64::from(faults.hits() > 0);
        if is_well(&ended) {
            tally.fine += u64::from(faults.hits() > 0);
            (self.stored)(place.path());
        } else if !(fault.kills() && ended.status.signal() == Some(9)) {
            is_a_clean_error(&ended, place.path());
        }
        self.completes(place.path(), names_then, &mut context);
    }

    pub(crate) fn copy(&self) -> TempDir {
        let place = tempfile::Builder::new().prefix("datalake-faults").tempdir();
        let place = place.expect("there is room");
        copy_below(self.before, place.path());
        place
    }

    pub(crate) fn run(&self, place: &Path, faults: &Faults) -> Output {
        let mut command = (self.command)(place);
        faults.apply(&mut command);
        command.output().expect("it is there")
    }
}

/// What is told when a check fails.
struct Context(String);

impl Context {
    fn add(&mut self, ended: &Output) {
        self.0.push('\n');
        self.0.push_str(&said(ended));
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.0);
        }
    }
}

pub(crate) fn said(ended: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{}\n{}{}",
        ended.status,
        text(&ended.stdout),
        text(&ended.stderr)
    )
}

/// It says that all is stored.
pub(crate) fn is_well(ended: &Output) -> bool {
    matches!(ended.status.code(), Some(0 | 3))
}

/// It says what failed and where, in words for people.
fn is_a_clean_error(ended: &Output, place: &Path) {
    let text = said(ended);
    // Where the configuration cannot be read that is a usage error.
    let usage = text.contains("error: the configuration file datalake.toml cannot be read");
    assert_eq!(ended.status.code(), Some(if usage { 2 } else { 1 }));
    for word in ["panic", "backtrace", "os error", "Error {"] {
        assert!(!text.contains(word), "{word}");
    }
    let place = place.to_str().expect("it is text");
    let told = |line: &str| line.starts_with("error: ") && line.contains(place);
    assert!(usage || text.lines().any(told), "no error with a place");
}

/// The numbers of the calls that are hit, and one behind the last.
fn numbers(calls: u64) -> BTreeSet<u64> {
    if deep() || calls <= ALL {
        return (1..=calls + 1).collect();
    }
    let mut random = Random(calls);
    let between = calls - 2 * SOME;
    let some = (0..SOME).map(|_| SOME + 1 + random.below(between));
    (1..=SOME)
        .chain(some)
        .chain(calls - SOME + 1..=calls + 1)
        .collect()
}

/// The names of all files and folders but logs and what SQLite's readers lay beside a database.
pub(crate) fn names(folder: &Path) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).expect("it is there") {
            let path = entry.expect("it is there").path();
            let name = path.strip_prefix(folder).expect("it is below").display();
            let name = name.to_string();
            if name.ends_with("-shm") || name.ends_with("-wal") || name.ends_with(".log") {
                continue;
            }
            if path.is_dir() {
                waiting.push(path);
            }
            all.insert(name);
        }
    }
    all
}

/// How many bytes the files of a folder have.
fn size_below(folder: &Path) -> u64 {
    let names = names(folder).into_iter().map(|name| folder.join(name));
    let sizes = names
        .filter(|path| path.is_file())
        .map(|path| path.metadata());
    sizes.map(|data| data.expect("it is there").len()).sum()
}

/// Copies all that is below a folder.
pub(crate) fn copy_below(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("it is there") {
        let path = entry.expect("it is there").path();
        let target = to.join(path.file_name().expect("it has one"));
        if path.is_dir() {
            fs::create_dir(&target).expect("it is new");
            copy_below(&path, &target);
        } else {
            fs::copy(&path, &target).expect("there is room");
        }
    }
}
