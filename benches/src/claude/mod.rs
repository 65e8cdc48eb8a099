//! The benchmarks of Claude Code's logs: reading a tree of them, reading it again, a line appended to a large session,
//! and inputs that are larger than memory should be.

mod floor;
mod prose;
mod tree;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::generate::Random;
use crate::inputs::{Work, to_file};
use crate::measure::{Usage, median, run};
use crate::program::{self, Store, reads_of, rows_and_bytes};
use crate::report::{Figure, Report};
use crate::{Options, Outcome, watch};
use tree::Made;

pub(crate) use floor::floor;

const PLUGIN: &str = "claude-sessions";
const RUNS: usize = 3;
const MB: u64 = 1_000_000;
/// The bytes of a tree that is read, of one that is read again, of a session that grows and of one that is large.
const TREE: u64 = 100 * MB;
const UNCHANGED: u64 = 1000 * MB;
const GROWING: u64 = 100 * MB;
const LARGE: u64 = 1000 * MB;
/// The bytes of a line that is longer than any that is read.
const LINE: u64 = 100 * MB;
/// The least that memory may be limited to.
const MEMORY: f64 = 200.0;

/// Makes a tree for people to look at.
pub(crate) fn generate(root: &Path, bytes: u64) -> Outcome<()> {
    println!("{:?}", tree::tree(root, bytes)?);
    Ok(())
}

/// Reading a tree into an empty store, against the floor.
pub(crate) fn ingest(work: &Work, options: &Options) -> Outcome<Report> {
    let bytes = options.bytes.unwrap_or(TREE);
    let (root, made) = made(work, bytes)?;
    let runs = options.runs.unwrap_or(RUNS);
    let Made { files, lines, .. } = made;
    let about = format!(
        "{files} logs, {lines} lines, {} MB, median of {runs}",
        made.bytes / MB
    );
    let mut report = Report::begin("claude", about);
    let (mut program, mut least, mut stored) = (Vec::new(), Vec::new(), 0);
    for _ in 0..runs {
        let store = store_of(work, &root)?;
        program.push(store.run(&mut store.ingest()?)?);
        check(&store.database(), &made)?;
        stored = rows_and_bytes(&store.database(), "claude_messages")?.1;
        let database = work.path().join("claude-floor.db");
        least.push(run(&mut program::floor_over("claude", &root, &database)?)?);
        fs::remove_file(database)?;
    }
    let cpu = |usages: &[Usage]| median(usages.iter().map(|usage| usage.cpu.as_secs_f64()));
    report.add(Figure::new("CPU, program", cpu(&program), "s"));
    report.add(Figure::new("CPU, floor", cpu(&least), "s"));
    report.add(Figure::new("CPU, program / floor", cpu(&program) / cpu(&least), "x").at_most(1.3));
    let wall = median(program.iter().map(|usage| usage.wall.as_secs_f64()));
    report.add(Figure::new("wall, program", wall, "s"));
    let share = |part: u64| part as f64 / made.bytes as f64;
    report.add(Figure::new("bytes of the database / of the logs", share(stored), "x").at_most(0.6));
    let packed = floor::compressed(&root)?;
    report.add(Figure::new(
        "bytes that zstd -3 leaves / of the logs",
        share(packed),
        "x",
    ));
    let memory = median(program.iter().map(anonymous));
    report.add(Figure::new("peak RssAnon", memory, "MB").at_most(MEMORY));
    Ok(report)
}

/// The tree of so many bytes, made when it is first asked for.
fn made(work: &Work, bytes: u64) -> Outcome<(PathBuf, Made)> {
    let root = work.path().join(format!("claude-{bytes}"));
    let made = tree::tree(&root, bytes)?;
    Ok((root, made))
}

fn store_of(work: &Work, root: &Path) -> Outcome<Store> {
    Store::of(work.path(), PLUGIN, &[("path", root)], "")
}

fn anonymous(usage: &Usage) -> f64 {
    usage.anonymous as f64 / 1e6
}

/// Whether each response has been counted once, with all of its tokens.
fn check(database: &Path, made: &Made) -> Outcome<()> {
    let db = Connection::open(database)?;
    let sql = "SELECT count(*), coalesce(sum(output_tokens), 0) FROM claude_usage";
    let found: (i64, i64) = db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let wanted = (made.responses as i64, made.output_tokens as i64);
    if found != wanted {
        return Err(
            format!("{found:?} responses and output tokens are stored of {wanted:?}").into(),
        );
    }
    Ok(())
}

