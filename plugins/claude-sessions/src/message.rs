//! The row of a message, and the pictures in it.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use datalake_core::{Blob, Content, FileMode, Record, Result, Sample, TimeSource, Timestamp, hash};
use serde::Serialize;

use crate::datasets::{IMAGES, MESSAGES};
use crate::key::{Bytes, clean, cleaned, of_uuid};
use crate::line::{Entry, Source};
use crate::reader::{Reader, Scene};
use crate::source::Made;
use crate::text::{Said, cut, is_prompt};

/// What is so of a message, each a bit; `schema.sql` says what each means.
mod flag {
    pub(super) const SIDECHAIN: i64 = 1;
    pub(super) const META: i64 = 2;
    pub(super) const COMPACT_SUMMARY: i64 = 4;
    pub(super) const HUMAN: i64 = 8;
    pub(super) const PROMPT: i64 = 16;
    pub(super) const API_ERROR: i64 = 32;
    pub(super) const TIME_GUESSED: i64 = 64;
    pub(super) const TOOL_ERROR: i64 = 128;
    pub(super) const COMPACTION: i64 = 256;
}

/// A longer list of tasks is not kept with each message that has it.
const LONGEST_TODOS: usize = 16 << 10;

/// Base64 with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A message, ready to be stored.
pub(crate) struct Message<'e> {
    row: Row<'e>,
    images: Vec<&'e Source<'e>>,
}

#[derive(Serialize)]
struct Row<'e> {
    message_key: Bytes,
    r#type: Cow<'e, str>,
    session: &'e str,
    time: Timestamp,
    flags: i64,
    parent_key: Option<Bytes>,
    logical_parent: Option<Bytes>,
    usage_key: Option<Bytes>,
    subtype: Option<Cow<'e, str>>,
    role: Option<Cow<'e, str>>,
    user_type: Option<Cow<'e, str>>,
    model: Option<Cow<'e, str>>,
    cwd: Option<Cow<'e, str>>,
    git_branch: Option<Cow<'e, str>>,
    claude_version: Option<Cow<'e, str>>,
    agent: &'e str,
    device: &'e str,
    tool: Option<Cow<'e, str>>,
    stop_reason: Option<Cow<'e, str>>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cache_read_tokens: Option<i64>,
    cache_creation_tokens: Option<i64>,
    content_images: i64,
    content_tool_uses: i64,
    content_tool_results: i64,
    todos: Option<&'e str>,
    content_text: Option<Cow<'e, str>>,
    content_thinking: Option<Cow<'e, str>>,
    content_tools: Option<Cow<'e, str>>,
}

impl<'e> Message<'e> {
    pub(crate) fn new(
        reader: &Reader<'e>,
        scene: &Scene<'e>,
        entry: &'e Entry<'e>,
        usage_key: Option<Bytes>,
    ) -> Self {
        let mut said = Said::of(entry, reader.limit);
        let flags = flags(scene, entry, &said);
        let message = &entry.message.0;
        let usage = message.usage.as_ref();
        let todos = entry.todos.map(|todos| todos.get());
        let row = Row {
            message_key: scene.message_key.clone(),
            r#type: clean(entry.kind.get().unwrap_or_default()),
            session: scene.session,
            time: scene.time,
            flags,
            parent_key: key(entry.parent.get()),
            logical_parent: key(entry.logical_parent.get()),
            usage_key,
            subtype: entry
                .subtype
                .get()
                .or(entry.attachment.kind.get())
                .or(entry.data.kind.get())
                .map(clean),
            role: message.role.get().map(clean),
            user_type: entry.user_type.get().map(clean),
            model: message.model.get().map(clean),
            cwd: entry.cwd.get().map(clean),
            git_branch: entry.git_branch.get().map(clean),
            claude_version: entry.version.get().map(clean),
            agent: scene.agent.unwrap_or_default(),
            device: &reader.cx.device,
            tool: said.tool.map(clean),
            stop_reason: message.stop_reason.get().map(clean),
            input_tokens: usage.and_then(|usage| usage.input.0),
            output_tokens: usage.and_then(|usage| usage.output.0),
            cache_read_tokens: usage.and_then(|usage| usage.cache_read.0),
            cache_creation_tokens: usage.and_then(|usage| usage.cache_creation.0),
            content_images: said.images.len() as i64,
            content_tool_uses: said.tool_uses,
            content_tool_results: said.tool_results,
            todos: todos.filter(|todos| todos.len() > 2 && todos.len() <= LONGEST_TODOS),
            content_text: said.text.take().map(cleaned),
            content_thinking: said.thinking.take().map(cleaned),
            content_tools: Some(cleaned(said.tools.into())).filter(|text| !text.is_empty()),
        };
        Self {
            row,
            images: said.images,
        }
    }

