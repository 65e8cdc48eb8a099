//! The benchmarks of media files: dictations with their transcripts, and a run with nothing new.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::generate::{Random, SEED};
use crate::inputs::{Work, to_file};
use crate::measure::{Usage, median, run};
use crate::program::{self, Store, reads_of, rows_and_bytes};
use crate::report::{Figure, Report};
use crate::{Options, Outcome};

const RUNS: usize = 3;
/// Recordings of the benchmark `voice`, each with a transcript.
const PAIRS: u64 = 500;
const RATE: u64 = 16_000;
/// 2026-01-05T21:16:52, wall-clock time.
const FIRST: u64 = 21 * 3600 + 16 * 60 + 52;

/// Recordings of 5 to 60 seconds at 16 kHz with their transcripts.
pub(crate) fn voice(work: &Work, options: &Options) -> Outcome<Report> {
    let pairs = options.files.map_or(PAIRS, |files| files / 2);
    let (recordings, transcripts) = dictations(work, pairs)?;
    let runs = options.runs.unwrap_or(RUNS);
    let files = 2 * pairs;
    let about = format!(
        "{files} files, {pairs} recordings of 5 to 60 s with a transcript each, median of {runs}"
    );
    let mut report = Report::begin("voice", about);
    let mut measured = Vec::new();
    for keys in ["peaks = false", "peaks = true"] {
        let mut usages = Vec::new();
        for _ in 0..runs {
            let paths = [
                ("recordings", recordings.as_path()),
                ("transcripts", transcripts.as_path()),
            ];
            let store = Store::of(work.path(), "voice-typing", &paths, keys)?;
            usages.push(store.run(&mut store.ingest()?)?);
            let (sessions, _) = rows_and_bytes(&store.database(), "voice_sessions WHERE success")?;
            if sessions != pairs {
                return Err(format!("{sessions} sessions of {pairs} have their transcript").into());
            }
        }
        measured.push(usages);
    }
    let mut floor = Vec::new();
    for _ in 0..runs {
        let out = work.path().join("kept");
        floor.push(run(&mut program::floor_over("keep", &recordings, &out)?)?);
        fs::remove_dir_all(out)?;
    }
    let seconds = |usages: &[Usage]| median(usages.iter().map(|usage| usage.cpu.as_secs_f64()));
    let a_second = |usages: &[Usage]| files as f64 / seconds(usages);
    let [plain, peaks] = &measured[..] else {
        return Err("two ways are measured".into());
    };
    report.add(Figure::new("files a CPU second", a_second(plain), "").at_least(500.0));
    report.add(Figure::new(
        "files a CPU second, with peaks",
        a_second(peaks),
        "",
    ));
    report.add(Figure::new(
        "files a CPU second, floor",
        a_second(&floor),
        "",
    ));
    report.add(Figure::new(
        "CPU, program / floor",
        seconds(plain) / seconds(&floor),
        "",
    ));
    let wall = median(plain.iter().map(|usage| usage.wall.as_secs_f64()));
    report.add(Figure::new("wall", wall, "s"));
    let memory = median(peaks.iter().map(|usage| usage.anonymous as f64 / 1e6));
    report.add(Figure::new("peak RssAnon, with peaks", memory, "MB"));
    Ok(report)
}

/// Folders of recordings and of their transcripts, named as the gateway names them.
fn dictations(work: &Work, pairs: u64) -> Outcome<(PathBuf, PathBuf)> {
    let root = work.path().join(format!("dictations-{pairs}"));
    let folders = (root.join("recordings"), root.join("transcripts"));
    if root.exists() {
        return Ok(folders);
    }
    fs::create_dir_all(&folders.0)?;
    fs::create_dir_all(&folders.1)?;
    let mut random = Random(SEED);
    let mut clock = FIRST;
    for _ in 0..pairs {
        let seconds = 5 + random.below(56);
        let samples = seconds * RATE + random.below(RATE);
        let name = format!("{}_audio.wav", stamp(clock));
        to_file(&folders.0.join(name), |out| {
            recording(out, samples, &mut random)
        })?;
        let done = clock + seconds + 3 + random.below(6);
        let id = random.next();
        let name = format!(
            "{}_{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}.txt",
            stamp(done),
            id >> 32,
            id & 0xffff,
            id >> 52,
            id & 0xfff,
            id >> 16
        );
        to_file(&folders.1.join(name), |out| {
            out.write_all(words(seconds, &mut random).as_bytes())
        })?;
        clock = done + 20 + random.below(300);
    }
    Ok(folders)
}

