//! Reads the files of a transcript together and makes one row of them.

use std::collections::HashMap;

use datalake_core::{
    Blob, Bundle, BundleEmit, BundleSource, Content, ContentHash, Context, Error, Files, Member,
    Reject, Result, Sample, Skip, hash,
};

use crate::bundle::{Merged, Part, merge};
use crate::config::TranscriptConfig;
use crate::format::{LONGEST_FILE, parse};
use crate::language;
use crate::name::{FileName, provider_of};
use crate::record::{Entry, made};

/// The files of one transcript together are read up to this size, which bounds the memory they take.
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
        let Some((parts, hashes)) = parts(bundle, out) else {
            return Ok(());
        };
        let Some(mut merged) = merge(parts, self.language.as_deref()) else {
            return Ok(());
        };
        let stem = bundle.unit().as_str();
        self.complete(&mut merged, stem);
        let created = merged.transcript.created;
        let entry = Entry {
            device: &cx.device,
            stem,
            made: made(created, &merged.file, merged.oldest, &cx.zone),
            merged: &merged,
        };
        let members = bundle.members();
        let Some(member) = members.iter().find(|member| member.name() == merged.file) else {
            return Err(Error::bug("the file that was taken is none of the bundle"));
        };
        let kept = out.file(Blob {
            content: Content::Path(member.path().to_owned()),
            folder: "transcripts",
            name: merged.file.clone(),
            made: entry.made.time,
            mode: self.config.mode,
        })?;
        if hashes.get(&merged.file) != Some(kept.hash()) {
            let message = "the file was replaced while it was read";
            return Err(Error::temporary(message).at(member.path().display().to_string()));
        }
        out.push(entry.record().file(kept).origin(member.origin()))
    }
}

/// What the files say, each a part, and their hashes by name. Each that says nothing that can be read becomes a
/// reject and spoils no other. One without any bytes says nothing at all and is no mistake; where there is nothing
/// else, there is no transcript yet, or nobody has spoken.
fn parts(
    bundle: &Bundle,
    out: &mut BundleEmit<'_>,
) -> Option<(Vec<Part>, HashMap<String, ContentHash>)> {
    let mut parts = Vec::new();
    let mut hashes = HashMap::new();
    let mut room = LARGEST_BUNDLE;
    let mut silent = true;
    for member in bundle.members().iter().filter(|member| member.size() > 0) {
        silent = false;
        room = room.saturating_sub(member.size());
        let (read, bytes) = read(member, room);
        match read {
            Ok(part) => {
                hashes.insert(part.name.clone(), hash(&bytes));
                parts.push(part);
            }
            Err(why) => out.reject(member.origin(), why, Sample::of(&bytes)),
        }
    }
    if silent {
        out.skip(Skip::new(
            "its files have no bytes: nothing was said, or they are still being written; they are read when they grow",
        ));
        return None;
    }
    Some((parts, hashes))
}

/// What a file says, and its bytes as far as they were read. `room` is what others leave of the largest bundle.
fn read(member: &Member, room: u64) -> (Result<Part, Reject>, Vec<u8>) {
    if room == 0 {
        let message = "the files of this transcript are too large together";
        return (Err(Reject::new("too-large", message)), Vec::new());
    }
    let bytes = match member.bytes(LONGEST_FILE) {
        Ok(bytes) => bytes,
        Err(why) => return (Err(why), Vec::new()),
    };
    let part = parse(member.name(), &bytes).map(|(format, transcript)| Part {
        name: member.name().to_owned(),
        size: member.size(),
        modified: member.modified(),
        format,
        transcript,
    });
    (part, bytes)
}
