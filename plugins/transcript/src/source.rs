//! Reads the files of a transcript together and makes one row of them.

use datalake_core::{
    Blob, Bundle, BundleEmit, BundleSource, ByteSize, Content, ContentHash, Context, Error, Files,
    Member, REJECT_BYTES, Reject, Result, Sample, Skip, hash,
};

use crate::bundle::{Merged, Part, merge};
use crate::config::TranscriptConfig;
use crate::format::{Format, LONGEST_FILE, MOST_PARTS, memory, parse};
use crate::language;
use crate::name::{FileName, provider_of};
use crate::record::{Entry, FileEntry, made};

/// The files of one transcript together are read up to this size.
const LARGEST_BUNDLE: u64 = 2 * LONGEST_FILE;

/// A source of transcripts.
pub(crate) struct Transcripts {
    config: TranscriptConfig,
    /// The wanted language by its code.
    language: Option<String>,
}

impl Transcripts {
    pub(crate) fn new(config: TranscriptConfig) -> Self {
        let language = config.language.as_deref();
        Self {
            language: language.map(|name| language::code(name).unwrap_or_else(|| name.to_owned())),
            config,
        }
    }

    /// What the transcript does not say: who made it, by its name or the configuration, and its language.
    fn complete(&self, merged: &mut Merged, stem: &str) {
        let transcript = &mut merged.transcript;
        if transcript.provider.is_none() {
            let named = provider_of(stem);
            let (provider, model) = match named {
                Some((provider, model)) => (Some(provider), model),
                None => (self.config.provider.as_deref(), None),
            };
            transcript.provider = provider.map(str::to_owned);
            if transcript.model.is_none() {
                transcript.model = model.map(str::to_owned);
            }
        }
        if transcript.language.is_none() {
            transcript.language.clone_from(&self.language);
        }
    }
}

impl BundleSource for Transcripts {
    fn files(&self) -> Files {
        Files::whole(self.config.path.0.clone())
            .named(["*.json", "*.srt", "*.tsv", "*.txt", "*.vtt"])
            .ignore_case()
    }

    fn stem<'n>(&self, name: &'n str) -> &'n str {
        FileName::of(name).stem
    }

    fn read(&self, cx: &Context, bundle: &Bundle, out: &mut BundleEmit<'_>) -> Result<()> {
        if bundle.size() == 0 {
            out.skip(Skip::new(
                "its files have no bytes: nothing was said, or they are still being written; they are read when they grow",
            ));
            return Ok(());
        }
        let _share = memory(cx, bundle.size())?;
        let mut room = Room {
            bytes: LARGEST_BUNDLE,
            parts: MOST_PARTS,
        };
        let (mut parts, mut all) = (Vec::new(), Vec::new());
        for member in bundle.members().iter().filter(|member| member.size() > 0) {
            match Seen::look(member, &mut room) {
                Ok((seen, part)) => {
                    parts.extend(part);
                    all.push(seen);
                }
                Err(why) => out.reject(member.origin(), why, Sample::of(&[])),
            }
        }
        let stem = bundle.unit().as_str();
        let merged = merge(parts, self.language.as_deref()).map(|mut merged| {
            self.complete(&mut merged, stem);
            merged
        });
        let entry = merged.as_ref().map(|merged| Entry {
            device: &cx.device,
            stem,
            made: made(
                merged.transcript.created,
                &merged.file,
                merged.oldest,
                &cx.zone,
            ),
            merged,
        });
        // What stands for all of them comes first.
        let shown = merged.as_ref().map(|merged| merged.file.as_str());
        all.sort_by_key(|seen| Some(seen.member.name()) != shown);
        let keep = |seen: Seen<'_>| self.keep(cx, stem, entry.as_ref(), seen, out);
        all.into_iter().try_for_each(keep)
    }
}

