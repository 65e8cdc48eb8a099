//! Which format a file is, by what it holds first and by its name second.

use std::borrow::Cow;
use std::fmt;

use datalake_core::{Budget, Context, Error, Reject, Share};
use serde::{Serialize, Serializer};

use crate::cues::{is_srt, is_tsv, is_vtt, plain, srt, tsv, vtt};
use crate::encoding::decode;
use crate::json::json;
use crate::model::{Flags, Transcript};
use crate::name::FileName;

/// Longer files are no transcripts: speech of nine hours with all of whisper.cpp's tokens is as long.
pub const LONGEST_FILE: u64 = 32 << 20;

/// Transcripts of more parts are refused before they are read: segments, words and tokens take some hundred bytes of
/// memory each, and a file of the length above could hold millions. Speech of two days has as many words.
pub const MOST_PARTS: usize = 500_000;

/// The memory for reading files, of all readers together: as much as the fullest file takes.
static MEMORY: Budget = Budget::new(192 << 20);
/// A file takes so many times its size at most, which is when there is hardly anything in it but starts of parts.
const MOST_TIMES: u64 = 48;

/// Waits for the memory that reading so many bytes may take; to be held as long as what was read is.
///
/// # Errors
/// The run is to stop.
pub fn memory(cx: &Context, bytes: u64) -> Result<Option<Share<'static>>, Error> {
    let wanted = bytes.saturating_mul(MOST_TIMES).min(MEMORY.all());
    MEMORY.share(wanted, &mut || cx.signal())
}

/// Refuses a text with too many of the bytes that begin parts.
pub(crate) fn within_bounds(text: &str, begins: &[u8]) -> Result<(), Reject> {
    if text.bytes().filter(|byte| begins.contains(byte)).count() <= MOST_PARTS {
        return Ok(());
    }
    let message = format!("it has more than {MOST_PARTS} parts: words, segments or lines");
    Err(Reject::new("too-large", message))
}

/// The formats, in the order in which they are preferred where they tell as much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Deepgram's JSON, the only one that names its recording.
    Deepgram,
    /// AssemblyAI's JSON.
    AssemblyAi,
    /// ElevenLabs' JSON.
    ElevenLabs,
    /// Gladia's JSON.
    Gladia,
    /// Google's JSON.
    Google,
    /// Azure's JSON.
    Azure,
    /// WhisperX's JSON.
    WhisperX,
    /// OpenAI's `verbose_json`.
    OpenAi,
    /// Whisper's JSON, and that of faster-whisper and whisper-ctranslate2.
    Whisper,
    /// whisper.cpp's JSON.
    WhisperCpp,
    /// The voice gateway's answer.
    Gateway,
    /// Any other JSON with a text.
    Json,
    /// WebVTT.
    Vtt,
    /// SubRip.
    Srt,
    /// Whisper's table.
    Tsv,
    /// Plain text.
    Txt,
}

impl Format {
    /// As it is stored; of a recogniser's own format also the name of the provider.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deepgram => "deepgram",
            Self::AssemblyAi => "assemblyai",
            Self::ElevenLabs => "elevenlabs",
            Self::Gladia => "gladia",
            Self::Google => "google",
            Self::Azure => "azure",
            Self::WhisperX => "whisperx",
            Self::OpenAi => "openai",
            Self::Whisper => "whisper",
            Self::WhisperCpp => "whisper.cpp",
            Self::Gateway => "gateway",
            Self::Json => "json",
            Self::Vtt => "vtt",
            Self::Srt => "srt",
            Self::Tsv => "tsv",
            Self::Txt => "txt",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Reads a transcript of any format. The name decides where the content does not.
///
/// Codes of what it may be instead: `empty`, `too-large`, `nul`, `not-text`, `not-json`, `cut-off`, `too-deep`,
/// `provider-error`, `not-finished`, `no-transcript`, `no-cues`. A file without any bytes is `empty`, which is
/// no mistake of anybody's: recognisers write one for silence, and at the start of their work.
///
/// ```
/// let (format, transcript) = datalake_transcript::parse("a.srt", b"00:01.000 --> 00:02.000\nHello").unwrap();
/// assert_eq!((format.name(), transcript.text.as_str()), ("srt", "Hello"));
/// assert_eq!(transcript.segments[0].start, Some(1_000));
/// ```
pub fn parse(name: &str, bytes: &[u8]) -> Result<(Format, Transcript), Reject> {
    if bytes.len() as u64 > LONGEST_FILE {
        let message = format!("a transcript has at most {LONGEST_FILE} bytes");
        return Err(Reject::new("too-large", message));
    }
    let (text, mut flags) = decode(bytes)?;
    let text = unix_lines(text);
    let name = FileName::of(name);
    let (format, mut transcript) = read(&text, name.extension, &mut flags)?;
    transcript.flags.append(&mut flags);
    Ok((format, transcript))
}

fn read(text: &str, extension: &str, flags: &mut Flags) -> Result<(Format, Transcript), Reject> {
    let is = |wanted: &str| extension.eq_ignore_ascii_case(wanted);
    let text = text.trim_start();
    if is("json") {
        return json(text, flags);
    }
    if text.starts_with(['{', '[']) {
        // A text may begin with "[Music]" as well, and a subtitle with "{\an8}".
        let mut json_flags = flags.clone();
        if let Ok(read) = json(text, &mut json_flags) {
            *flags = json_flags;
            return Ok(read);
        }
    }
    // A plain text has no parts.
    let bounds = within_bounds(text, b"\n<");
    if bounds.is_err() && ![is_vtt(text), is_tsv(text), is_srt(text)].contains(&true) && is("txt") {
        return Ok((Format::Txt, Transcript::plain(text.trim_end())));
    }
    bounds?;
    let has_text = !text.is_empty();
    if is_vtt(text) || (is("vtt") && has_text && !is_tsv(text)) {
        return Ok((Format::Vtt, vtt(text, flags)?));
    }
    if is_tsv(text) || (is("tsv") && has_text && !is_srt(text)) {
        return Ok((Format::Tsv, tsv(text, flags)?));
    }
    if is_srt(text) || (is("srt") && has_text) {
        return Ok((Format::Srt, srt(text, flags)?));
    }
    Ok((Format::Txt, plain(text.trim_end())))
}

/// The same text with one sort of line breaks.
fn unix_lines(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('\r') {
        return text;
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}
