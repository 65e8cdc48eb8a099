//! The benchmarks of the memory ingest, and of starting the program at all.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use crate::inputs::{Input, Work};
use crate::measure::{Usage, median, run};
use crate::program::{self, Reads, Store, reads_of, rows_and_bytes};
use crate::report::{Figure, Report};
use crate::{Options, Outcome, generate};

const RUNS: usize = 5;
/// Ten million lines take long, and noise over so long a time is small.
const LONG_RUNS: usize = 3;
/// Milliseconds need more runs than seconds.
const SHORT_RUNS: usize = 15;
const APPENDED: u64 = 100;
/// Of a file with new lines, its head and the end of the known part may be looked at, too.
const LOOKED_AT: u64 = 256 << 10;

const MB: f64 = 1e6;

/// One run, and what it left.
struct Ingested {
    usage: Usage,
    rows: u64,
    bytes: u64,
}

impl Ingested {
    fn cpu(&self) -> f64 {
        self.usage.cpu.as_secs_f64()
    }

    fn wall(&self) -> f64 {
        self.usage.wall.as_secs_f64()
    }

    fn anonymous(&self) -> f64 {
        self.usage.anonymous as f64
    }

    fn busiest(&self) -> f64 {
        100.0 * self.usage.busiest.as_secs_f64() / self.cpu()
    }

    fn bytes_a_row(&self) -> f64 {
        self.bytes as f64 / self.rows as f64
    }
}

/// The middle of one figure over all runs.
fn middle(runs: &[Ingested], figure: fn(&Ingested) -> f64) -> f64 {
    median(runs.iter().map(figure))
}

/// The middle of the ratios of runs that followed each other: a machine that is slower for a
/// while is slower for both.
fn ratio(over: &[Ingested], under: &[Ingested], figure: fn(&Ingested) -> f64) -> f64 {
    median(
        over.iter()
            .zip(under)
            .map(|(over, under)| figure(over) / figure(under)),
    )
}

/// One ingest by the program into a new store.
fn by_program(work: &Work, input: &Input) -> Outcome<Ingested> {
    input.warm()?;
    let store = Store::new(work.path(), &input.folder)?;
    let usage = store.run(&mut store.ingest()?)?;
    let (rows, bytes) = rows_and_bytes(&store.database(), "memory_samples")?;
    Ok(Ingested { usage, rows, bytes })
}

/// One ingest by a floor into a new store.
fn by_floor(work: &Work, input: &Input, wide: bool) -> Outcome<Ingested> {
    input.warm()?;
    let store = Store::new(work.path(), &input.folder)?;
    let usage = run(&mut program::floor(&input.file, &store.database(), wide)?)?;
    let table = if wide {
        "memory_metrics"
    } else {
        "memory_samples"
    };
    let (rows, bytes) = rows_and_bytes(&store.database(), table)?;
    Ok(Ingested { usage, rows, bytes })
}

/// A million lines: the program against the floors, turn and turn about.
pub(crate) fn ingest(work: &Work, options: &Options) -> Outcome<Report> {
    let input = work.memory(options.lines)?;
    let runs = options.runs.unwrap_or(RUNS);
    let about = format!("{} lines, median of {runs}", input.lines);
    let mut report = Report::begin("memory", about);
    let (mut program, mut floor, mut wide) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        program.push(by_program(work, &input)?);
        floor.push(by_floor(work, &input, false)?);
        wide.push(by_floor(work, &input, true)?);
    }
    let cpu = ratio(&program, &floor, Ingested::cpu);
    report.add(Figure::new("CPU, program / floor", cpu, "x").at_most(1.35));
    let busiest = middle(&program, Ingested::busiest);
    report.add(Figure::new("busiest thread's share of the CPU", busiest, "%").at_most(80.0));
    let bytes = middle(&program, Ingested::bytes_a_row);
    report.add(Figure::new("database a sample, program", bytes, "B").at_most(60.0));
    let rows = |runs: &[Ingested]| middle(runs, |run| run.rows as f64);
    let same = Figure::new("samples, program (bar: the floor's)", rows(&program), "");
    report.add(same.exactly(rows(&floor)));
    for (name, runs) in [
        ("program", &program),
        ("floor", &floor),
        ("wide floor", &wide),
    ] {
        describe(&mut report, name, runs);
    }
    Ok(report)
}

