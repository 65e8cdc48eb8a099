//! Raw input as it is given back: what is kept, and its bytes, held against their hashes.

use std::time::Duration;

use datalake_core::{Error, Result, unpack_raw};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::reader::Reader;

/// What has become of the file whose bytes are kept, as far as the last look tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawFile {
    /// It is there.
    Present,
    /// It is there with another content.
    Replaced,
    /// It is gone.
    Gone,
}

/// A content whose raw bytes are kept: one generation of one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawContent {
    /// The number of the content, as rows have it.
    pub origin: i64,
    /// The source that has read it.
    pub source: String,
    /// The unit, under the name that it has now.
    pub unit: String,
    /// Which content of the unit it is, counted from 0.
    pub generation: u32,
    /// How many bytes are kept.
    pub bytes: u64,
    /// Whether that was all there was when it was read last.
    pub ended: bool,
    /// Whether its last line has no end.
    pub torn: bool,
    /// What has become of the file.
    pub file: RawFile,
}

impl Reader {
    /// All contents whose raw bytes are kept, by source, unit and generation.
    ///
    /// # Errors
    /// The database cannot be read, or not before `deadline`.
    pub fn raw_contents(&self, deadline: Duration) -> Result<Vec<RawContent>> {
        self.read(deadline, contents)
    }

    /// The content of this source, unit and generation, if its raw bytes are kept.
    ///
    /// # Errors
    /// As [`Reader::raw_contents`].
    pub fn raw_content(
        &self,
        (source, unit, generation): (&str, &str, u32),
        deadline: Duration,
    ) -> Result<Option<RawContent>> {
        let sql = format!("{SELECT} WHERE o.source = ?1 AND o.unit = ?2 AND o.generation = ?3");
        self.read(deadline, |db| {
            db.prepare_cached(&sql)?
                .query_row(params![source, unit, generation], content)
                .optional()
        })
    }

    /// Whether all of these contents have the same raw bytes.
    ///
    /// # Errors
    /// As [`Reader::raw_contents`].
    pub fn same_raw(&self, contents: &[RawContent], deadline: Duration) -> Result<bool> {
        self.read(deadline, |db| {
            let mut first: Option<Vec<i64>> = None;
            for content in contents {
                let blocks = blocks(db, content.origin)?;
                if *first.get_or_insert_with(|| blocks.clone()) != blocks {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// Hands out the raw bytes of a content in their order, as they are at one moment, until `take` says stop by
    /// returning false. Each piece is handed out after its hash was found right; reading a piece may take until
    /// `deadline`.
    ///
    /// # Errors
    /// The bytes are damaged or not all there; else as [`Reader::raw_contents`].
    pub fn raw_bytes(
        &self,
        content: &RawContent,
        deadline: Duration,
        mut take: impl FnMut(&[u8]) -> Result<bool>,
    ) -> Result<()> {
        let sql = "SELECT c.length, p.start, b.length, b.hash, b.content FROM raw_contents AS c
                   LEFT JOIN raw_parts AS p ON p.origin = c.origin LEFT JOIN raw_blocks AS b ON b.id = p.block
                   WHERE c.origin = ?1 ORDER BY p.start";
        let failed = |error| self.explain(error);
        let mut statement = self.connection().prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query([content.origin]).map_err(failed)?;
        let (mut position, mut length) = (0, None);
        loop {
            self.allow(deadline);
            let Some(row) = rows.next().map_err(failed)? else {
                break;
            };
            let piece = piece(row).map_err(failed)?;
            length = Some(piece.whole);
            let Some((start, bytes)) = piece.found else {
                break;
            };
            let bytes = bytes.filter(|_| start == position);
            let bytes = bytes.ok_or_else(|| damaged(content, position))?;
            position += bytes.len() as u64;
            if !take(&bytes)? {
                return Ok(());
            }
        }
        match length {
            Some(length) if length == position => Ok(()),
            _ => Err(damaged(content, position)),
        }
    }
}

/// A block as it was found: where it begins, and its bytes if they are right.
struct Piece {
    /// How long the whole content is.
    whole: u64,
    found: Option<(u64, Option<Vec<u8>>)>,
}

fn piece(row: &Row<'_>) -> rusqlite::Result<Piece> {
    let start: Option<i64> = row.get(1)?;
    let found = start
        .map(|start| -> rusqlite::Result<_> {
            let (hash, content) = (row.get_ref(3)?.as_blob()?, row.get_ref(4)?.as_blob()?);
            Ok((start as u64, unpack_raw(content, row.get(2)?, hash)))
        })
        .transpose()?;
    Ok(Piece {
        whole: row.get::<_, i64>(0)? as u64,
        found,
    })
}

fn damaged(content: &RawContent, position: u64) -> Error {
    let RawContent {
        source,
        unit,
        generation,
        ..
    } = content;
    let message = format!("the raw bytes that are kept are damaged from byte {position} on");
    Error::permanent(message)
        .at(format!("{source} {unit} (generation {generation})"))
        .hint("restore a backup of the database")
}

const SELECT: &str =
    "SELECT c.origin, o.source, o.unit, o.generation, c.length, c.ended, c.torn, k.missing,
        k.generation IS NOT o.generation
     FROM raw_contents AS c JOIN origins AS o ON o.id = c.origin
     LEFT JOIN checkpoints AS k ON k.source = o.source AND k.unit = o.unit";

fn contents(db: &Connection) -> rusqlite::Result<Vec<RawContent>> {
    let sql = format!("{SELECT} ORDER BY o.source, o.unit, o.generation");
    db.prepare_cached(&sql)?.query_map([], content)?.collect()
}

fn content(row: &Row<'_>) -> rusqlite::Result<RawContent> {
    let missing: Option<bool> = row.get(7)?;
    let file = match (missing, row.get(8)?) {
        (Some(false), false) => RawFile::Present,
        (Some(false), true) => RawFile::Replaced,
        (Some(true) | None, _) => RawFile::Gone,
    };
    Ok(RawContent {
        origin: row.get(0)?,
        source: row.get(1)?,
        unit: row.get(2)?,
        generation: row.get(3)?,
        bytes: row.get::<_, i64>(4)? as u64,
        ended: row.get(5)?,
        torn: row.get(6)?,
        file,
    })
}

/// The numbers of a content's blocks: equal contents have the same.
fn blocks(db: &Connection, origin: i64) -> rusqlite::Result<Vec<i64>> {
    let sql = "SELECT block FROM raw_parts WHERE origin = ?1 ORDER BY start";
    db.prepare_cached(sql)?
        .query_map([origin], |row| row.get(0))?
        .collect()
}
