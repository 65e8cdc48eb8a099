//! Makes a source of a parser that gets one line at a time: the smallest kind of plugin.

use std::sync::Arc;

use serde::Deserialize;

use super::emit::{FileEmit, ReplayEmit};
use super::file_source::{FileSource, file_source};
use super::lines::{Line, Piece};
use super::tracked::TrackedFile;
use super::{Class, Files};
use crate::checkpoint::UnitId;
use crate::error::{Error, Result};
use crate::output::{Emit, Output};
use crate::record::Record;
use crate::reject::{Kept, Reject, Sample};
use crate::source::{Context, Source};

/// A parser that makes records of a line, each line by itself.
///
/// ```
/// use std::path::PathBuf;
/// use datalake_core::{Column, Context, Dataset, Files, Line, LineEmit, LineSource, Record};
///
/// static NOTES: Dataset =
///     Dataset::rows("notes", "Notes").columns(&[Column::text("body")]).key(&["body"]);
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Note { body: String }
///
/// struct Notes(PathBuf);
///
/// impl LineSource for Notes {
///     fn files(&self) -> Files {
///         Files::append_only([&self.0]).named(["*.jsonl"])
///     }
///
///     fn line(
///         &self,
///         _cx: &Context,
///         _line: &Line<'_>,
///         out: &mut LineEmit<'_>,
///     ) -> datalake_core::Result<()> {
///         let Some(note) = out.json::<Note>() else { return Ok(()) };
///         out.push(Record::new(&NOTES, &note))
///     }
/// }
///
/// let source = datalake_core::line_source(Notes(PathBuf::from("/home/me/notes")));
/// assert_eq!(source.roots().len(), 1);
/// ```
pub trait LineSource: Send + Sync + 'static {
    /// The files it reads; they only grow. Asked once.
    fn files(&self) -> Files;

    /// Reads one line that is not blank. A line of which nothing is pushed is fine.
    fn line(&self, cx: &Context, line: &Line<'_>, out: &mut LineEmit<'_>) -> Result<()>;
}

/// The source that reads files line by line with `parser`.
pub fn line_source<T: LineSource>(parser: T) -> Arc<dyn Source> {
    file_source(ByLine(parser))
}

/// What a [`LineSource`] pushes into; it knows the line.
pub struct LineEmit<'a> {
    output: &'a mut Output,
    line: Line<'a>,
}

impl<'a> LineEmit<'a> {
    /// Adds a record. It gets the place of the line, unless it has one.
    pub fn push(&mut self, mut record: Record) -> Result<()> {
        if let Some(why) = record.refused.take() {
            self.reject(Reject::new("cannot-store", why));
            return Ok(());
        }
        record.origin.get_or_insert_with(|| self.line.origin());
        Emit::new(self.output).hold(record)
    }

    /// The unit the line stands in: its file, relative to the source's root.
    pub fn unit(&self) -> &UnitId {
        self.output.unit()
    }

    /// Notes that the line became no record, with its place and its bytes.
    pub fn reject(&mut self, why: Reject) {
        self.output
            .reject(self.line.origin(), why, Sample::of(self.line.bytes));
    }

    /// The JSON object of the line; where it holds none, that is noted as a reject.
    pub fn json<T: Deserialize<'a>>(&mut self) -> Option<T> {
        self.line.json().map_err(|why| self.reject(why)).ok()
    }

    /// The text of the line; where it is none, that is noted as a reject.
    pub fn text(&mut self) -> Option<&'a str> {
        self.line.text().map_err(|why| self.reject(why)).ok()
    }
}

/// A line parser as a file parser. The offset is all the cursor it needs.
struct ByLine<T>(T);

impl<T: LineSource> FileSource for ByLine<T> {
    type Cursor = ();

    fn files(&self) -> Files {
        Files {
            class: Class::AppendOnly,
            ..self.0.files()
        }
    }

    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        _from: (),
        out: &mut FileEmit<'_, ()>,
    ) -> Result<()> {
        let mut lines = file.lines();
        loop {
            if cx.cancel.is_cancelled() {
                out.commit(&lines.place(), &())?;
                return Err(Error::cancelled());
            }
            match lines.next_line() {
                Ok(Some(piece)) => self.piece(cx, piece, out)?,
                Ok(None) => return out.commit(&lines.place(), &()),
                Err(error) => {
                    out.commit(&lines.place(), &())?;
                    return Err(error);
                }
            }
            if out.is_due() {
                out.commit(&lines.place(), &())?;
            }
        }
    }
    fn replay(
        &self,
        cx: &Context,
        _unit: &UnitId,
        input: &Kept,
        out: &mut ReplayEmit<'_>,
    ) -> Result<bool> {
        // Without bytes it is about the file and not about a line: no line is empty.
        let Some(bytes) = input.bytes().filter(|bytes| !bytes.is_empty()) else {
            return Ok(false);
        };
        let line = Line {
            bytes,
            start: input.origin.start,
            end: input.origin.end,
        };
        let output = out.output();
        self.0.line(cx, &line, &mut LineEmit { output, line })?;
        Ok(true)
    }
}

impl<T: LineSource> ByLine<T> {
    fn piece(&self, cx: &Context, piece: Piece<'_>, out: &mut FileEmit<'_, ()>) -> Result<()> {
        let output = out.output();
        match piece {
            Piece::Line(line) => self.0.line(cx, &line, &mut LineEmit { output, line }),
            Piece::Overlong(long) => {
                output.reject(long.origin(), long.reject(), long.sample);
                Ok(())
            }
        }
    }
}
