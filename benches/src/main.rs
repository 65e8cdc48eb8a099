//! The benchmarks: they make their inputs, run the built program and a floor, and print tables.
//!
//! `cargo xtask bench [NAME...]` builds both programs in release mode and starts this one.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool for developers: its output is the terminal"
)]

mod claude;
mod desktop;
mod floor;
mod generate;
mod inputs;
mod measure;
mod media;
mod memory;
mod program;
mod report;
mod rescan;
mod screens;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use inputs::{Work, to_file};
use report::Report;

const USAGE: &str = "\
usage: datalake-bench [NAME...] [--runs N] [--lines N] [--dir DIR] [--json]
       datalake-bench generate memory|events --lines N --out FILE
       datalake-bench generate claude --bytes N --out FOLDER
       datalake-bench floor memory FILE DATABASE [--wide]
       datalake-bench floor walk FOLDER
       datalake-bench floor keep|pictures|claude FOLDER OUT

  NAME      memory, memory-growth, memory-rerun, memory-append, rescan, help, watch-idle,
            watch-latency, voice, screenshots, media-rerun, media-memory, claude, claude-rerun,
            claude-append, claude-memory; without one, all
  --runs    how often each is run, instead of 5, 3 (memory-growth) or 15 (the short ones)
  --lines   the lines of the log, instead of the 1000000 that the bars are for
  --files   the files of rescan, voice, screenshots and media-rerun, instead of as many as the bar
            is for
  --bytes   the size of the logs of claude, claude-rerun, claude-append and claude-memory, instead
            of what the bars are for
  --dir     where the inputs and databases are put, instead of the folder for temporary files
";

/// What can go wrong is shown to a developer and handled nowhere, so any error will do.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
type Benchmark = fn(&Work, &Options) -> Outcome<Report>;

const BENCHMARKS: [(&str, Benchmark); 16] = [
    ("help", memory::help),
    ("memory", memory::ingest),
    ("memory-rerun", memory::rerun),
    ("memory-append", memory::append),
    ("rescan", rescan::rescan),
    ("memory-growth", memory::growth),
    ("watch-idle", watch::idle),
    ("watch-latency", watch::latency),
    ("voice", media::voice),
    ("screenshots", screens::screenshots),
    ("media-rerun", media::rerun),
    ("media-memory", screens::memory),
    ("claude", claude::ingest),
    ("claude-rerun", claude::rerun),
    ("claude-append", claude::append),
    ("claude-memory", claude::memory),
];

/// What the command line says.
struct Options {
    words: Vec<String>,
    runs: Option<usize>,
    lines: u64,
    files: Option<u64>,
    bytes: Option<u64>,
    folder: Option<PathBuf>,
    out: Option<PathBuf>,
    json: bool,
    wide: bool,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut options = Self {
            words: Vec::new(),
            runs: None,
            lines: 1_000_000,
            files: None,
            bytes: None,
            folder: None,
            out: None,
            json: false,
            wide: false,
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--runs" => options.runs = Some(value()?.parse()?),
                "--lines" => options.lines = value()?.parse()?,
                "--files" => options.files = Some(value()?.parse()?),
                "--bytes" => options.bytes = Some(value()?.parse()?),
                "--dir" => options.folder = Some(value()?.into()),
                "--out" => options.out = Some(value()?.into()),
                "--json" => options.json = true,
                "--wide" => options.wide = true,
                option if option.starts_with('-') => {
                    return Err(format!("unknown option {option}\n\n{USAGE}").into());
                }
                _ => options.words.push(argument),
            }
        }
        Ok(options)
    }
}

fn main() -> ExitCode {
    let done = Options::parse(std::env::args().skip(1)).and_then(|options| dispatch(&options));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("datalake-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(options: &Options) -> Outcome<()> {
    let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["generate", "memory"] => {
            to_file(out(options)?, |out| generate::memory(out, options.lines))
        }
        ["generate", "events"] => {
            to_file(out(options)?, |out| generate::events(out, options.lines))
        }
        ["generate", "claude"] => {
            claude::generate(out(options)?, options.bytes.unwrap_or(100_000_000))
        }
        ["floor", "memory", file, database] if options.wide => {
            floor::wide(Path::new(file), Path::new(database))
        }
        ["floor", "memory", file, database] => floor::compact(Path::new(file), Path::new(database)),
        ["floor", "keep", folder, out] => media::keep(Path::new(folder), Path::new(out)),
        ["floor", "pictures", folder, _] => screens::pictures(Path::new(folder)),
        ["floor", "claude", folder, out] => claude::floor(Path::new(folder), Path::new(out)),
        ["floor", "walk", folder] => rescan::walk(Path::new(folder)),
        names => benchmarks(names, options),
    }
}

fn out(options: &Options) -> Outcome<&Path> {
    options
        .out
        .as_deref()
        .ok_or_else(|| "generate needs --out FILE".into())
}

/// Runs the named benchmarks. A missed bar is shown, and is no failure.
fn benchmarks(names: &[&str], options: &Options) -> Outcome<()> {
    if let Some(odd) = names
        .iter()
        .find(|name| BENCHMARKS.iter().all(|(known, _)| known != *name))
    {
        return Err(format!("unknown benchmark {odd}\n\n{USAGE}").into());
    }
    let work = Work::new(options)?;
    let mut failed = Vec::new();
    for (name, benchmark) in BENCHMARKS {
        if !names.is_empty() && !names.contains(&name) {
            continue;
        }
        match benchmark(&work, options) {
            Ok(report) if options.json => println!("{}", serde_json::to_string(&report)?),
            Ok(report) => println!("{}", report.table()),
            Err(error) => failed.push(format!("{name}: {error}")),
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("\n").into())
    }
}
