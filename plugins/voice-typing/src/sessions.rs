//! Voice sessions: a row for each recording that the gateway named, with its transcript or with the reason why it has
//! none.

use std::time::Duration;

use datalake_core::{
    Column, Context, Dataset, Derive, KnownUnit, Link, Merge, Owner, Record, Shown, Timestamp,
    Version,
};
use serde::Serialize;

use crate::known::{Files, Recording, Transcript, gather};
use crate::link::{Found, Method, link};
use crate::log::Failure;
use crate::name;

/// Dictations. The key is the device and the name of the recording, so that neither a second run nor another folder
/// makes a second session. What a person says of one is never touched.
pub static VOICE_SESSIONS: Dataset = Dataset::rows(
    "voice_sessions",
    "Dictations: a recording, its transcript and what became of it",
)
.columns(&[
    Column::text("source_device"),
    Column::text("stem"),
    Column::integer("audio_id").merge(Merge::Link),
    Column::integer("transcript_id").merge(Merge::Link),
    Column::text("session_uuid"),
    Column::time("trigger_timestamp"),
    Column::time("recording_start"),
    Column::time("recording_end"),
    Column::time("transcription_start"),
    Column::time("transcription_end"),
    Column::time("output_timestamp"),
    Column::integer("success"),
    Column::text("failure_reason"),
    Column::text("link_method"),
    Column::integer("link_gap_seconds"),
    Column::time("created_at"),
    Column::text("metadata"),
    Column::text("replaced_transcript").merge(Merge::Derived),
    Column::integer("rating").merge(Merge::User),
    Column::text("rating_notes").merge(Merge::User),
    Column::text("corrected_transcript").merge(Merge::User),
])
.key(&["source_device", "stem"])
.time("created_at")
.title("stem")
.device("source_device")
.owners(&[Owner::new("transcripts", "transcript_id")])
.derive(Derive {
    view: "voice_sessions_derived",
    columns: &["replaced_transcript"],
});

#[derive(Debug, Serialize, Default)]
struct Row<'a> {
    source_device: &'a str,
    stem: &'a str,
    session_uuid: Option<String>,
    trigger_timestamp: Timestamp,
    recording_start: Option<Timestamp>,
    recording_end: Option<Timestamp>,
    transcription_start: Option<Timestamp>,
    transcription_end: Option<Timestamp>,
    output_timestamp: Option<Timestamp>,
    success: Option<bool>,
    failure_reason: Option<&'a str>,
    link_method: Option<&'static str>,
    link_gap_seconds: Option<i64>,
    created_at: Timestamp,
    metadata: Option<Metadata<'a>>,
}

/// What is worth knowing besides.
#[derive(Debug, Serialize, PartialEq, Default)]
struct Metadata<'a> {
    /// Why there is no verdict yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<&'static str>,
    /// What transcribed it, as the gateway calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    backend: Option<&'a str>,
    /// Where the time of the name is not certain: `skipped` or `repeated` by a clock change.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<&'static str>,
    /// A mark of the text with spellings put right, so that the row changes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced: Option<&'a str>,
}

/// What is said of a recording.
#[derive(Debug, Clone, PartialEq)]
enum Verdict {
    Success,
    Failure(String),
    /// None yet, and why.
    Held(&'static str),
}

/// By what a recording and a transcript of the gateway are known to others: the device and the name.
pub(crate) const DICTATION: &str = "dictation";
/// Recordings that are smaller hold no word.
const SMALLEST: u64 = 10_000;
/// A file that was changed within this time may still be written to.
const YOUNG: Duration = Duration::from_secs(60);
const YOUTH: &str = "it was changed less than a minute ago";

/// The sessions of all files that are known, and whether time alone may bring another verdict.
pub(crate) fn sessions(cx: &Context, window: Duration, known: &[KnownUnit]) -> (Vec<Record>, bool) {
    let files = gather(cx, known);
    let window = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
    let recordings: Vec<_> = files.recordings.iter().map(|one| one.looks).collect();
    let texts: Vec<_> = files.transcripts.iter().map(|one| one.looks).collect();
    let found = link(&recordings, &texts, &files.requests, window);
    let sessions = files.recordings.iter().zip(found);
    let sessions: Vec<Session<'_>> = sessions
        .map(|(recording, found)| {
            let partner = Partner::of(&files, found);
            let verdict = partner.verdict(recording, cx.clock.now(), window);
            Session {
                recording,
                partner,
                verdict,
            }
        })
        .collect();
    let version = version(known, files.spelled, &sessions, window);
    let records = sessions.iter().map(|session| session.record(&cx.device));
    let records = records
        .map(|record| record.version(version.clone()))
        .collect();
    let waits = |session: &Session<'_>| session.verdict == Verdict::Held(YOUTH);
    (records, sessions.iter().any(waits))
}

/// What makes one state of the sessions newer than another: the last change of any file, then how often any was new,
/// then later spellings, then how many sessions have a verdict, then a longer window. Files are never forgotten, and
/// with time verdicts only come.
fn version(
    known: &[KnownUnit],
    spelled: Option<Timestamp>,
    sessions: &[Session<'_>],
    window: i64,
) -> Version {
    let last = known.iter().filter_map(|unit| unit.state.modified).max();
    let contents = known
        .iter()
        .map(|unit| u64::from(unit.state.generation) + 1);
    let spelled = spelled.map_or(0, |time| time.as_micros().unsigned_abs());
    let open = |session: &&Session<'_>| matches!(session.verdict, Verdict::Held(_));
    let given = sessions.len() - sessions.iter().filter(open).count();
    Version::of(last.unwrap_or_default())
        .then(contents.sum())
        .then(spelled)
        .then(given as u64)
        .then(window.unsigned_abs())
}

/// What was found of a recording.
#[derive(Debug, Clone, Copy)]
enum Partner<'a> {
    Transcript(&'a Transcript<'a>, Method),
    Failed(Failure),
    Nothing,
}

impl<'a> Partner<'a> {
    fn of(files: &'a Files<'a>, found: Found) -> Self {
        match found {
            Found::Transcript(text, method) => Self::Transcript(&files.transcripts[text], method),
            Found::Failed(why) => Self::Failed(why),
            Found::Nothing => Self::Nothing,
        }
    }