    pub(crate) fn record(&self) -> Record {
        Record::new(&MESSAGES, &self.row)
    }

    /// Keeps the pictures.
    pub(crate) fn images(
        &self,
        reader: &Reader<'_>,
        scene: &Scene<'_>,
        made: &mut Made<'_, '_>,
    ) -> Result<()> {
        for (position, source) in self.images.iter().enumerate() {
            let Some(data) = source.data.get() else {
                continue;
            };
            let Ok(bytes) = BASE64.decode(data) else {
                let why = "a picture of the message is not base64";
                let why = datalake_core::Reject::new("not-base64", why);
                made.out
                    .reject(scene.at.origin(), why, Sample::of(data.as_bytes()));
                continue;
            };
            let media_type = source.media_type.get().map(clean);
            let blake3: String = hash(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let row = ImageRow {
                session_id: scene.session,
                message_key: scene.message_key.clone(),
                position,
                media_type: media_type.as_deref(),
                size_bytes: bytes.len(),
                timestamp: scene.time,
                source_device: &reader.cx.device,
                blake3: &blake3,
            };
            let file = made.out.file(Blob {
                name: format!("{}.{}", cut(&blake3, 16), extension(media_type.as_deref())),
                content: Content::Bytes(Arc::from(bytes)),
                folder: "claude",
                made: scene.time,
                mode: FileMode::Copy,
            })?;
            let record = Record::new(&IMAGES, &row).file(file);
            made.push(record.origin(scene.at.origin()));
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct ImageRow<'a> {
    session_id: &'a str,
    message_key: Bytes,
    position: usize,
    blake3: &'a str,
    media_type: Option<&'a str>,
    size_bytes: usize,
    timestamp: Timestamp,
    source_device: &'a str,
}

fn key(uuid: Option<&str>) -> Option<Bytes> {
    uuid.map(|uuid| of_uuid(&clean(uuid)))
}

fn flags(scene: &Scene<'_>, entry: &Entry<'_>, said: &Said<'_>) -> i64 {
    let is_human = entry.is_human();
    let is_prompt = is_human && said.text.get().is_some_and(is_prompt);
    [
        (entry.is_sidechain.0, flag::SIDECHAIN),
        (entry.is_meta.0, flag::META),
        (entry.is_compact_summary.0, flag::COMPACT_SUMMARY),
        (is_human, flag::HUMAN),
        (is_prompt, flag::PROMPT),
        (entry.is_api_error.0, flag::API_ERROR),
        (
            scene.time_source != TimeSource::Embedded,
            flag::TIME_GUESSED,
        ),
        (said.has_failed, flag::TOOL_ERROR),
        (
            entry.subtype.get() == Some("compact_boundary"),
            flag::COMPACTION,
        ),
    ]
    .into_iter()
    .filter(|(is_so, _)| *is_so)
    .fold(0, |flags, (_, flag)| flags | flag)
}

fn extension(media_type: Option<&str>) -> &str {
    match media_type {
        Some("image/png") => "png",
        Some("image/jpeg" | "image/jpg") => "jpg",
        Some("image/gif") => "gif",
        Some("image/webp") => "webp",
        Some("application/pdf") => "pdf",
        Some(other) if other.starts_with("text/") => "txt",
        _ => "bin",
    }
}
