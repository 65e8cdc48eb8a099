//! From a file to a row: the one way in which recordings become records, whoever finds them.

use std::io;
use std::path::Path;

use datalake_core::name_time::{Made, name_time};
use datalake_core::{
    Context, Error, FileEmit, FileMode, FileRef, Intake, Naming, Origin, Preview, Record, Reject,
    Result, Sample, TimeSource, Timestamp, TrackedFile, hex,
};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::AUDIO;
use crate::probe::{Duration, Facts, Waveform, probe};

/// The way of drawing that [`Preview::version`] counts.
const PEAKS_VERSION: u32 = 1;

/// How recordings are taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether the file is copied.
    pub mode: FileMode,
    /// Whether the shape of its sound is drawn.
    pub peaks: bool,
}

/// A recording that was taken in.
pub struct Recording {
    /// Its row with its file, still to be pushed. It has the aliases `stem`, `sibling` and `sha256`.
    pub record: Record,
    /// What its bytes say.
    pub facts: Facts,
    /// When it was made.
    pub made: Made,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
}

/// Reads the recording in `file`, keeps it, and makes its record, all in one pass over its bytes. The record is not
/// pushed yet, so that the caller may add to it; nor is anything committed.
///
/// Whatever the content is, there is a record: of what is no recording the format and the duration are unknown, and
/// the reason is told. Only an empty file is rejected here, and gives `None`.
///
/// # Errors
/// The file cannot be read, was replaced meanwhile, or cannot be copied; or the run is to stop.
pub fn ingest<C: Serialize>(
    cx: &Context,
    file: &mut TrackedFile,
    out: &mut FileEmit<'_, C>,
    options: Options,
) -> Result<Option<Recording>> {
    if file.size() == 0 {
        let why = "the file is empty: nothing was recorded, or not yet";
        out.reject(
            Origin::default(),
            Reject::new("empty", why),
            Sample::of(&[]),
        );
        return Ok(None);
    }
    let name = filename(file.path());
    let unit = file.unit().as_str().to_owned();
    let modified = file.modified().unwrap_or_default();
    let mut sha256 = Sha256::new();
    let mut intake = out
        .intake(file, options.mode)?
        .tap(|bytes| sha256.update(bytes));
    let facts = look(cx, &mut intake, options.peaks)?;
    let made = Made::find(facts.made, name_time(&name), &cx.zone)
        .unwrap_or_else(|| Made::at(modified, TimeSource::Mtime, &cx.zone));
    let naming = Naming {
        folder: "audio",
        name: name.clone(),
        made: made.time,
    };
    let kept = out.keep(intake, naming)?;
    let sha256 = hex(&sha256.finalize());
    let record = record(cx, &unit, &name, &facts, &made, &kept, &sha256);
    Ok(Some(Recording {
        record,
        facts,
        made,
        sha256,
    }))
}

/// Looks at the bytes.
fn look(cx: &Context, intake: &mut Intake<'_>, peaks: bool) -> Result<Facts> {
    let mut beat = || cx.signal().map_err(io::Error::other);
    probe(intake, peaks, &mut beat).map_err(|error| failed(error, intake))
}

fn failed(error: io::Error, intake: &Intake<'_>) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::io(intake.file().path().display(), error),
    }
}

/// A row. The fields are the columns.
#[derive(Serialize)]
struct Row<'a> {
    blake3: String,
    sha256: &'a str,
    filename: &'a str,
    original_filename: &'a str,
    source_device: &'a str,
    created_at: Timestamp,
    time_source: TimeSource,
    utc_offset: i32,
    size_bytes: u64,
    format: Option<&'a str>,
    codec: Option<&'a str>,
    sample_rate: Option<u32>,
    channels: Option<u32>,
    bits_per_sample: Option<u32>,
    duration_seconds: Option<f64>,
    duration_source: Option<&'a str>,
    duration_reason: Option<&'a str>,
    truncated: bool,
    warnings: Option<&'a [std::borrow::Cow<'static, str>]>,
    title: Option<&'a str>,
    artist: Option<&'a str>,
    album: Option<&'a str>,
    comment: Option<&'a str>,
    metadata: Option<Map<String, Value>>,
}