impl Transcripts {
    /// Keeps a file: with the transcript that shows it, else as one beside it. Says what is wrong with it.
    fn keep(
        &self,
        cx: &Context,
        stem: &str,
        entry: Option<&Entry<'_>>,
        seen: Seen<'_>,
        out: &mut BundleEmit<'_>,
    ) -> Result<()> {
        let Seen { member, hash, .. } = seen;
        let own = made(None, member.name(), member.modified(), &cx.zone);
        let kept = out.file(Blob {
            content: Content::Path(member.path().to_owned()),
            folder: "transcripts",
            name: member.name().to_owned(),
            made: entry.map_or(own.time, |entry| entry.made.time),
            mode: self.config.mode,
        })?;
        if hash.is_some_and(|hash| hash != *kept.hash()) {
            let message = "the file was replaced while it was read";
            return Err(Error::temporary(message).at(member.path().display().to_string()));
        }
        let record = match entry {
            Some(entry) if entry.merged.file == member.name() => entry.record(),
            _ => FileEntry {
                device: &cx.device,
                stem,
                name: member.name(),
                made: own,
                says: seen
                    .says
                    .as_ref()
                    .map(|format| *format)
                    .map_err(|why| why.code),
            }
            .record(&kept),
        };
        if let Err(why) = seen.says {
            let sample = Sample {
                head: seen.head,
                hash: *kept.hash(),
                length: kept.size(),
            };
            out.reject(member.origin(), why, sample);
        }
        out.push(record.file(kept).origin(member.origin()))
    }
}

/// What may still be read of the files of one transcript, which bounds the memory that they take.
struct Room {
    bytes: u64,
    parts: usize,
}

impl Room {
    fn for_bytes(&mut self, size: u64) -> Result<(), Reject> {
        let too_large = |message| Err(Reject::new("too-large", message));
        if size > LONGEST_FILE {
            return too_large(format!("it has more than {}", ByteSize(LONGEST_FILE)));
        }
        match self.bytes.checked_sub(size) {
            Some(left) => self.bytes = left,
            None => {
                let most = ByteSize(LARGEST_BUNDLE);
                return too_large(format!(
                    "the files of this transcript have more than {most} together"
                ));
            }
        }
        Ok(())
    }

    fn for_parts(&mut self, parts: usize) -> Result<(), Reject> {
        match self.parts.checked_sub(parts) {
            Some(left) => self.parts = left,
            None => {
                let message = format!(
                    "the files of this transcript have more than {MOST_PARTS} parts together"
                );
                return Err(Reject::new("too-large", message));
            }
        }
        Ok(())
    }
}

/// A file that was looked at.
struct Seen<'b> {
    member: &'b Member,
    /// The hash of what was read, unless that was not all of it.
    hash: Option<ContentHash>,
    /// Its first bytes, of one that is no transcript.
    head: Vec<u8>,
    /// What it is, or why it is none.
    says: Result<Format, Reject>,
}

impl<'b> Seen<'b> {
    /// What a file says. That it says nothing spoils no other.
    ///
    /// # Errors
    /// It cannot be read.
    fn look(member: &'b Member, room: &mut Room) -> Result<(Self, Option<Part>), Reject> {
        let fits = room.for_bytes(member.size());
        let bytes = match fits {
            Ok(()) => member.head(LONGEST_FILE)?,
            Err(_) => member.head(REJECT_BYTES as u64)?,
        };
        let whole = bytes.len() as u64 == member.size();
        let read = fits.and_then(|()| parse(member.name(), &bytes));
        let read = read.and_then(|(format, transcript)| {
            room.for_parts(transcript.parts())?;
            Ok((format, transcript))
        });
        let (says, part) = match read {
            Ok((format, transcript)) => {
                let part = Part {
                    name: member.name().to_owned(),
                    size: member.size(),
                    modified: member.modified(),
                    format,
                    transcript,
                };
                (Ok(format), Some(part))
            }
            Err(why) => (Err(why), None),
        };
        let seen = Self {
            member,
            hash: whole.then(|| hash(&bytes)),
            head: match says {
                Ok(_) => Vec::new(),
                Err(_) => bytes[..bytes.len().min(REJECT_BYTES)].to_vec(),
            },
            says,
        };
        Ok((seen, part))
    }
}
