//! Plugins whose records follow from something else than the input.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use datalake_core::{Context, Line, Result, Timestamp, TrackedFile, Zone};

use crate::model::{Cursor, LogConfig, Out, Parts, plugin, source};

/// Numbers its rows as they come, in the whole process.
struct KeyIsACounter;

impl Parts for KeyIsACounter {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    fn place(&self, _: &Context) -> String {
        static ROWS: AtomicU64 = AtomicU64::new(0);
        ROWS.fetch_add(1, Ordering::Relaxed).to_string()
    }
}

plugin!("key-is-a-counter", source::<KeyIsACounter>);

/// Has the name of the source in its key.
struct SourceInKey;

impl Parts for SourceInKey {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    fn place(&self, cx: &Context) -> String {
        cx.source.to_string()
    }
}

plugin!("source-in-key", source::<SourceInKey>);

/// Has the root's folder in its key.
struct RootInKey(Vec<PathBuf>);

impl Parts for RootInKey {
    fn new(config: &LogConfig) -> Self {
        Self(config.path.0.clone())
    }

    fn place(&self, _: &Context) -> String {
        let folder = self.0.first().and_then(|root| root.file_name());
        folder.unwrap_or_default().to_string_lossy().into_owned()
    }
}

plugin!("root-in-key", source::<RootInKey>);

/// Takes a time without a zone for one of the process's own zone.
struct LocalZone;

impl Parts for LocalZone {
    fn new(_: &LogConfig) -> Self {
        Self
    }

    fn time(&self, _: &Context, text: &str) -> Option<Timestamp> {
        Zone::system().parse(text)
    }
}

plugin!("local-zone", source::<LocalZone>);

/// Numbers the units as they are read.
#[derive(Default)]
struct CountsUnits(AtomicU64);

impl Parts for CountsUnits {
    fn new(_: &LogConfig) -> Self {
        Self::default()
    }

    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        from: Cursor,
        out: &mut Out<'_>,
    ) -> Result<()> {
        let unit = self.0.fetch_add(1, Ordering::Relaxed);
        Numbered(unit).read(cx, file, from, out)
    }
}

/// Writes a number into each record.
struct Numbered(u64);

impl Parts for Numbered {
    fn new(_: &LogConfig) -> Self {
        Self(0)
    }

    fn number(&self) -> Option<u64> {
        Some(self.0)
    }
}

plugin!("counts-units", source::<CountsUnits>);

/// Writes into each record how many of its batch came before it.
#[derive(Default)]
struct CountsBatches(AtomicU64);

impl Parts for CountsBatches {
    fn new(_: &LogConfig) -> Self {
        Self::default()
    }

    fn line(
        &self,
        cx: &Context,
        line: &Line<'_>,
        from: &mut Cursor,
        out: &mut Out<'_>,
    ) -> Result<()> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let done = Numbered(number).line(cx, line, from, out);
        if out.is_due() {
            self.0.store(0, Ordering::Relaxed);
        }
        done
    }
}

plugin!("counts-batches", source::<CountsBatches>);
