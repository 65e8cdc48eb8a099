//! The floor of reading Claude Code's logs: each line parsed once into borrowed structs, its texts stored and indexed, the
//! usage of each response merged, and the raw bytes of each file kept in the same blocks; one thread, one transaction a
//! file.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Outcome;
use crate::floor::CACHE_MIB;

/// How many bytes of the input and output of a tool are stored, as the program does by default.
const TOOL_TEXT: usize = 1024;
/// The blocks of the program.
const BLOCK: usize = 128 << 10;
const LIMIT: usize = 1 << 20;
const LEVEL: i32 = 3;

const SCHEMA: &str = "
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY, uuid TEXT NOT NULL, session TEXT NOT NULL, type TEXT NOT NULL, parent TEXT,
        timestamp TEXT, cwd TEXT, model TEXT, content_text TEXT, content_thinking TEXT, content_tools TEXT,
        UNIQUE (uuid, type, session)
    );
    CREATE VIRTUAL TABLE messages_fts USING fts5(
        content_text, content_thinking, content_tools, content = 'messages', content_rowid = 'id',
        tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE TABLE usage (
        message TEXT, request TEXT, input INTEGER, output INTEGER, created INTEGER, read INTEGER,
        PRIMARY KEY (message, request)
    ) WITHOUT ROWID;
    CREATE TABLE raw (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, length INTEGER, content BLOB);
    CREATE TABLE parts (file TEXT, start INTEGER, block INTEGER, PRIMARY KEY (file, start)) WITHOUT ROWID;";
const MESSAGE: &str = "INSERT INTO messages
    (uuid, session, type, parent, timestamp, cwd, model, content_text, content_thinking, content_tools)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING";
const INDEX: &str = "INSERT INTO messages_fts(rowid, content_text, content_thinking, content_tools)
    SELECT id, content_text, content_thinking, content_tools FROM messages WHERE id > ?1";
const USAGE: &str = "INSERT INTO usage VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET
    output = max(output, excluded.output)";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    uuid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    session_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    parent_uuid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    timestamp: Option<Cow<'a, str>>,
    #[serde(borrow)]
    cwd: Option<Cow<'a, str>>,
    #[serde(borrow)]
    request_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Usage {
    input_tokens: i64,
    output_tokens: i64,
    cache_creation_input_tokens: i64,
    cache_read_input_tokens: i64,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    thinking: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

/// The texts of a message.
#[derive(Default)]
struct Texts {
    text: String,
    thinking: String,
    tools: String,
}

/// Reads all logs below `root` into a new database.
pub(crate) fn floor(root: &Path, database: &Path) -> Outcome<()> {
    let db = Connection::open(database)?;
    db.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -{}; {SCHEMA}",
        CACHE_MIB * 1024
    ))?;
    let mut packer = zstd::bulk::Compressor::new(LEVEL)?;
    for path in logs(root)? {
        let bytes = fs::read(&path)?;
        db.execute_batch("BEGIN")?;
        read(&db, &bytes)?;
        keep(&db, &mut packer, &path.to_string_lossy(), &bytes)?;
        db.execute_batch("COMMIT")?;
    }
    db.close().map_err(|(_, error)| error.into())
}

/// All logs below a folder, in the order of their paths.
pub(crate) fn logs(root: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    find(root, &mut files)?;
    files.sort();
    Ok(files)
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Outcome<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, found)?;
        } else if path.extension().is_some_and(|end| end == "jsonl") {
            found.push(path);
        }
    }
    Ok(())
}

fn read(db: &Connection, bytes: &[u8]) -> Outcome<()> {
    let last: i64 = db.query_row("SELECT coalesce(max(id), 0) FROM messages", [], |row| {
        row.get(0)
    })?;
    let mut message = db.prepare_cached(MESSAGE)?;
    let mut usage = db.prepare_cached(USAGE)?;
    for line in std::str::from_utf8(bytes)?.lines() {
        let line: Line<'_> = serde_json::from_str(line)?;
        let (Some(uuid), Some(session)) = (&line.uuid, &line.session_id) else {
            continue;
        };
        let said = line.message.as_ref();
        let texts = said.and_then(|said| said.content).map(texts).transpose()?;
        let texts = texts.unwrap_or_default();
        let model = said.and_then(|said| said.model.as_deref());
        message.execute(params![
            uuid,
            session,
            line.kind,
            line.parent_uuid,
            line.timestamp,
            line.cwd,
            model,
            texts.text,
            texts.thinking,
            texts.tools
        ])?;
        if let Some((said, used)) = said.and_then(|said| Some((said, said.usage.as_ref()?))) {
            usage.execute(params![
                said.id,
                line.request_id,
                used.input_tokens,
                used.output_tokens,
                used.cache_creation_input_tokens,
                used.cache_read_input_tokens
            ])?;
        }
    }
    db.prepare_cached(INDEX)?.execute([last])?;
    Ok(())
}

