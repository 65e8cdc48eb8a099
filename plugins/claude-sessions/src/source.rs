//! The source: reads each file for what it is.

use std::sync::Arc;

use datalake_core::{
    Context, Emit, FileEmit, FileSource, Files, KnownUnit, Piece, Record, Reject, Result, Source,
    TrackedFile, file_source, together,
};
use serde::de::IgnoredAny;

use crate::config::ClaudeConfig;
use crate::cursor::Cursor;
use crate::json::mended;
use crate::key::{line_hash, short_hash};
use crate::line::{Entry, Object};
use crate::place::{BESIDE, FileKind, LOGS, Location};
use crate::reader::{At, LineState, Reader};
use crate::{history, prices, side};

pub(crate) type Out<'a> = FileEmit<'a, Cursor>;

/// What one line makes. All of it goes into one batch.
pub(crate) struct Made<'o, 'e> {
    pub(crate) out: &'o mut Out<'e>,
    records: Vec<Record>,
}

impl<'o, 'e> Made<'o, 'e> {
    pub(crate) fn new(out: &'o mut Out<'e>) -> Self {
        Self {
            out,
            records: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, record: Record) {
        self.records.push(record);
    }

    pub(crate) fn records(self) -> Vec<Record> {
        self.records
    }

    pub(crate) fn finish(self) -> Result<()> {
        self.out.push_all(self.records)
    }
}

/// The logs.
pub(crate) struct Logs(pub(crate) Arc<ClaudeConfig>);

/// The files beside the logs, which are written anew.
pub(crate) struct Beside(pub(crate) Arc<ClaudeConfig>);

/// The source of all of them.
pub(crate) fn source(config: ClaudeConfig) -> Arc<dyn Source> {
    let config = Arc::new(config);
    let logs = file_source(Logs(config.clone()));
    together([logs, file_source(Beside(config))])
}

impl FileSource for Logs {
    type Cursor = Cursor;

    fn files(&self) -> Files {
        Files::append_only(self.0.path.0.clone())
            .named(LOGS)
            .keep_raw()
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
            FileKind::History => history::read(cx, file, out),
            _ => self.log(cx, &location, file, from, out),
        }
    }

    fn relate(&self, cx: &Context, _known: &[KnownUnit], out: &mut Emit<'_>) -> Result<()> {
        prices::relate(cx, self.0.prices.as_deref(), out)
    }
}

impl FileSource for Beside {
    type Cursor = ();

    fn files(&self) -> Files {
        Files::whole(self.0.path.0.clone()).named(BESIDE)
    }

    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        _from: (),
        out: &mut FileEmit<'_, ()>,
    ) -> Result<()> {
        let location = Location::of(file.unit().as_str(), file.path(), &self.0.path.0);
        side::read(cx, &location, file, out)?;
        out.commit(&file.end()?, &())
    }
}

impl Logs {
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
    let mut made = Made::new(out);
    match piece {
        Piece::Line(line) => {
            let at = At {
                start: line.start,
                end: line.end,
                length: line.bytes.len() as u64,
                hash: line_hash(line.bytes),
            };
            with_entry(line, |entry| match entry {
                Ok(entry) => reader.entry(&at, &entry, &mut made),
                Err(why) => {
                    let state = match why.code {
                        "not-an-object" => LineState::NoObject,
                        _ => LineState::NoJson,
                    };
                    let sample = datalake_core::Sample::of(line.bytes);
                    made.out.reject(line.origin(), why, sample);
                    reader.bad_line(&at, state, &mut made);
                    Ok(())
                }
            })?;
        }
        Piece::Overlong(long) => {
            let at = At {
                start: long.start,
                end: long.end,
                length: long.sample.length,
                hash: short_hash(&long.sample.hash),
            };
            made.out
                .reject(long.origin(), long.reject(), long.sample.clone());
            reader.bad_line(&at, LineState::TooLong, &mut made);
        }
    }
    made.finish()
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
