//! The benchmark of a run with nothing new over many small files, against the plainest walk over them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::inputs::{Work, to_file};
use crate::measure::{Usage, median, run};
use crate::program::{self, Store, rows_and_bytes};
use crate::report::{Figure, Report};
use crate::{Options, Outcome, generate};

const RUNS: usize = 7;
const FILES: u64 = 100_000;
const FILES_A_FOLDER: u64 = 500;

/// Makes the files, reads them once, and measures the runs that find nothing new.
pub(crate) fn rescan(work: &Work, options: &Options) -> Outcome<Report> {
    let count = options.files.unwrap_or(FILES);
    let folder = files(work, count)?;
    let runs = options.runs.unwrap_or(RUNS);
    let about = format!("nothing new in {count} files, median of {runs}");
    let store = Store::new(work.path(), &folder)?;
    store.run(&mut store.ingest()?)?;
    let mut report = Report::begin("rescan", about);
    let (mut program, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        program.push(store.run(&mut store.ingest()?)?);
        floor.push(run(&mut program::walk(&folder)?)?);
    }
    let wall = |usages: &[Usage]| middle(usages, |usage| usage.wall.as_secs_f64() * 1000.0);
    let cpu = |usages: &[Usage]| middle(usages, |usage| usage.cpu.as_secs_f64() * 1000.0);
    report.add(Figure::new("wall, program", wall(&program), "ms").at_most(2000.0));
    report.add(Figure::new("wall, floor", wall(&floor), "ms"));
    report.add(Figure::new("CPU, program", cpu(&program), "ms"));
    report.add(Figure::new("CPU, floor", cpu(&floor), "ms"));
    let memory = middle(&program, |usage| usage.anonymous as f64 / 1e6);
    report.add(Figure::new("peak RssAnon, program", memory, "MB"));
    let (rows, _) = rows_and_bytes(&store.database(), "memory_samples")?;
    report.add(Figure::new("samples", rows as f64, "").exactly(count as f64));
    Ok(report)
}

fn middle(usages: &[Usage], figure: impl Fn(&Usage) -> f64) -> f64 {
    median(usages.iter().map(figure))
}

/// So many files of one line each, in folders below one folder.
fn files(work: &Work, count: u64) -> Outcome<PathBuf> {
    let root = work.path().join(format!("files-{count}"));
    let mut lines = Vec::new();
    generate::memory(&mut lines, count)?;
    for (number, line) in lines.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let number = number as u64;
        let folder = root.join(format!("{:04}", number / FILES_A_FOLDER));
        if number.is_multiple_of(FILES_A_FOLDER) {
            fs::create_dir_all(&folder)?;
        }
        let file = folder.join(format!("metrics-{number:06}.jsonl"));
        to_file(&file, |out| out.write_all(line))?;
    }
    Ok(root)
}

/// The floor: looks at every file below `folder` once, and prints how many there are.
pub(crate) fn walk(folder: &Path) -> Outcome<()> {
    println!("{}", count(folder)?);
    Ok(())
}

fn count(folder: &Path) -> Outcome<u64> {
    let mut files = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files += count(&entry.path())?;
        } else {
            files += u64::from(fs::metadata(entry.path())?.len() > 0);
        }
    }
    Ok(files)
}