fn texts(content: &RawValue) -> Outcome<Texts> {
    let mut texts = Texts::default();
    if content.get().starts_with('"') {
        texts.text = serde_json::from_str(content.get())?;
        return Ok(texts);
    }
    for block in serde_json::from_str::<Vec<Block<'_>>>(content.get())? {
        add(&mut texts.text, block.text.as_deref());
        add(&mut texts.thinking, block.thinking.as_deref());
        add(&mut texts.tools, block.name.as_deref());
        add(&mut texts.tools, block.input.map(|input| cut(input.get())));
        let said: Option<Cow<'_, str>> = match block.content {
            Some(said) if said.get().starts_with('"') => {
                Some(serde_json::from_str::<String>(said.get())?.into())
            }
            said => said.map(|said| said.get().into()),
        };
        add(&mut texts.tools, said.as_deref().map(cut));
    }
    Ok(texts)
}

fn add(to: &mut String, text: Option<&str>) {
    if let Some(text) = text {
        if !to.is_empty() {
            to.push('\n');
        }
        to.push_str(text);
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TOOL_TEXT)]
}

/// Stores the raw bytes of a file.
fn keep(
    db: &Connection,
    packer: &mut zstd::bulk::Compressor<'_>,
    file: &str,
    bytes: &[u8],
) -> Outcome<()> {
    let mut block = db.prepare_cached(
        "INSERT INTO raw (hash, length, content) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET length = length RETURNING id",
    )?;
    let mut part = db.prepare_cached("INSERT INTO parts VALUES (?1, ?2, ?3)")?;
    let mut start = 0;
    while start < bytes.len() {
        let end = bytes.len().min(start + LIMIT);
        let early = (start + BLOCK - 1).min(end);
        let line = bytes[early..end].iter().position(|byte| *byte == b'\n');
        let end = line.map_or(end, |found| early + found + 1);
        let own = &bytes[start..end];
        let hash = blake3::hash(own);
        let packed = packer.compress(own)?;
        let values = params![&hash.as_bytes()[..], own.len() as i64, packed];
        let id: i64 = block.query_row(values, |row| row.get(0))?;
        part.execute(params![file, start as i64, id])?;
        start = end;
    }
    Ok(())
}

/// What zstd leaves of the logs below a folder, each compressed as a whole.
pub(crate) fn compressed(root: &Path) -> Outcome<u64> {
    let sizes = logs(root)?;
    let sizes = sizes.iter().map(|path| -> Outcome<u64> {
        Ok(zstd::bulk::compress(&fs::read(path)?, LEVEL)?.len() as u64)
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::super::tree::tree;
    use super::*;

    #[test]
    fn the_floor_has_all_that_is_in_the_tree() {
        let folder = tempfile::tempdir().unwrap();
        let (root, database) = (folder.path().join("tree"), folder.path().join("f.db"));
        let made = tree(&root, 2_000_000).unwrap();
        floor(&root, &database).unwrap();
        let db = Connection::open(&database).unwrap();
        let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as u64;
        assert_eq!(
            one("SELECT count(*) FROM messages WHERE type IN ('user', 'assistant')"),
            made.messages
        );
        assert_eq!(one("SELECT count(*) FROM usage"), made.responses);
        assert_eq!(one("SELECT sum(output) FROM usage"), made.output_tokens);
        assert_eq!(
            one("SELECT sum(length) FROM parts JOIN raw ON raw.id = block"),
            made.bytes
        );
        assert!(one("SELECT count(*) FROM messages_fts WHERE messages_fts MATCH 'nextest'") > 0);
        // As compressible as public logs are: a tenth to a quarter of their bytes is left.
        let share = compressed(&root).unwrap() as f64 / made.bytes as f64;
        assert!((0.08..0.25).contains(&share), "{share}");
    }
}
