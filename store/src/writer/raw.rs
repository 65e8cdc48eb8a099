//! Rows about raw input: the blocks of a content follow each other from its first byte on, whatever is read again,
//! broken off or taken back. A block is stored once, whoever refers to it.

use datalake_core::{Error, RawBlock, hash, unpack_raw};
use rusqlite::{Connection, OptionalExtension, params};

use super::Failure;

/// A block that stands at some place of a content.
struct Standing {
    block: i64,
    length: u32,
    hash: Vec<u8>,
}

/// Stores blocks that follow each other. `end` is the length of the content, where all of it has come.
pub(crate) fn store(
    db: &Connection,
    origin: i64,
    blocks: &[RawBlock],
    end: Option<u64>,
) -> Result<(), Failure> {
    let mut changed = false;
    for block in blocks {
        changed |= put(db, origin, block, end == Some(block.end()))?;
    }
    if let Some(end) = end {
        changed |= cut(db, origin, end)? > 0;
    }
    if changed || end.is_some() {
        let torn = blocks.last().map(|block| !block.ends_line);
        note(db, origin, end, torn)?;
    }
    Ok(())
}

/// Puts a block at its place. Returns whether that changes anything.
fn put(db: &Connection, origin: i64, block: &RawBlock, last: bool) -> Result<bool, Failure> {
    if let Some(standing) = standing(db, origin, block.start)?
        && (standing.hash == block.hash || (!last && begins_with(db, &standing, block)?))
    {
        return Ok(false);
    }
    cut(db, origin, block.start)?;
    if length(db, origin)? != block.start {
        return Err(gap(db, origin)?.into());
    }
    let id = block_id(db, block)?;
    db.prepare_cached("INSERT INTO raw_parts (origin, start, block) VALUES (?1, ?2, ?3)")?
        .execute(params![origin, block.start as i64, id])?;
    Ok(true)
}

fn standing(db: &Connection, origin: i64, start: u64) -> rusqlite::Result<Option<Standing>> {
    let sql =
        "SELECT b.id, b.length, b.hash FROM raw_parts AS p JOIN raw_blocks AS b ON b.id = p.block
               WHERE p.origin = ?1 AND p.start = ?2";
    db.prepare_cached(sql)?
        .query_row(params![origin, start as i64], |row| {
            Ok(Standing {
                block: row.get(0)?,
                length: row.get(1)?,
                hash: row.get(2)?,
            })
        })
        .optional()
}

/// Whether a block is the beginning of one that stands there: the content was read further before, and is being read
/// again. Nothing of it is taken out only because this reading has not come as far.
fn begins_with(db: &Connection, standing: &Standing, block: &RawBlock) -> rusqlite::Result<bool> {
    if standing.length <= block.length {
        return Ok(false);
    }
    let content = db
        .prepare_cached("SELECT content FROM raw_blocks WHERE id = ?1")?
        .query_row([standing.block], |row| {
            let content = row.get_ref(0)?.as_blob()?;
            Ok(unpack_raw(content, standing.length, &standing.hash))
        })?;
    let beginning = content
        .as_deref()
        .and_then(|content| content.get(..block.length as usize));
    Ok(beginning.is_some_and(|beginning| hash(beginning) == block.hash))
}

/// Takes out what stands at `end` or behind it, and blocks that nobody refers to any more. Returns how many went.
fn cut(db: &Connection, origin: i64, end: u64) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM raw_parts WHERE origin = ?1 AND start >= ?2 RETURNING block";
    let blocks: Vec<i64> = db
        .prepare_cached(sql)?
        .query_map(params![origin, end as i64], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let unused = "DELETE FROM raw_blocks WHERE id = ?1
                  AND NOT EXISTS (SELECT 1 FROM raw_parts WHERE block = ?1)";
    for block in &blocks {
        db.prepare_cached(unused)?.execute([block])?;
    }
    Ok(blocks.len())
}

/// The number of a block, stored if it is new.
fn block_id(db: &Connection, block: &RawBlock) -> rusqlite::Result<i64> {
    let known = db
        .prepare_cached("SELECT id FROM raw_blocks WHERE hash = ?1")?
        .query_row([&block.hash[..]], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    db.prepare_cached("INSERT INTO raw_blocks (hash, length, content) VALUES (?1, ?2, ?3)")?
        .execute(params![&block.hash[..], block.length, block.packed])?;
    Ok(db.last_insert_rowid())
}

/// How many bytes of a content are kept.
fn length(db: &Connection, origin: i64) -> rusqlite::Result<u64> {
    let sql = "SELECT p.start + b.length FROM raw_parts AS p JOIN raw_blocks AS b ON b.id = p.block
               WHERE p.origin = ?1 ORDER BY p.start DESC LIMIT 1";
    let length: Option<i64> = db
        .prepare_cached(sql)?
        .query_row([origin], |row| row.get(0))
        .optional()?;
    Ok(length.unwrap_or_default() as u64)
}

/// Notes how much is kept now. What is not known of the last line is as it was.
fn note(db: &Connection, origin: i64, end: Option<u64>, torn: Option<bool>) -> Result<(), Failure> {
    let length = length(db, origin)?;
    if end.is_some_and(|end| end != length) {
        return Err(gap(db, origin)?.into());
    }
    let sql = "INSERT INTO raw_contents (origin, length, ended, torn) VALUES (?1, ?2, ?3, coalesce(?4, 0))
               ON CONFLICT DO UPDATE SET length = ?2, ended = ?3, torn = iif(?2 = 0, 0, coalesce(?4, torn))";
    db.prepare_cached(sql)?
        .execute(params![origin, length as i64, end.is_some(), torn])?;
    Ok(())
}

/// Nobody but an error or a hand in the tables makes one.
fn gap(db: &Connection, origin: i64) -> rusqlite::Result<Error> {
    let sql = "SELECT source, unit FROM origins WHERE id = ?1";
    let (source, unit): (String, String) =
        db.query_row(sql, [origin], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Error::bug("the raw bytes that are kept have a gap")
        .at(unit.clone())
        .hint(format!(
            "have the file read again from its start: datalake cursor reset {source} {unit:?}"
        )))
}