/// A time of 2026 in the form of the gateway's names, from seconds since the fifth of January.
fn stamp(seconds: u64) -> String {
    let day = 5 + seconds / 86_400;
    let (month, day) = (1 + (day - 1) / 28, 1 + (day - 1) % 28);
    let second = seconds % 86_400;
    format!(
        "2026{month:02}{day:02}_{:02}{:02}{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// 16-bit PCM that rises and falls as speech does.
fn recording(out: &mut impl Write, samples: u64, random: &mut Random) -> std::io::Result<()> {
    let length = samples as u32 * 2;
    out.write_all(b"RIFF")?;
    out.write_all(&(36 + length).to_le_bytes())?;
    out.write_all(b"WAVEfmt \x10\0\0\0\x01\0\x01\0")?;
    out.write_all(&(RATE as u32).to_le_bytes())?;
    out.write_all(&(RATE as u32 * 2).to_le_bytes())?;
    out.write_all(b"\x02\0\x10\0data")?;
    out.write_all(&length.to_le_bytes())?;
    let mut loudness = 0;
    for sample in 0..samples {
        if sample % 1600 == 0 {
            loudness = 1 + random.below(12_000) as i64;
        }
        let value = (random.next() as i64 % loudness) as i16;
        out.write_all(&value.to_le_bytes())?;
    }
    Ok(())
}

fn words(seconds: u64, random: &mut Random) -> String {
    const WORDS: [&str; 8] = ["so", "the", "lake", "keeps", "what", "we", "say", "today"];
    let words = (0..seconds * 2).map(|_| WORDS[random.below(8) as usize]);
    words.collect::<Vec<_>>().join(" ")
}

/// The floor of keeping files: each is read once, hashed with BLAKE3 and SHA-256, copied and synced.
pub(crate) fn keep(folder: &Path, out: &Path) -> Outcome<()> {
    fs::create_dir_all(out)?;
    let mut buffer = vec![0; 256 << 10];
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (mut blake3, mut sha256) = (blake3::Hasher::new(), Sha256::new());
        let mut from = File::open(entry.path())?;
        let mut to = File::create(out.join(entry.file_name()))?;
        loop {
            let read = from.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            blake3.update(&buffer[..read]);
            sha256.update(&buffer[..read]);
            to.write_all(&buffer[..read])?;
        }
        to.sync_all()?;
        println!("{} {:x?}", blake3.finalize(), sha256.finalize());
    }
    Ok(())
}

/// Media files of `media-rerun`: few bytes each, as their content is not looked at.
const UNCHANGED: u64 = 10_000;
const RERUNS: usize = 7;

/// A run with nothing new over recordings, transcripts and screenshots, under each of their plugins.
pub(crate) fn rerun(work: &Work, options: &Options) -> Outcome<Report> {
    let count = options.files.unwrap_or(UNCHANGED);
    let folder = small_files(work, count)?;
    let runs = options.runs.unwrap_or(RERUNS);
    let about = format!("nothing new in {count} files under each plugin, median of {runs}");
    let mut report = Report::begin("media-rerun", about);
    for source in ["audio", "transcript", "screenshot", "voice-typing"] {
        let root = folder.join(source);
        let key = if source == "voice-typing" {
            "recordings"
        } else {
            "path"
        };
        let store = Store::of(work.path(), source, &[(key, &root)], "")?;
        store.run(&mut store.ingest()?)?;
        let mut usages = Vec::new();
        for _ in 0..runs {
            usages.push(store.run(&mut store.ingest()?)?);
        }
        let wall = median(usages.iter().map(|usage| usage.wall.as_secs_f64() * 1000.0));
        report.add(Figure::new(format!("wall, {source}"), wall, "ms").at_most(300.0));
        let note = store.path("note");
        store.run(&mut store.traced_ingest(&note)?)?;
        let first = fs::read_dir(&root)?.next().ok_or("no file was made")??;
        let reads = reads_of(&note, &first.path())?;
        report.add(
            Figure::new(format!("opens of a file, {source}"), reads.opens as f64, "").exactly(0.0),
        );
    }
    Ok(report)
}

fn small_files(work: &Work, count: u64) -> Outcome<PathBuf> {
    let root = work.path().join(format!("media-{count}"));
    let mut random = Random(SEED);
    for source in ["audio", "transcript", "screenshot", "voice-typing"] {
        let folder = root.join(source);
        fs::create_dir_all(&folder)?;
        for number in 0..count {
            let name = stamp(FIRST + number * 90);
            let (name, bytes) = match source {
                "transcript" => (format!("{name}.txt"), words(3, &mut random).into_bytes()),
                "screenshot" => (format!("{name}.png"), crate::screens::dot(number)?),
                _ => {
                    let mut bytes = Vec::new();
                    recording(&mut bytes, 160, &mut random)?;
                    (format!("{name}_audio.wav"), bytes)
                }
            };
            fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(root)
}