/// What has no bar, but helps to understand what has one.
fn describe(report: &mut Report, name: &str, runs: &[Ingested]) {
    let anonymous = middle(runs, Ingested::anonymous) / MB;
    report.add(Figure::new(
        format!("CPU, {name}"),
        middle(runs, Ingested::cpu),
        "s",
    ));
    report.add(Figure::new(
        format!("wall, {name}"),
        middle(runs, Ingested::wall),
        "s",
    ));
    report.add(Figure::new(
        format!("peak RssAnon, {name}"),
        anonymous,
        "MB",
    ));
    if name != "program" {
        let bytes = middle(runs, Ingested::bytes_a_row);
        report.add(Figure::new(
            format!("database a sample, {name}"),
            bytes,
            "B",
        ));
    }
}

/// Ten times the lines.
pub(crate) fn growth(work: &Work, options: &Options) -> Outcome<Report> {
    let (small, large) = (
        work.memory(options.lines)?,
        work.memory(10 * options.lines)?,
    );
    let runs = options.runs.unwrap_or(LONG_RUNS);
    let about = format!(
        "{} and {} lines, median of {runs}",
        small.lines, large.lines
    );
    let mut report = Report::begin("memory-growth", about);
    let (mut once, mut ten_times) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        once.push(by_program(work, &small)?);
        ten_times.push(by_program(work, &large)?);
    }
    let cpu = ratio(&ten_times, &once, Ingested::cpu);
    report.add(Figure::new("CPU, 10 x / 1 x", cpu, "x").at_most(11.0));
    let memory = middle(&ten_times, Ingested::anonymous) / middle(&once, Ingested::anonymous);
    report.add(Figure::new("peak RssAnon, 10 x / 1 x", memory, "x").at_most(1.2));
    let peak = middle(&ten_times, Ingested::anonymous) / MB;
    report.add(Figure::new("peak RssAnon, 10 x", peak, "MB").at_most(100.0));
    let samples = middle(&ten_times, |run| run.rows as f64);
    report.add(Figure::new("samples, 10 x", samples, "").exactly(large.lines as f64));
    report.add(Figure::new("CPU, 1 x", middle(&once, Ingested::cpu), "s"));
    report.add(Figure::new(
        "CPU, 10 x",
        middle(&ten_times, Ingested::cpu),
        "s",
    ));
    let bytes = middle(&ten_times, Ingested::bytes_a_row);
    report.add(Figure::new("database a sample, 10 x", bytes, "B"));
    Ok(report)
}

/// Again, with nothing new.
pub(crate) fn rerun(work: &Work, options: &Options) -> Outcome<Report> {
    let input = work.memory(options.lines)?;
    let runs = options.runs.unwrap_or(SHORT_RUNS);
    let about = format!("nothing new in {} lines, median of {runs}", input.lines);
    let mut report = Report::begin("memory-rerun", about);
    let store = Store::new(work.path(), &input.folder)?;
    store.run(&mut store.ingest()?)?;
    let mut usages = Vec::new();
    for _ in 0..runs {
        usages.push(store.run(&mut store.ingest()?)?);
    }
    let cpu = median(usages.iter().map(|usage| millis(usage.cpu)));
    report.add(Figure::new("wall", wall_millis(&usages), "ms").at_most(30.0));
    report.add(Figure::new("CPU", cpu, "ms").at_most(15.0));
    let reads = traced(&store, &input.file)?;
    report.add(Figure::new("reads of the log", reads.reads as f64, "").exactly(0.0));
    report.add(Figure::new("mappings of the log", reads.maps as f64, "").exactly(0.0));
    report.add(Figure::new("openings of the log", reads.opens as f64, ""));
    let (rows, _) = rows_and_bytes(&store.database(), "memory_samples")?;
    report.add(Figure::new("samples", rows as f64, "").exactly(input.lines as f64));
    Ok(report)
}

