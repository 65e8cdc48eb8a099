//! Plugins that know wrongly where they stopped, or do not care.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use datalake_core::{
    Checkpoint, Context, Error, Line, Origin, Output, Piece, Record, Reject, Result, Sample,
    Section, Source, TrackedFile, Unit, UnitId, async_trait,
};

use crate::model::{Cursor, Entry, LogConfig, Out, Parts, WORDS, plugin, source};

/// Commits the cursor of a line before the line's record.
struct CursorFirst;

impl Parts for CursorFirst {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        mut from: Cursor,
        out: &mut Out<'_>,
    ) -> Result<()> {
        let mut lines = file.lines();
        loop {
            if self.stops(cx) {
                return Err(Error::cancelled());
            }
            let (bytes, start, end) = match lines.next_line()? {
                None => return out.commit(&lines.place(), &from),
                Some(Piece::Line(line)) => (line.bytes.to_vec(), line.start, line.end),
                Some(Piece::Overlong(long)) => {
                    out.reject(long.origin(), long.reject(), long.sample);
                    continue;
                }
            };
            out.commit(&lines.place(), &from)?;
            let line = Line {
                bytes: &bytes,
                start,
                end,
            };
            self.line(cx, &line, &mut from, out)?;
        }
    }
}

plugin!("cursor-first", source::<CursorFirst>);

/// Takes what has no line break yet for a line.
struct HalvesLines;

impl Parts for HalvesLines {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        mut from: Cursor,
        out: &mut Out<'_>,
    ) -> Result<()> {
        let mut lines = file.lines();
        let rest = loop {
            if self.stops(cx) {
                out.commit(&lines.place(), &from)?;
                return Err(Error::cancelled());
            }
            match lines.next_line()? {
                None => break lines.place().offset(),
                Some(Piece::Line(line)) => self.line(cx, &line, &mut from, out)?,
                Some(Piece::Overlong(long)) => {
                    out.reject(long.origin(), long.reject(), long.sample)
                }
            }
            if out.is_due() {
                out.commit(&lines.place(), &from)?;
            }
        };
        let mut bytes = Vec::new();
        let read = file
            .seek(SeekFrom::Start(rest))
            .and_then(|_| file.read_to_end(&mut bytes));
        read.map_err(|error| Error::io("the rest", error))?;
        if !bytes.is_empty() {
            let end = rest + bytes.len() as u64;
            let line = Line {
                bytes: &bytes,
                start: rest,
                end,
            };
            self.line(cx, &line, &mut from, out)?;
        }
        out.commit(&file.end()?, &from)
    }
}

plugin!("halves-lines", source::<HalvesLines>);

/// Reads everything every time.
struct ForgetsCursor;

impl Parts for ForgetsCursor {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        mut from: Cursor,
        out: &mut Out<'_>,
    ) -> Result<()> {
        let (start, mut before) = (file.start() as usize, Vec::new());
        file.rewind()
            .and_then(|()| file.read_to_end(&mut before))
            .map_err(|error| Error::io("the start", error))?;
        let mut at = 0;
        for bytes in before[..start].split_inclusive(|byte| *byte == b'\n') {
            let end = at + bytes.len() as u64;
            let line = Line {
                bytes: bytes.strip_suffix(b"\n").unwrap_or(bytes),
                start: at,
                end,
            };
            self.line(cx, &line, &mut from, out)?;
            at = end;
        }
        Again.read(cx, file, from, out)
    }
}

/// The rest of [`ForgetsCursor`].
struct Again;

impl Parts for Again {
    fn new(_: &LogConfig) -> Self {
        Self
    }
}

plugin!("forgets-cursor", source::<ForgetsCursor>);

/// Keeps far too much in its cursor.
struct FatCursor;

impl Parts for FatCursor {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    fn takes(&self, _: &Entry, _: &Cursor) -> bool {
        true
    }

    fn line(
        &self,
        cx: &Context,
        line: &Line<'_>,
        from: &mut Cursor,
        out: &mut Out<'_>,
    ) -> Result<()> {
        from.ballast = "ballast ".repeat(600);
        Again.line(cx, line, from, out)
    }
}

