//! The source: reads each file for what it is, and relates them all.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;
use std::sync::OnceLock;

use datalake_audio::probe::probe;
use datalake_core::{
    Context, Emit, Error, FileEmit, FileSource, Files, Intake, KnownUnit, Naming, Record, Reject,
    Result, Sample, Skip, Timestamp, TrackedFile, hash, hex,
};
use datalake_transcript::{
    Entry, FileEntry, FileName, LONGEST_FILE, Merged, Part, Variant, made, memory, merge, parse,
    provider_of, to_audio,
};

use crate::config::VoiceConfig;
use crate::known::{Noted, is_recording};
use crate::log;
use crate::name::{self, Name, STAMP, Says};
use crate::sessions::{DICTATION, dictation, sessions};
use crate::spelling::Spellings;

/// The file that a text with spellings put right is said to be from.
const SPELLINGS: &str = "replacements.json";
/// A larger file of spellings is none.
const LARGEST_SPELLINGS: u64 = 1 << 20;

type Out<'a> = FileEmit<'a, Noted>;

/// A source of dictations.
pub(crate) struct VoiceTyping {
    config: VoiceConfig,
    /// The spellings, read when the first transcript comes.
    spellings: OnceLock<Spelling>,
}

/// Spellings, and when they were last changed.
struct Spelling {
    rules: Spellings,
    changed: Option<Timestamp>,
}

impl VoiceTyping {
    pub(crate) fn new(config: VoiceConfig) -> Self {
        Self {
            config,
            spellings: OnceLock::new(),
        }
    }
}

impl FileSource for VoiceTyping {
    type Cursor = Noted;

    fn files(&self) -> Files {
        Files::whole(self.config.roots())
    }

    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        _from: Noted,
        out: &mut Out<'_>,
    ) -> Result<()> {
        let noted = self.sort(cx, file, out)?;
        out.commit(&file.end()?, &noted)
    }

    fn relate(&self, cx: &Context, known: &[KnownUnit], out: &mut Emit<'_>) -> Result<()> {
        let (records, waits) = sessions(cx, self.config.window, known);
        if waits {
            out.truncated();
        }
        records.into_iter().try_for_each(|record| out.push(record))
    }
}

impl VoiceTyping {
    /// Reads a file for what it is: a log, a transcript, a recording.
    fn sort(&self, cx: &Context, file: &mut TrackedFile, out: &mut Out<'_>) -> Result<Noted> {
        let called = file.path().file_name().unwrap_or_default();
        let called = called.to_string_lossy().into_owned();
        let name = name::read(&called);
        let ends = |with: &str| name.extension.eq_ignore_ascii_case(with);
        if (ends("log") || self.is_among_logs(file.path()))
            && let Some(requests) = looked_at(file, |file| log::read(BufReader::new(file)))?
        {
            out.skip(Skip::new(
                "it is a log of the gateway; what it says of recordings is in their sessions",
            ));
            return Ok(Noted::Log(log::packed(&requests)));
        }
        if ends("txt") {
            return self.transcript(cx, &name, file, out);
        }
        let is_recording = is_recording(name.extension)
            || looked_at(file, |file| probe(file, false, &mut || Ok(())))?
                .format
                .is_some();
        if is_recording {
            return self.recording(cx, &name, file, out);
        }
        out.skip(Skip::new(
            "it is no recording, no transcript and no log of the gateway",
        ));
        Ok(Noted::Nothing)
    }

    fn is_among_logs(&self, path: &Path) -> bool {
        let mut logs = self.config.logs.iter().flatten();
        logs.any(|root| path.starts_with(root))
    }

    fn recording(
        &self,
        cx: &Context,
        name: &Name<'_>,
        file: &mut TrackedFile,
        out: &mut Out<'_>,
    ) -> Result<Noted> {
        let options = datalake_audio::Options {
            mode: self.config.mode,
            peaks: self.config.peaks,
        };
        let Some(taken) = datalake_audio::ingest(cx, file, out, options)? else {
            return Ok(Noted::RECORDING);
        };
        let record = match name.says {
            Says::Stamped { .. } => taken
                .record
                .alias(DICTATION, dictation(&cx.device, name.stem)),
            Says::Segment | Says::Nothing => taken.record,
        };
        out.push(record)?;
        let seconds = taken.facts.duration.seconds();
        Ok(Noted::Recording {
            milliseconds: seconds.map(|seconds| (seconds * 1e3).round() as u64),
            sha256: Some(taken.sha256),
        })
    }

    fn transcript(
        &self,
        cx: &Context,
        name: &Name<'_>,
        file: &mut TrackedFile,
        out: &mut Out<'_>,
    ) -> Result<Noted> {
        if file.size() == 0 {
            out.skip(Skip::new(
                "it is empty: nothing was said, or it is still being written",
            ));
            return Ok(Noted::TRANSCRIPT);
        }
        let unit = file.unit().clone();
        let origin = file.origin(0, file.size());
        let _share = memory(cx, file.size().min(LONGEST_FILE))?;
        let mut intake = out.intake(file, self.config.mode)?;
        let bytes = bytes(&mut intake)?;
        let mut merged = match parsed(name.file, &bytes, intake.file()) {
            Ok(merged) => merged,
            Err(why) => return refused(cx, intake, why, &bytes, out),
        };
        complete(name, &mut merged);
        let noted = self.spell(&mut merged)?;
        let entry = Entry {
            device: &cx.device,
            stem: match name.says {
                Says::Stamped { .. } => name.stem,
                Says::Segment | Says::Nothing => FileName::of(unit.as_str()).stem,
            },
            made: made(
                merged.transcript.created,
                name.file,
                merged.oldest,
                &cx.zone,
            ),
            merged: &merged,
        };
        let naming = Naming {
            folder: "transcripts",
            name: name.file.to_owned(),
            made: entry.made.time,
        };
        let kept = out.keep(intake, naming)?;
        out.push(named(cx, name, entry.record()).file(kept).origin(origin))?;
        Ok(noted)
    }