fn record(
    cx: &Context,
    unit: &str,
    name: &str,
    facts: &Facts,
    made: &Made,
    kept: &FileRef,
    sha256: &str,
) -> Record {
    let (seconds, source, reason) = match &facts.duration {
        Duration::Known { seconds, source } => (Some(*seconds), Some(source.name()), None),
        Duration::Unknown(why) => (None, None, Some(&**why)),
    };
    let row = Row {
        blake3: hex(kept.hash()),
        sha256,
        filename: name,
        original_filename: name,
        source_device: &cx.device,
        created_at: made.time,
        time_source: made.source,
        utc_offset: made.offset,
        size_bytes: kept.size(),
        format: facts.format,
        codec: facts.codec.as_deref(),
        sample_rate: facts.sample_rate,
        channels: facts.channels,
        bits_per_sample: facts.bits_per_sample,
        duration_seconds: seconds,
        duration_source: source,
        duration_reason: reason,
        truncated: facts.truncated,
        warnings: Some(&*facts.warnings).filter(|warnings| !warnings.is_empty()),
        title: facts.tags.get("title"),
        artist: facts.tags.get("artist"),
        album: facts.tags.get("album"),
        comment: facts.tags.get("comment"),
        metadata: metadata(facts),
    };
    let record = Record::new(&AUDIO, &row)
        .origin(Origin::bytes(0, kept.size()))
        .alias("stem", stem(&cx.device, unit))
        .alias("sibling", sibling(&cx.device, unit))
        .alias("sha256", sha256)
        .file(kept.clone());
    match &facts.waveform {
        Waveform::Drawn(peaks) => record.preview(Preview {
            kind: "peaks",
            media_type: "application/octet-stream",
            version: PEAKS_VERSION,
            bytes: peaks.as_slice().into(),
        }),
        _ => record,
    }
}

/// What has no column of its own: the other tags, the time that the recording says itself, and why it has no peaks.
fn metadata(facts: &Facts) -> Option<Map<String, Value>> {
    let columns = ["title", "artist", "album", "comment"];
    let others = facts
        .tags
        .iter()
        .filter(|(name, _)| !columns.contains(name));
    let mut all: Map<String, Value> = others
        .map(|(name, text)| (name.to_owned(), text.into()))
        .collect();
    if let Some(made) = &facts.made {
        all.insert("made".to_owned(), made.text().into());
    }
    // Of what is no recording the reason stands in its own column.
    if let Waveform::Missing(why) = &facts.waveform
        && facts.duration != Duration::Unknown(why.clone())
    {
        all.insert("peaks_reason".to_owned(), (&**why).into());
    }
    Some(all).filter(|all| !all.is_empty())
}

/// The alias `stem` of a recording: the device and its path below the root without the last extension. What belongs
/// to it lies beside it under the same name.
///
/// ```
/// assert_eq!(datalake_audio::stem("laptop", "x/recordings/a.en.wav"), "laptop/x/recordings/a.en");
/// // A file that was named by itself is called by its whole path.
/// assert_eq!(datalake_audio::stem("laptop", "/home/me/a.wav"), "laptop//home/me/a");
/// ```
pub fn stem(device: &str, unit: &str) -> String {
    let (folder, name) = unit.split_at(unit.rfind('/').map_or(0, |slash| slash + 1));
    // A name that begins with its only dot has no extension.
    let name = match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    };
    match device {
        "" => format!("{folder}{name}"),
        device => format!("{device}/{folder}{name}"),
    }
}

/// The alias `sibling` of a recording: its [`stem`] with the last folder left out. What belongs to it may lie in the
/// folder beside its own.
///
/// ```
/// let sibling = datalake_audio::sibling;
/// assert_eq!(sibling("laptop", "x/recordings/a.wav"), sibling("laptop", "x/transcripts/a.txt"));
/// assert_eq!(sibling("laptop", "a.wav"), "laptop/a");
/// assert_eq!(sibling("laptop", "/recordings/a.wav"), sibling("laptop", "/transcripts/a.txt"));
/// ```
pub fn sibling(device: &str, unit: &str) -> String {
    let Some((folder, name)) = unit.rsplit_once('/') else {
        return stem(device, unit);
    };
    match folder.rsplit_once('/') {
        Some((above, _)) => stem(device, &format!("{above}/{name}")),
        None => stem(device, name),
    }
}

fn filename(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{DurationSource, probe};

    #[test]
    fn the_path_without_its_end_is_what_others_call_it() {
        assert_eq!(stem("d", "a.wav"), "d/a");
        assert_eq!(stem("d", "x.y/a"), "d/x.y/a");
        assert_eq!(stem("d", "x/.wav"), "d/x/.wav");
        assert_eq!(sibling("d", "x/a.wav"), "d/a");
        assert_eq!(sibling("d", "x/y/a.wav"), "d/x/a");
    }

    #[test]
    fn what_has_a_column_is_not_told_twice() {
        let tagged = include_bytes!("../fixtures/tagged.wav");
        let mut source = io::Cursor::new(tagged);
        let facts = probe(&mut source, false, &mut || Ok(())).unwrap();
        let metadata = Value::from(metadata(&facts).unwrap());
        let expected = serde_json::json!({
            "date": "2026-01-10", "made": "2026-01-10T12:34:56", "originator": "recorder",
        });
        assert_eq!(metadata, expected);
        let source = DurationSource::Header;
        assert_eq!(
            facts.duration,
            Duration::Known {
                seconds: 0.25,
                source
            }
        );
    }
}