plugin!("fat-cursor", source::<FatCursor>);

/// Takes any entry that is not later than the last one for one that it has read.
struct LosesTies;

impl Parts for LosesTies {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    fn takes(&self, entry: &Entry, from: &Cursor) -> bool {
        entry.at.as_micros() > from.last
    }
}

plugin!("loses-ties", source::<LosesTies>);

/// Does not listen to a wish to stop.
struct IgnoresCancel;

impl Parts for IgnoresCancel {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    fn stops(&self, _: &Context) -> bool {
        false
    }
}

plugin!("ignores-cancel", source::<IgnoresCancel>);

/// Takes a cursor of any version for one of its own.
struct AnyVersion(Arc<dyn Source>);

#[async_trait]
impl Source for AnyVersion {
    async fn units(&self, cx: &Context) -> Result<Vec<Unit>> {
        self.0.units(cx).await
    }

    async fn read(
        &self,
        cx: &Context,
        unit: &Unit,
        from: Option<Checkpoint>,
        out: &mut Output,
    ) -> Result<()> {
        let version = cx.cursor_version;
        let from = from.map(|from| Checkpoint { version, ..from });
        self.0.read(cx, unit, from, out).await
    }
}

plugin!("any-version", |section: &mut Section| {
    let inner = source::<Again>(section)?;
    Some(Arc::new(AnyVersion(inner)))
});

/// Follows files by their name and size alone, without the adapters.
struct ByName(Vec<PathBuf>);

#[async_trait]
impl Source for ByName {
    async fn units(&self, _: &Context) -> Result<Vec<Unit>> {
        let mut units = Vec::new();
        let folders = self.0.iter().filter_map(|root| fs::read_dir(root).ok());
        for entry in folders.flatten().flatten() {
            let (path, name) = (
                entry.path(),
                entry.file_name().to_string_lossy().into_owned(),
            );
            if name.ends_with(".log") {
                units.push(Unit {
                    path: Some(path),
                    ..Unit::new(UnitId::new(name))
                });
            }
        }
        units.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(units)
    }

    async fn read(
        &self,
        cx: &Context,
        unit: &Unit,
        from: Option<Checkpoint>,
        out: &mut Output,
    ) -> Result<()> {
        let Some(path) = &unit.path else {
            return Ok(());
        };
        let bytes = fs::read(path).map_err(|error| Error::io(path.display(), error))?;
        let from = from
            .filter(|_| !cx.full)
            .and_then(|from| from.decode::<u64>(cx.cursor_version));
        let mut at = from
            .filter(|offset| *offset <= bytes.len() as u64)
            .unwrap_or(0);
        let start = at;
        for line in bytes[at as usize..].split_inclusive(|byte| *byte == b'\n') {
            if cx.cancel.is_cancelled() {
                return Err(Error::cancelled());
            }
            if !line.ends_with(b"\n") {
                break;
            }
            let end = at + line.len() as u64;
            self.line(cx, line.trim_ascii(), Origin::bytes(at, end), out)
                .await?;
            out.count(end - at);
            at = end;
            out.commit(at).await?;
        }
        if start == at && from.is_none() {
            out.commit(at).await?;
        }
        Ok(())
    }

    fn roots(&self) -> Vec<PathBuf> {
        self.0.clone()
    }
}

impl ByName {
    async fn line(&self, cx: &Context, bytes: &[u8], at: Origin, out: &mut Output) -> Result<()> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        if bytes.is_empty() {
            return Ok(());
        }
        let text = std::str::from_utf8(bytes)
            .ok()
            .filter(|text| !text.contains('\0'));
        let entry = text.map(|text| Again.entry(cx, text));
        match entry.unwrap_or_else(|| Err(Reject::new("no-text", "it is no text"))) {
            Ok(entry) => out.push(Record::new(&WORDS, &entry).origin(at)).await,
            Err(why) => {
                out.reject(at, why, Sample::of(bytes));
                Ok(())
            }
        }
    }
}

plugin!("by-name", |section: &mut Section| {
    let config = LogConfig::from_section(section)?;
    Some(Arc::new(ByName(config.path.0)))
});