/// Again, with a hundred new lines.
pub(crate) fn append(work: &Work, options: &Options) -> Outcome<Report> {
    let mut input = copy_of(work, &work.memory(options.lines)?)?;
    let runs = options.runs.unwrap_or(SHORT_RUNS);
    let about = format!("{APPENDED} lines after {}, median of {runs}", input.lines);
    let mut report = Report::begin("memory-append", about);
    let store = Store::new(work.path(), &input.folder)?;
    store.run(&mut store.ingest()?)?;
    let mut usages = Vec::new();
    for _ in 0..runs {
        extend(&mut input)?;
        usages.push(store.run(&mut store.ingest()?)?);
    }
    let cpu = median(usages.iter().map(|usage| millis(usage.cpu)));
    report.add(Figure::new("wall", wall_millis(&usages), "ms").at_most(50.0));
    report.add(Figure::new("CPU", cpu, "ms"));
    let appended = extend(&mut input)?;
    let reads = traced(&store, &input.file)?;
    let bar = (appended + LOOKED_AT) as f64 / 1000.0;
    let read = Figure::new("read of the log", reads.bytes as f64 / 1000.0, "kB");
    report.add(read.at_most(bar));
    report.add(Figure::new(
        "appended to the log",
        appended as f64 / 1000.0,
        "kB",
    ));
    report.add(Figure::new("mappings of the log", reads.maps as f64, "").exactly(0.0));
    let (rows, _) = rows_and_bytes(&store.database(), "memory_samples")?;
    report.add(Figure::new("samples", rows as f64, "").exactly(input.lines as f64));
    Ok(report)
}

/// A copy to append to: the other benchmarks want the file as it is.
fn copy_of(work: &Work, original: &Input) -> Outcome<Input> {
    let folder = work.path().join("memory-append");
    let file = folder.join("metrics.jsonl");
    std::fs::create_dir_all(&folder)?;
    std::fs::copy(&original.file, &file)?;
    Ok(Input {
        folder,
        file,
        lines: original.lines,
    })
}

/// Appends the next lines; gives their bytes.
fn extend(input: &mut Input) -> Outcome<u64> {
    let mut lines = Vec::new();
    generate::memory_from(&mut lines, input.lines, APPENDED)?;
    OpenOptions::new()
        .append(true)
        .open(&input.file)?
        .write_all(&lines)?;
    input.lines += APPENDED;
    Ok(lines.len() as u64)
}

/// What one more run does with the log.
fn traced(store: &Store, file: &Path) -> Outcome<Reads> {
    let note = store.path("strace");
    store.run(&mut store.traced_ingest(&note)?)?;
    reads_of(&note, file)
}

/// `datalake --help`: what every start costs.
pub(crate) fn help(work: &Work, options: &Options) -> Outcome<Report> {
    let runs = options.runs.unwrap_or(SHORT_RUNS);
    let mut report = Report::begin("help", format!("datalake --help, median of {runs}"));
    // The first one brings the program into memory.
    run(&mut program::help(work.path())?)?;
    let mut usages = Vec::new();
    for _ in 0..runs {
        usages.push(run(&mut program::help(work.path())?)?);
    }
    let cpu = median(usages.iter().map(|usage| millis(usage.cpu)));
    report.add(Figure::new("wall", wall_millis(&usages), "ms").at_most(10.0));
    report.add(Figure::new("CPU", cpu, "ms"));
    Ok(report)
}

fn wall_millis(usages: &[Usage]) -> f64 {
    median(usages.iter().map(|usage| millis(usage.wall)))
}

fn millis(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
