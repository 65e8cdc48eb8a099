//! The source: reads each file for what it is.

use datalake_core::{
    Context, Emit, FileEmit, FileSource, Files, KnownUnit, Paths, Piece, Reject, Result,
    TrackedFile,
};
use serde::de::IgnoredAny;

use crate::config::ClaudeConfig;
use crate::cursor::Cursor;
use crate::json::mended;
use crate::key::{line_hash, short_hash};
use crate::line::{Entry, Object};
use crate::place::{FileKind, Location, NAMES};
use crate::reader::{At, LineState, Reader};
use crate::{history, prices, side};

pub(crate) type Out<'a> = FileEmit<'a, Cursor>;

/// A source of sessions.
pub(crate) struct ClaudeSessions(pub(crate) ClaudeConfig);

impl FileSource for ClaudeSessions {
    type Cursor = Cursor;

    fn files(&self) -> Files {
        let Paths(roots) = &self.0.path;
        Files::append_only(roots.clone()).named(NAMES)
    }

    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        from: Cursor,
        out: &mut Out<'_>,
    ) -> Result<()> {
        let location = Location::of(file.unit().as_str(), file.path(), &self.0.path.0);
        match location.kind {
            FileKind::Log => self.log(cx, &location, file, from, out),
            FileKind::History => history::read(cx, file, out),
            _ => {
                side::read(cx, &location, file, out)?;
                out.commit(&file.end()?, &Cursor::default())
            }
        }
    }

    fn relate(&self, cx: &Context, _known: &[KnownUnit], out: &mut Emit<'_>) -> Result<()> {
        for record in prices::records(cx, self.0.prices.as_deref())? {
            out.push(record)?;
        }
        Ok(())
    }
}

impl ClaudeSessions {
    fn log(
        &self,
        cx: &Context,
        location: &Location,
        file: &mut TrackedFile,
        from: Cursor,
        out: &mut Out<'_>,
    ) -> Result<()> {
        let modified = file.modified();
        let limit = usize::try_from(self.0.tool_text).unwrap_or(usize::MAX);
        let mut reader = Reader::new(cx, location, modified, limit, from);
        let mut lines = file.lines();
        loop {
            if cx.cancel.is_cancelled() {
                reader.commit(&lines.place(), out)?;
                return Err(datalake_core::Error::cancelled());
            }
            match lines.next_line() {
                Ok(Some(piece)) => read_piece(&mut reader, &piece, out)?,
                Ok(None) => return reader.commit(&lines.place(), out),
                Err(error) => {
                    reader.commit(&lines.place(), out)?;
                    return Err(error);
                }
            }
            if out.is_due() {
                reader.commit(&lines.place(), out)?;
            }
        }
    }
}

fn read_piece(reader: &mut Reader<'_>, piece: &Piece<'_>, out: &mut Out<'_>) -> Result<()> {
    match piece {
        Piece::Line(line) => {
            let at = At {
                start: line.start,
                end: line.end,
                length: line.bytes.len() as u64,
                hash: line_hash(line.bytes),
            };
            with_entry(line, |entry| match entry {
                Ok(entry) => reader.entry(&at, &entry, out),
                Err(why) => {
                    let state = match why.code {
                        "not-an-object" => LineState::NoObject,
                        _ => LineState::NoJson,
                    };
                    out.reject(line.origin(), why, datalake_core::Sample::of(line.bytes));
                    reader.bad_line(&at, state, out)
                }
            })
        }
        Piece::Overlong(long) => {
            let at = At {
                start: long.start,
                end: long.end,
                length: long.sample.length,
                hash: short_hash(&long.sample.hash),
            };
            out.reject(long.origin(), long.reject(), long.sample.clone());
            reader.bad_line(&at, LineState::TooLong, out)
        }
    }
}

/// Parses a line, and gives what it says to `take`; of a line that is no object why it is none.
fn with_entry<T>(
    line: &datalake_core::Line<'_>,
    take: impl FnOnce(Result<Entry<'_>, Reject>) -> T,
) -> T {
    let text = std::str::from_utf8(line.bytes);
    if let Ok(text) = text {
        if let Ok(Object(entry)) = serde_json::from_str(text) {
            return take(Ok(entry));
        }
        if let Some(mended) = mended(text)
            && let Ok(Object(entry)) = serde_json::from_str(&mended)
        {
            return take(Ok(entry));
        }
    }
    match line.json::<IgnoredAny>() {
        Err(why) => take(Err(why)),
        // It is an object; whatever in it could not be read is not what we read.
        Ok(IgnoredAny) => take(Ok(Entry::default())),
    }
}
