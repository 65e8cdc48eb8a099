//! Files that are gone and whose raw bytes are kept: where they have to be read again, for a parser that has changed or
//! because the last reading was broken off, they are read from what is kept.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::value::RawValue;

use super::Files;
use super::identity::Bookmark;
use super::opened::{Opened, Stop};
use super::scan::is_wanted;
use crate::checkpoint::KnownUnit;
use crate::error::{Error, Result};
use crate::output::{Emit, Output};
use crate::source::{Context, Unit};
use crate::time::Timestamp;

/// The units to read from what is kept of them: gone at the look before, too, so that nobody takes a disk that is not
/// there just now for one that is empty. Of several sources that are one, each has those that it would find.
pub(crate) fn units(files: &Files, cx: &Context, present: &[Unit]) -> Vec<Unit> {
    let is_there = |known: &KnownUnit| {
        let found = present.binary_search_by(|unit| unit.id.cmp(&known.id));
        found.is_ok()
    };
    let known = cx.known.values().filter(|_| cx.chosen.is_none());
    let ours = |known: &KnownUnit| is_wanted(files, known.id.as_str(), false);
    let gone = known.filter(|known| known.missing && ours(known));
    let gone = gone.filter(|known| has_more(cx, known) && !is_there(known));
    gone.map(|known| Unit {
        size: known.raw,
        modified: known.state.modified,
        kept: true,
        ..Unit::new(known.id.clone())
    })
    .collect()
}

/// Whether more is kept of it than this version of the parser has read.
fn has_more(cx: &Context, known: &KnownUnit) -> bool {
    let stored = known.checkpoint.as_ref();
    let stored = stored.filter(|stored| stored.version == cx.cursor_version);
    let stored =
        stored.and_then(|stored| serde_json::from_str::<Bookmark<&RawValue>>(&stored.cursor).ok());
    match stored {
        Some(Bookmark { file: mark, .. }) => !mark.end && known.raw > mark.offset,
        None => known.raw > 0,
    }
}

/// A file that is removed when it is dropped.
pub(crate) struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Lays out what is kept of a unit, as a file that was changed when the original was. Nothing where nothing may be laid
/// out, as in a rehearsal, or nothing is kept.
pub(crate) fn lay_out(
    known: &KnownUnit,
    out: &mut Output,
) -> Result<Option<(Opened, Draft)>, Stop> {
    let aside = Emit::new(out).aside()?;
    let Some(mut file) = aside.file else {
        return Ok(None);
    };
    let draft = Draft(aside.path);
    let failed = |error| Error::io(draft.0.display(), error);
    let mut write = |bytes: &[u8]| file.write_all(bytes).map_err(failed);
    if !out.raw(known.state.generation, &mut write)? {
        return Ok(None);
    }
    if let Some(modified) = known.state.modified {
        set_modified(&file, modified).map_err(failed)?;
    }
    Ok(Some((Opened::open(&draft.0)?, draft)))
}

fn set_modified(file: &File, modified: Timestamp) -> io::Result<()> {
    let micros = modified.as_micros();
    let distance = Duration::from_micros(micros.unsigned_abs());
    let time = match micros < 0 {
        true => SystemTime::UNIX_EPOCH.checked_sub(distance),
        false => SystemTime::UNIX_EPOCH.checked_add(distance),
    };
    time.map_or(Ok(()), |time| file.set_modified(time))
}