/// A run with nothing new over a tree of a gigabyte.
pub(crate) fn rerun(work: &Work, options: &Options) -> Outcome<Report> {
    let (root, made) = made(work, options.bytes.unwrap_or(UNCHANGED))?;
    let runs = options.runs.unwrap_or(RUNS);
    let about = format!(
        "nothing new in {} logs, {} MB, median of {runs}",
        made.files,
        made.bytes / MB
    );
    let mut report = Report::begin("claude-rerun", about);
    let store = store_of(work, &root)?;
    store.run(&mut store.ingest()?)?;
    let usages = (0..runs).map(|_| store.run(&mut store.ingest()?));
    let usages: Vec<Usage> = usages.collect::<Outcome<_>>()?;
    let wall = median(usages.iter().map(|usage| usage.wall.as_secs_f64() * 1000.0));
    report.add(Figure::new("wall", wall, "ms").at_most(1000.0));
    let note = store.path("note");
    store.run(&mut store.traced_ingest(&note)?)?;
    let logs = floor::logs(&root)?;
    let opens = logs.iter().map(|log| Ok(reads_of(&note, log)?.opens));
    let opens: Vec<u64> = opens.take(50).collect::<Outcome<_>>()?;
    report.add(Figure::new("opens of 50 logs", opens.iter().sum::<u64>() as f64, "").exactly(0.0));
    Ok(report)
}

/// How soon a line that is appended to a session of 100 MB is a committed row.
pub(crate) fn append(work: &Work, options: &Options) -> Outcome<Report> {
    let bytes = options.bytes.unwrap_or(GROWING);
    let about = format!(
        "a line appended to a session of {} MB, until the commit of its row",
        bytes / MB
    );
    let mut report = Report::begin("claude-append", about);
    for way in watch::WAYS {
        let folder = tempfile::TempDir::new_in(work.path())?;
        let (log, _) = tree::one(folder.path(), bytes)?;
        let store = store_of(work, folder.path())?;
        let took = watch::appended(&store, &way, |number| {
            let mut file = OpenOptions::new().append(true).open(&log)?;
            Ok(file.write_all(tree::said(number as u64).as_bytes())?)
        })?;
        watch::add_latencies(&mut report, &way, took);
    }
    Ok(report)
}

/// The memory that a session of a gigabyte and a line of 100 MB take.
pub(crate) fn memory(work: &Work, options: &Options) -> Outcome<Report> {
    let mut report = Report::begin(
        "claude-memory",
        String::from("inputs larger than memory should be"),
    );
    let folder = tempfile::TempDir::new_in(work.path())?;
    let bytes = options.bytes.unwrap_or(LARGE);
    tree::one(folder.path(), bytes)?;
    let store = store_of(work, folder.path())?;
    let usage = store.run(&mut store.ingest()?)?;
    let what = format!("peak RssAnon, a session of {} MB", bytes / MB);
    report.add(Figure::new(what, anonymous(&usage), "MB").at_most(MEMORY));
    let folder = tempfile::TempDir::new_in(work.path())?;
    let (log, _) = tree::one(folder.path(), MB)?;
    long_line(&log)?;
    let store = store_of(work, folder.path())?;
    // The line becomes a reject, and its bytes are kept.
    let usage = store.run_with_rejects(&mut store.ingest()?)?;
    let most = MEMORY.max(3.0 * LINE as f64 / 1e6);
    let what = "peak RssAnon, a line of 100 MB";
    report.add(Figure::new(what, anonymous(&usage), "MB").at_most(most));
    let sql = "SELECT coalesce(sum(length), 0) FROM raw_contents";
    let kept: i64 = Connection::open(store.database())?.query_row(sql, [], |row| row.get(0))?;
    let all = fs::metadata(&log)?.len() as f64;
    report.add(Figure::new("bytes of it that are kept", kept as f64, "").exactly(all));
    Ok(report)
}

/// Puts a picture of 100 MB between the lines of a log.
fn long_line(log: &Path) -> Outcome<()> {
    let text = fs::read_to_string(log)?;
    let half = text[..text.len() / 2].rfind('\n').map_or(0, |at| at + 1);
    let mut random = Random(crate::generate::SEED);
    to_file(log, |out| {
        out.write_all(&text.as_bytes()[..half])?;
        out.write_all(b"{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"data\":\"")?;
        for _ in 0..LINE / 16 {
            write!(out, "{:016x}", random.next())?;
        }
        out.write_all(b"\"}]}}\n")?;
        out.write_all(&text.as_bytes()[half..])
    })
}
