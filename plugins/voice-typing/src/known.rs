//! All files that the source ever had, as far as their names and what was noted of them tell: recordings, transcripts
//! and what logs say.

use std::collections::{BTreeMap, BTreeSet};

use datalake_core::name_time::{NameTime, Resolved};
use datalake_core::{Context, DateTime, KnownUnit, Timestamp};
use serde::{Deserialize, Serialize};

use crate::link::{self, Text};
use crate::log::{self, Request};
use crate::name::{self, Says};

/// What is noted of a file that was read: its cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Noted {
    /// It is none of the others.
    #[default]
    Nothing,
    /// A recording.
    Recording {
        /// How long it is, where that is known.
        milliseconds: Option<u64>,
        /// SHA-256 of it, by which its row is found.
        sha256: Option<String>,
    },
    /// A transcript.
    Transcript {
        /// A mark of its text after spellings were put right, where that made a difference.
        replaced: Option<String>,
        /// When those spellings were last changed, in microseconds since 1970.
        spelled: Option<i64>,
    },
    /// A log, with what it says in short.
    Log(String),
}

impl Noted {
    /// A recording of which no more is known than its name.
    pub(crate) const RECORDING: Self = Self::Recording {
        milliseconds: None,
        sha256: None,
    };
    /// A transcript that no spellings were put right in.
    pub(crate) const TRANSCRIPT: Self = Self::Transcript {
        replaced: None,
        spelled: None,
    };

    /// What was noted of a unit. One that was never read, or by a version of the plugin that noted other things, is
    /// what its name says.
    fn of(cx: &Context, unit: &KnownUnit) -> Self {
        unit.cursor(cx.cursor_version).unwrap_or_else(|| {
            let extension = name::read(unit.id.as_str()).extension;
            if extension.eq_ignore_ascii_case("txt") {
                Self::TRANSCRIPT
            } else if is_recording(extension) {
                Self::RECORDING
            } else {
                Self::Nothing
            }
        })
    }
}

/// Whether files that end so are recordings, whatever is in them. Of others the content decides.
pub(crate) fn is_recording(extension: &str) -> bool {
    const RECORDINGS: &[&str] = &["wav", "mp3", "flac", "m4a", "ogg", "opus", "webm"];
    RECORDINGS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(extension))
}

/// A recording that the gateway named.
#[derive(Debug)]
pub(crate) struct Recording<'a> {
    /// The key of its session: its name without the extension.
    pub(crate) stem: &'a str,
    /// When.
    pub(crate) time: Resolved,
    /// How it looks to whoever seeks its transcript.
    pub(crate) looks: link::Recording,
    /// How long it is, where that is known.
    pub(crate) milliseconds: Option<u64>,
    /// By which SHA-256 its row is found.
    pub(crate) sha256: BTreeSet<String>,
    /// Its files: copies, and what it was called before.
    pub(crate) units: Vec<&'a KnownUnit>,
}

/// A transcript that the gateway named.
#[derive(Debug)]
pub(crate) struct Transcript<'a> {
    /// Its name without the extension.
    pub(crate) stem: &'a str,
    /// What stands behind the time: the id of a job, or a backend.
    pub(crate) what: &'a str,
    /// When.
    pub(crate) time: Resolved,
    /// How it looks to whoever seeks it.
    pub(crate) looks: Text,
    /// Whether there is nothing in it.
    pub(crate) is_empty: bool,
    /// See [`Noted::Transcript`].
    pub(crate) replaced: Option<String>,
}

/// All of them, each sort in the order of its times.
#[derive(Debug, Default)]
pub(crate) struct Files<'a> {
    pub(crate) recordings: Vec<Recording<'a>>,
    pub(crate) transcripts: Vec<Transcript<'a>>,
    pub(crate) requests: Vec<Request>,
    /// When the newest spellings were changed that are in any transcript.
    pub(crate) spelled: Option<Timestamp>,
}

/// A file with a name of the gateway's.
struct Stamped<'a, T> {
    unit: &'a KnownUnit,
    stem: &'a str,
    time: NameTime,
    what: &'a str,
    copy: u32,
    noted: T,
}

impl<'a, T> Stamped<'a, T> {
    /// Nothing where somebody else has named it.
    fn of(unit: &'a KnownUnit, noted: T) -> Option<Self> {
        let name = name::read(unit.id.as_str());
        match name.says {
            Says::Stamped { time, what, copy } => Some(Self {
                unit,
                stem: name.stem,
                time,
                what,
                copy,
                noted,
            }),
            Says::Segment | Says::Nothing => None,
        }
    }

    /// What the gateway called it, whatever number a copy was given.
    fn name(&self) -> (DateTime, &'a str) {
        (self.time.wall, self.what)
    }
}

/// What was noted of a recording.
struct Sound {
    milliseconds: Option<u64>,
    sha256: Option<String>,
}

