//! The benchmarks of the watch: what it costs while nothing happens, and how soon a line is a row.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::inputs::Work;
use crate::program::Store;
use crate::report::{Figure, Report};
use crate::{Options, Outcome};

/// How many files are watched while nothing happens.
const FILES: usize = 10_000;
/// How long that is measured: two full scans are in it.
const IDLE: Duration = Duration::from_secs(125);
/// The ways in which a watch hears of changes.
pub(crate) const WAYS: [Way; 2] = [
    Way {
        name: "told of changes",
        setting: "watch.notify=true",
        lines: 100,
        bar: 500.0,
    },
    Way {
        name: "by polling alone",
        setting: "watch.notify=false",
        lines: 30,
        bar: 3_000.0,
    },
];
/// Nothing more comes of what is there when nothing has come for so long.
const QUIET: Duration = Duration::from_secs(1);
/// How long a line may take before something is wrong.
const LOST: Duration = Duration::from_secs(90);

/// How a watch hears of changes.
pub(crate) struct Way {
    name: &'static str,
    setting: &'static str,
    /// Lines that are appended.
    lines: usize,
    /// How many milliseconds they may take, but for one in twenty.
    bar: f64,
}

/// A watch under way; ended when dropped.
struct Watch {
    child: Child,
    database: PathBuf,
}

impl Watch {
    fn start(store: &Store, settings: &[&str]) -> Outcome<Self> {
        let mut command: Command = store.ingest()?;
        command.arg("--watch");
        for setting in settings {
            command.args(["--set", setting]);
        }
        Ok(Self {
            child: command.spawn()?,
            database: store.database(),
        })
    }

    /// Waits until so many rows are stored.
    fn wait_for(&self, reader: &mut Option<Connection>, rows: i64) -> Outcome<()> {
        let begun = Instant::now();
        while self.rows(reader) < rows {
            if begun.elapsed() > LOST {
                return Err(format!("{rows} rows do not come").into());
            }
            sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Waits until all that is there has been read.
    fn settle(&self, reader: &mut Option<Connection>) -> Outcome<()> {
        self.wait_for(reader, 1)?;
        loop {
            let before = self.rows(reader);
            sleep(QUIET);
            if self.rows(reader) == before {
                return Ok(());
            }
        }
    }

    fn rows(&self, reader: &mut Option<Connection>) -> i64 {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        if reader.is_none() {
            *reader = Connection::open_with_flags(&self.database, flags).ok();
        }
        let count = "SELECT coalesce(sum(inserted), 0) FROM batches";
        let rows = reader
            .as_ref()
            .map(|db| db.query_row(count, [], |row| row.get(0)));
        rows.and_then(Result::ok).unwrap_or_default()
    }

    /// The CPU time it has taken.
    fn cpu(&self) -> Outcome<Duration> {
        let mut sum = Duration::ZERO;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            let nanos: u64 = text.split(' ').next().unwrap_or_default().parse()?;
            sum += Duration::from_nanos(nanos);
        }
        Ok(sum)
    }

    /// Its memory, in bytes.
    fn anonymous(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kilobytes: u64 = line
            .and_then(|line| line.trim().strip_suffix(" kB"))
            .ok_or("no memory in the status of the process")?
            .parse()?;
        Ok(kilobytes * 1024)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What 10,000 watched files cost while none of them changes.
pub(crate) fn idle(work: &Work, _options: &Options) -> Outcome<Report> {
    let input = tempfile::TempDir::new_in(work.path())?;
    for number in 0..FILES {
        append(
            &input.path().join(format!("metrics-{number}.jsonl")),
            number,
        )?;
    }
    let store = Store::new(work.path(), input.path())?;
    let mut report = Report::begin(
        "watch-idle",
        format!(
            "{FILES} watched files, all young, none of which changes, for {} s",
            IDLE.as_secs()
        ),
    );
    for (how, setting) in [("told of changes", "true"), ("by polling alone", "false")] {
        let watch = Watch::start(&store, &[&format!("watch.notify={setting}")])?;
        watch.wait_for(&mut None, FILES as i64)?;
        // Files that were read right after they were written are looked at once more.
        sleep(Duration::from_secs(5));
        let before = watch.cpu()?;
        sleep(IDLE);
        let used = watch.cpu()?.saturating_sub(before);
        let share = 100.0 * used.as_secs_f64() / IDLE.as_secs_f64();
        report.add(Figure::new(format!("CPU, {how}"), share, "% of a core").at_most(1.0));
        report.add(Figure::new(
            format!("memory, {how}"),
            watch.anonymous()? as f64 / 1e6,
            "MB",
        ));
    }
    Ok(report)
}

/// How soon a line that is appended to a watched file is a committed row.
pub(crate) fn latency(work: &Work, _options: &Options) -> Outcome<Report> {
    let mut report = Report::begin(
        "watch-latency",
        String::from("from the end of a write to the commit of its row, one line at a time"),
    );
    for way in WAYS {
        let input = tempfile::TempDir::new_in(work.path())?;
        let file = input.path().join("metrics.jsonl");
        append(&file, 0)?;
        let store = Store::new(work.path(), input.path())?;
        let took = appended(&store, &way, |number| append(&file, number))?;
        add_latencies(&mut report, &way, took);
    }
    Ok(report)
}

/// Adds what most lines took, nearly all, and the slowest.
pub(crate) fn add_latencies(report: &mut Report, way: &Way, mut took: Vec<f64>) {
    took.sort_by(f64::total_cmp);
    let at =
        |share: f64| took[((took.len() as f64 * share).ceil() as usize).clamp(1, took.len()) - 1];
    let Way { name, bar, .. } = way;
    report.add(Figure::new(format!("median, {name}"), at(0.5), "ms"));
    report.add(Figure::new(format!("95 of 100, {name}"), at(0.95), "ms").at_most(*bar));
    report.add(Figure::new(format!("slowest, {name}"), at(1.0), "ms"));
}

/// How many milliseconds each line took, from the end of its writing to the commit of its row. A line is written by
/// `append`, which gets its number, from 1 on.
pub(crate) fn appended(
    store: &Store,
    way: &Way,
    mut append: impl FnMut(usize) -> Outcome<()>,
) -> Outcome<Vec<f64>> {
    let watch = Watch::start(store, &[way.setting])?;
    let mut reader = None;
    watch.settle(&mut reader)?;
    let mut took = Vec::new();
    for number in 1..=way.lines {
        // At ever another distance from the last look.
        sleep(Duration::from_millis(60 + (number as u64 * 137) % 400));
        let before = watch.rows(&mut reader);
        append(number)?;
        let begun = Instant::now();
        watch.wait_for(&mut reader, before + 1)?;
        took.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(took)
}

fn append(file: &Path, number: usize) -> Outcome<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    let time = 1_760_000_000 + number;
    writeln!(
        file,
        "{{\"timestamp\":{time},\"pid\":{number},\"rss_bytes\":1048576,\"command\":\"bench\"}}"
    )?;
    Ok(())
}
