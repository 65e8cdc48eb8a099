//! The benchmarks of pictures: screenshots with thumbnails, and inputs that are larger than memory should be.

use std::fs::{self, File};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::inputs::Work;
use crate::measure::{Usage, median, run};
use crate::program::{self, Store, rows_and_bytes};
use crate::report::{Figure, Report};
use crate::{Options, Outcome, desktop};

const SCREENSHOTS: u64 = 1_000;
const RUNS: usize = 3;
/// The longer side of a thumbnail.
const SIDE: u32 = 320;

/// Screenshots of 2560×1440 with thumbnails.
pub(crate) fn screenshots(work: &Work, options: &Options) -> Outcome<Report> {
    let count = options.files.unwrap_or(SCREENSHOTS);
    let folder = work.path().join(format!("screenshots-{count}"));
    fs::create_dir_all(&folder)?;
    let mut bytes = 0;
    for number in 0..count {
        let (minute, second) = (number / 60, number % 60);
        let name = format!(
            "Screenshot_20260110_{:02}{:02}{second:02}.png",
            minute / 60,
            minute % 60
        );
        desktop::write(&folder.join(&name), number)?;
        bytes += fs::metadata(folder.join(&name))?.len();
    }
    let runs = options.runs.unwrap_or(RUNS);
    let about = format!(
        "{count} screenshots of 2560×1440, {:.0} kB each, with thumbnails, median of {runs}",
        bytes as f64 / 1000.0 / count as f64
    );
    let mut report = Report::begin("screenshots", about);
    let (mut program, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let store = Store::of(work.path(), "screenshot", &[("path", &folder)], "")?;
        program.push(store.run(&mut store.ingest()?)?);
        let (thumbnails, _) =
            rows_and_bytes(&store.database(), "previews WHERE kind = 'thumbnail'")?;
        if thumbnails != count {
            return Err(format!("{thumbnails} thumbnails of {count} were made").into());
        }
        floor.push(run(&mut program::floor_over(
            "pictures", &folder, &folder,
        )?)?);
    }
    let cpu = |usages: &[Usage]| median(usages.iter().map(|usage| usage.cpu.as_secs_f64()));
    let wall = median(program.iter().map(|usage| usage.wall.as_secs_f64()));
    report.add(Figure::new("CPU, program / floor", cpu(&program) / cpu(&floor), "").at_most(1.15));
    report.add(Figure::new("wall / CPU, program", wall / cpu(&program), "").at_most(0.6));
    report.add(Figure::new("CPU, program", cpu(&program), "s"));
    report.add(Figure::new("CPU, floor", cpu(&floor), "s"));
    let memory = median(program.iter().map(|usage| usage.anonymous as f64 / 1e6));
    report.add(Figure::new("peak RssAnon", memory, "MB").at_most(100.0));
    Ok(report)
}

/// The floor of pictures: each is read, decoded, made small and hashed, one after the other.
pub(crate) fn pictures(folder: &Path) -> Outcome<()> {
    for entry in fs::read_dir(folder)? {
        let bytes = fs::read(entry?.path())?;
        let picture = image::load_from_memory(&bytes)?;
        let small = picture.thumbnail(SIDE, SIDE);
        println!(
            "{} {}x{}",
            blake3::hash(&bytes),
            small.width(),
            small.height()
        );
    }
    Ok(())
}

/// The content of a picture of one point, another for each number.
pub(crate) fn dot(number: u64) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&(number as u32).to_le_bytes())?;
    writer.finish()?;
    Ok(bytes)
}

const LONG: u64 = 4 << 30;
const WIDE: u32 = 30_000;

/// The memory that a recording of 4 GB and a picture of 30,000 × 30,000 take.
pub(crate) fn memory(work: &Work, _options: &Options) -> Outcome<Report> {
    let mut report = Report::begin(
        "media-memory",
        String::from("inputs larger than memory should be"),
    );
    for source in ["audio", "screenshot"] {
        let folder = work.path().join(format!("large-{source}"));
        fs::create_dir_all(&folder)?;
        match source {
            "audio" => long(&folder)?,
            _ => wide(&folder)?,
        }
        let store = Store::of(work.path(), source, &[("path", &folder)], "")?;
        let usage = store.run(&mut store.ingest()?)?;
        let table = if source == "audio" {
            "audio"
        } else {
            "screenshots"
        };
        let (rows, _) = rows_and_bytes(&store.database(), table)?;
        let memory = usage.anonymous as f64 / 1e6;
        report.add(Figure::new(format!("peak RssAnon, {source}"), memory, "MB").at_most(100.0));
        report.add(Figure::new(format!("rows, {source}"), rows as f64, "").exactly(1.0));
        report.add(Figure::new(
            format!("wall, {source}"),
            usage.wall.as_secs_f64(),
            "s",
        ));
        fs::remove_dir_all(folder)?;
    }
    Ok(report)
}

/// Silence, which the file system keeps as a hole.
fn long(folder: &Path) -> Outcome<()> {
    let length = (LONG - 44) as u32;
    let path: PathBuf = folder.join("20260110_120000_audio.wav");
    let mut file = File::create(path)?;
    file.write_all(b"RIFF")?;
    file.write_all(&(length + 36).to_le_bytes())?;
    file.write_all(b"WAVEfmt \x10\0\0\0\x01\0\x02\0\x80\xbb\0\0\0\xee\x02\0\x04\0\x10\0data")?;
    file.write_all(&length.to_le_bytes())?;
    file.seek(SeekFrom::Start(LONG - 1))?;
    file.write_all(&[0])?;
    Ok(())
}

fn wide(folder: &Path) -> Outcome<()> {
    let file = BufWriter::new(File::create(folder.join("2026-01-10-120000_grim.png"))?);
    let mut encoder = png::Encoder::new(file, WIDE, WIDE);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    let mut rows = writer.stream_writer()?;
    let mut row = vec![0; WIDE as usize * 3];
    for number in 0..WIDE {
        row.fill((number / 118) as u8);
        rows.write_all(&row)?;
    }
    rows.finish()?;
    writer.finish()?;
    Ok(())
}