/// Sorts what is known, in whatever order it comes.
pub(crate) fn gather<'a>(cx: &Context, known: &'a [KnownUnit]) -> Files<'a> {
    let mut known: Vec<&KnownUnit> = known.iter().collect();
    known.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    let (mut recordings, mut transcripts) = (Vec::new(), Vec::new());
    let (mut requests, mut last_spelled) = (Vec::new(), None);
    for unit in known {
        match Noted::of(cx, unit) {
            Noted::Recording {
                milliseconds,
                sha256,
            } => {
                let sound = Sound {
                    milliseconds,
                    sha256,
                };
                recordings.extend(Stamped::of(unit, sound));
            }
            Noted::Transcript { replaced, spelled } => {
                last_spelled = last_spelled.max(spelled);
                transcripts.extend(Stamped::of(unit, replaced));
            }
            Noted::Log(text) => {
                let all = log::unpacked(&text);
                requests.extend(all.iter().filter_map(|one| resolved(cx, one)));
            }
            Noted::Nothing => {}
        }
    }
    requests.sort_unstable();
    Files {
        recordings: each_recording(cx, recordings),
        transcripts: each_transcript(cx, transcripts),
        requests,
        spelled: last_spelled.and_then(Timestamp::from_micros),
    }
}

/// A request with times that can be compared.
fn resolved(cx: &Context, request: &Request) -> Option<Request> {
    let instant = |wall| Some(log::instant(wall, &cx.zone)?.as_seconds());
    Some(Request {
        posted: instant(request.posted)?,
        ended: instant(request.ended)?,
        end: request.end,
    })
}

/// Each recording once, whatever it is called and wherever it lies.
fn each_recording<'a>(cx: &Context, files: Vec<Stamped<'a, Sound>>) -> Vec<Recording<'a>> {
    let mut by_content: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for file in files {
        // A file that was never read is like no other.
        let content = match file.unit.state.hash {
            Some(hash) => Ok(hash),
            None => Err(file.unit.id.as_str()),
        };
        by_content.entry(content).or_default().push(file);
    }
    let alike = by_content.into_values().flat_map(told_apart);
    let mut recordings: Vec<_> = alike.filter_map(|files| recording(cx, &files)).collect();
    // Different recordings of one name: all but the first, by path, are called by their paths.
    recordings.sort_unstable_by_key(|one| (one.stem, one.units[0].id.as_str()));
    let mut before = None;
    for one in &mut recordings {
        if before.replace(one.stem) == Some(one.stem) {
            let path = one.units[0].id.as_str();
            one.stem = path.rsplit_once('.').map_or(path, |(path, _)| path);
        }
    }
    recordings.sort_by_key(|one| (one.looks.at, one.stem));
    recordings
}

/// Files of one content. A name that is gone was another name of the one that is there. Where several are there they
/// are several: silence of the same length is. The number of a copy makes no other name.
fn told_apart<T>(files: Vec<Stamped<'_, T>>) -> Vec<Vec<Stamped<'_, T>>> {
    let there = files.iter().filter(|file| !file.unit.missing);
    let there: BTreeSet<_> = there.map(Stamped::name).collect();
    if there.len() < 2 {
        return vec![files];
    }
    let mut apart: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let named = files.into_iter().map(|file| (file.name(), file));
    for (name, file) in named.filter(|(name, _)| there.contains(name)) {
        apart.entry(name).or_default().push(file);
    }
    apart.into_values().collect()
}

/// One recording, called by the first of its names.
fn recording<'a>(cx: &Context, files: &[Stamped<'a, Sound>]) -> Option<Recording<'a>> {
    let first = files
        .iter()
        .min_by_key(|file| (file.time.wall, file.stem))?;
    let time = first.time.resolve(&cx.zone)?;
    Some(Recording {
        stem: first.stem,
        time,
        looks: link::Recording {
            at: time.time.as_seconds(),
            size: first.unit.state.size,
            dictated: first.what == "audio",
            copy: first.copy,
        },
        milliseconds: files.iter().find_map(|file| file.noted.milliseconds),
        sha256: files
            .iter()
            .filter_map(|file| file.noted.sha256.clone())
            .collect(),
        units: files.iter().map(|file| file.unit).collect(),
    })
}

/// Each transcript once, wherever it lies.
fn each_transcript<'a>(
    cx: &Context,
    files: Vec<Stamped<'a, Option<String>>>,
) -> Vec<Transcript<'a>> {
    let mut by_name: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for file in files {
        // A job has one transcript, however often somebody copied it.
        let copy = name::job(file.what).is_none().then_some(file.copy);
        let name = (file.time.wall, file.what.to_ascii_lowercase(), copy);
        by_name.entry(name).or_default().push(file);
    }
    let transcripts = by_name.into_values().filter_map(|files| {
        let first = files.iter().min_by_key(|file| file.copy)?;
        let time = first.time.resolve(&cx.zone)?;
        Some(Transcript {
            stem: first.stem,
            what: first.what,
            time,
            looks: Text {
                at: time.time.as_seconds(),
                job: name::job(first.what).and_then(|job| log::short(&job)),
                copy: first.copy,
            },
            is_empty: files.iter().all(|file| file.unit.state.size == 0),
            replaced: files.iter().find_map(|file| file.noted.clone()),
        })
    });
    let mut transcripts: Vec<_> = transcripts.collect();
    transcripts.sort_by_key(|one| one.looks.at);
    transcripts
}