    /// Adds the text with spellings put right, where that makes a difference, and notes it.
    fn spell(&self, merged: &mut Merged) -> Result<Noted> {
        let Some(Spelling { rules, changed }) = self.spelling()? else {
            return Ok(Noted::TRANSCRIPT);
        };
        // Other spellings make a newer state of a transcript that is as it was.
        merged.newest = merged.newest.max(*changed);
        let text = rules.correct(&merged.transcript.text);
        let noted = Noted::Transcript {
            replaced: text.as_ref().map(|text| hex(&hash(text.as_bytes())[..8])),
            spelled: changed.map(Timestamp::as_micros),
        };
        merged.variants.extend(text.map(|text| Variant {
            file: SPELLINGS.to_owned(),
            language: None,
            text,
            segments: Vec::new(),
        }));
        Ok(noted)
    }

    /// The spellings, if there is a file of them.
    fn spelling(&self) -> Result<Option<&Spelling>> {
        let Some(path) = &self.config.replacements else {
            return Ok(None);
        };
        if self.spellings.get().is_none() {
            let read =
                Spelling::read(path).map_err(|error| error.at(path.display().to_string()))?;
            return Ok(Some(self.spellings.get_or_init(|| read)));
        }
        Ok(self.spellings.get())
    }
}

impl Spelling {
    fn read(path: &Path) -> Result<Self> {
        let failed =
            |error: io::Error| Error::permanent("the spellings cannot be read").caused_by(error);
        let file = File::open(path).map_err(failed)?;
        let changed = file
            .metadata()
            .and_then(|data| data.modified())
            .map_err(failed)?;
        let mut json = Vec::new();
        file.take(LARGEST_SPELLINGS)
            .read_to_end(&mut json)
            .map_err(failed)?;
        let rules = Spellings::parse(&json).map_err(|error| {
            Error::permanent("these are no spellings")
                .caused_by(error)
                .hint(r#"write a list such as [{"from": ["Dovac", "Dovak"], "to": "Dvorak"}]"#)
        })?;
        Ok(Self {
            rules,
            changed: Timestamp::from_system(changed),
        })
    }
}

/// Keeps a file that is no transcript, and says why it is none.
fn refused(
    cx: &Context,
    intake: Intake<'_>,
    why: Reject,
    start: &[u8],
    out: &mut Out<'_>,
) -> Result<Noted> {
    let file = intake.file();
    let (unit, origin) = (file.unit().clone(), file.origin(0, file.size()));
    let path = unit.as_str();
    let name = path.rsplit('/').next().unwrap_or(path);
    let made = made(None, name, file.modified(), &cx.zone);
    let naming = Naming {
        folder: "transcripts",
        name: name.to_owned(),
        made: made.time,
    };
    let kept = out.keep(intake, naming)?;
    let entry = FileEntry {
        device: &cx.device,
        stem: FileName::of(path).stem,
        name,
        made,
        says: Err(why.code),
    };
    let sample = Sample {
        head: Sample::of(start).head,
        hash: *kept.hash(),
        length: kept.size(),
    };
    out.push(entry.record(&kept).file(kept).origin(origin.clone()))?;
    out.reject(origin, why, sample);
    Ok(Noted::Nothing)
}

/// Looks at a file, and goes back to its start.
fn looked_at<T>(
    file: &mut TrackedFile,
    look: impl FnOnce(&mut TrackedFile) -> io::Result<T>,
) -> Result<T> {
    let seen = look(file).and_then(|seen| file.rewind().map(|()| seen));
    seen.map_err(|error| match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::io(file.path().display(), error),
    })
}

/// All bytes, and one more than a transcript has where there are more.
fn bytes(intake: &mut Intake<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = intake.take(LONGEST_FILE + 1).read_to_end(&mut bytes);
    read.map_err(|error| match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::io(intake.file().path().display(), error),
    })?;
    Ok(bytes)
}

fn parsed(called: &str, bytes: &[u8], file: &TrackedFile) -> Result<Merged, Reject> {
    let (format, transcript) = parse(called, bytes)?;
    let part = Part {
        name: called.to_owned(),
        size: file.size(),
        modified: file.modified(),
        format,
        transcript,
    };
    merge(vec![part], None).ok_or_else(|| Reject::new("empty", "there is nothing in it"))
}

/// What the gateway's name says of who transcribed it.
fn complete(name: &Name<'_>, merged: &mut Merged) {
    let Says::Stamped { what, .. } = name.says else {
        return;
    };
    // Without the number of a copy.
    let plain = name
        .stem
        .get(..=STAMP)
        .map(|stamp| format!("{stamp}{what}"));
    let transcript = &mut merged.transcript;
    if let (None, Some((provider, model))) =
        (&transcript.provider, plain.as_deref().and_then(provider_of))
    {
        transcript.provider = Some(provider.to_owned());
        transcript.model = model.map(str::to_owned);
    }
}

/// Names the record for its session, and links what was streamed to its recording, which carries the same second.
fn named(cx: &Context, name: &Name<'_>, record: Record) -> Record {
    let Says::Stamped { what, copy, .. } = name.says else {
        return record;
    };
    let record = record.alias(DICTATION, dictation(&cx.device, name.stem));
    match (name::job(what), copy, name.stem.split_at_checked(STAMP)) {
        (None, 0, Some((stamp, _))) => {
            let audio = dictation(&cx.device, &format!("{stamp}_audio"));
            record.link(to_audio(DICTATION, audio))
        }
        _ => record,
    }
}