    fn verdict(self, recording: &Recording<'_>, now: Timestamp, window: i64) -> Verdict {
        match self {
            Self::Transcript(text, _) if text.is_empty => Verdict::Held("its transcript is empty"),
            Self::Transcript(..) => Verdict::Success,
            Self::Failed(why) => Verdict::Failure(why.reason().to_owned()),
            Self::Nothing if recording.looks.size < SMALLEST => {
                Verdict::Held("it has less than 10 kB")
            }
            Self::Nothing if is_young(recording, now) => Verdict::Held(YOUTH),
            Self::Nothing => {
                Verdict::Failure(format!("no transcript came within {window} seconds"))
            }
        }
    }
}

/// Whether somebody may still be about it. A time in the future, but for a clock that is a little fast, says nothing of
/// the kind.
fn is_young(recording: &Recording<'_>, now: Timestamp) -> bool {
    let mut changed = recording
        .units
        .iter()
        .filter_map(|unit| unit.state.modified);
    changed.any(|time| now.since(time).max(time.since(now)) < YOUNG)
}

/// A recording with what was found and said of it.
struct Session<'a> {
    recording: &'a Recording<'a>,
    partner: Partner<'a>,
    verdict: Verdict,
}

impl Session<'_> {
    fn record(&self, device: &str) -> Record {
        let record = Record::new(&VOICE_SESSIONS, &self.row(device));
        let audio = |kind, name| Link::new("audio_id", "audio", kind, name);
        let contents = self.recording.sha256.iter();
        let record = contents.fold(record, |record, hash| {
            record.link(audio("sha256", hash.clone()))
        });
        let record = record.link(audio(DICTATION, dictation(device, self.recording.stem)));
        match self.partner {
            Partner::Transcript(text, _) => {
                let name = dictation(device, text.stem);
                record.link(Link::new("transcript_id", "transcripts", DICTATION, name))
            }
            Partner::Failed(_) | Partner::Nothing => record,
        }
    }

    fn row<'a>(&'a self, device: &'a str) -> Row<'a> {
        let at = self.recording.time.time;
        let row = Row {
            source_device: device,
            stem: self.recording.stem,
            trigger_timestamp: at,
            created_at: at,
            success: match self.verdict {
                Verdict::Success => Some(true),
                Verdict::Failure(_) => Some(false),
                Verdict::Held(_) => None,
            },
            failure_reason: match &self.verdict {
                Verdict::Failure(why) => Some(why),
                Verdict::Success | Verdict::Held(_) => None,
            },
            metadata: self.metadata(),
            ..Row::default()
        };
        match self.partner {
            // It was saved when all was over.
            Partner::Transcript(_, Method::Stamp) => Row {
                transcription_end: Some(at),
                output_timestamp: Some(at),
                ..self.linked(row)
            },
            Partner::Transcript(text, _) => Row {
                transcription_end: Some(text.time.time),
                output_timestamp: Some(text.time.time),
                ..self.uploaded(self.linked(row))
            },
            Partner::Failed(_) => self.uploaded(row),
            Partner::Nothing => row,
        }
    }

    /// How its transcript was found.
    fn linked<'a>(&'a self, row: Row<'a>) -> Row<'a> {
        let Partner::Transcript(text, method) = self.partner else {
            return row;
        };
        Row {
            session_uuid: name::job(text.what),
            link_method: Some(method.name()),
            link_gap_seconds: Some(text.looks.at - self.recording.looks.at),
            ..row
        }
    }

    /// An upload begins when the recording has ended.
    fn uploaded<'a>(&self, row: Row<'a>) -> Row<'a> {
        let Recording {
            time,
            looks,
            milliseconds,
            ..
        } = self.recording;
        let ended = looks.dictated.then_some(time.time);
        let long = milliseconds.map(Duration::from_millis);
        Row {
            recording_start: ended
                .zip(long)
                .and_then(|(end, long)| end.checked_sub(long)),
            recording_end: ended,
            transcription_start: Some(time.time),
            ..row
        }
    }

    fn metadata(&self) -> Option<Metadata<'_>> {
        let transcript = match self.partner {
            Partner::Transcript(text, _) => Some(text),
            Partner::Failed(_) | Partner::Nothing => None,
        };
        let metadata = Metadata {
            held: match self.verdict {
                Verdict::Held(why) => Some(why),
                Verdict::Success | Verdict::Failure(_) => None,
            },
            backend: transcript
                .filter(|text| text.looks.job.is_none())
                .map(|text| text.what),
            clock: match self.recording.time.shown {
                Shown::Once => None,
                Shown::Never => Some("skipped"),
                Shown::Twice => Some("repeated"),
            },
            replaced: transcript.and_then(|text| text.replaced.as_deref()),
        };
        (metadata != Metadata::default()).then_some(metadata)
    }
}

/// The alias [`DICTATION`] of what has this name.
pub(crate) fn dictation(device: &str, stem: &str) -> String {
    format!("{device}/{stem}")
}

#[cfg(test)]
mod tests;
