//! A plugin in parts: with all of them as they stand here it keeps every rule. Each broken one replaces a part.

use std::sync::Arc;

use datalake_core::{
    Column, Context, Dataset, Error, FileEmit, FileSource, Files, Line, Origin, Paths, Piece,
    Recognised, Record, Reject, Result, Sample, Secret, Section, Sniffed, Source, Timestamp,
    TrackedFile, file_source,
};
use serde::{Deserialize, Serialize};

pub(crate) static WORDS: Dataset = Dataset::rows("words", "What a log says, one entry a line")
    .columns(&[
        Column::text("place"),
        Column::time("at"),
        Column::text("words"),
        Column::integer("number"),
    ])
    .key(&["place", "at", "words"])
    .time("at")
    .text(&["words"]);

pub(crate) const SCHEMA: &str = "
CREATE TABLE words (
    id INTEGER PRIMARY KEY, place TEXT NOT NULL, at TEXT NOT NULL, words TEXT NOT NULL, number INTEGER
    /* kept by the store */,
    UNIQUE (place, at, words)
);
CREATE VIRTUAL TABLE words_fts USING fts5(words, content = words, content_rowid = id);";

datalake_core::config! {
    /// Logs of words.
    pub(crate) struct LogConfig {
        /// Files or folders with `*.log` files.
        pub(crate) path: Paths = ["~/logs"],
        /// What opens the door.
        #[example("a token")]
        pub(crate) token: Secret,
    }
}

/// Where a reading stands, besides the offset.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The time of the last entry, in microseconds.
    pub(crate) last: i64,
    /// Nothing that anybody needs.
    pub(crate) ballast: String,
}

pub(crate) type Out<'a> = FileEmit<'a, Cursor>;

/// One entry.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    pub(crate) place: String,
    pub(crate) at: Timestamp,
    pub(crate) words: String,
    pub(crate) number: Option<u64>,
}

/// The parts.
pub(crate) trait Parts: Sized + Send + Sync + 'static {
    fn new(config: &LogConfig) -> Self;

    /// Reads a file.
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
                out.commit(&lines.place(), &from)?;
                return Err(Error::cancelled());
            }
            match lines.next_line()? {
                None => return out.commit(&lines.place(), &from),
                Some(Piece::Line(line)) => self.line(cx, &line, &mut from, out)?,
                Some(Piece::Overlong(long)) => {
                    out.reject(long.origin(), long.reject(), long.sample)
                }
            }
            if out.is_due() {
                out.commit(&lines.place(), &from)?;
            }
        }
    }

    /// Whether somebody asked it to stop.
    fn stops(&self, cx: &Context) -> bool {
        cx.cancel.is_cancelled()
    }

    /// Reads a line.
    fn line(
        &self,
        cx: &Context,
        line: &Line<'_>,
        from: &mut Cursor,
        out: &mut Out<'_>,
    ) -> Result<()> {
        match self.text(line).and_then(|text| self.entry(cx, text)) {
            Ok(entry) if self.takes(&entry, from) => {
                from.last = entry.at.as_micros();
                out.push(Record::new(&WORDS, &entry).origin(line.origin()))
            }
            Ok(_) => Ok(()),
            Err(why) => {
                self.reject(line.origin(), why, line, out);
                Ok(())
            }
        }
    }

    fn text<'a>(&self, line: &Line<'a>) -> std::result::Result<&'a str, Reject> {
        line.text()
    }

    fn entry(&self, cx: &Context, text: &str) -> std::result::Result<Entry, Reject> {
        let (time, words) =
            split(text).ok_or_else(|| Reject::new("no-entry", "it has no time and words"))?;
        let at = self
            .time(cx, time)
            .ok_or_else(|| Reject::new("no-time", "it begins with no time"))?;
        Ok(Entry {
            place: self.place(cx),
            at,
            words: words.to_owned(),
            number: self.number(),
        })
    }

    /// The instant that a time means.
    fn time(&self, cx: &Context, text: &str) -> Option<Timestamp> {
        cx.zone.parse(text)
    }

    /// Where the entry belongs.
    fn place(&self, cx: &Context) -> String {
        cx.device.to_string()
    }

    fn number(&self) -> Option<u64> {
        None
    }

    /// Whether an entry is new.
    fn takes(&self, _entry: &Entry, _from: &Cursor) -> bool {
        true
    }

    fn reject(&self, at: Origin, why: Reject, line: &Line<'_>, out: &mut Out<'_>) {
        out.reject(at, why, Sample::of(line.bytes));
    }
}

/// The time, which ends with the last blank that a time can have, and the words.
fn split(text: &str) -> Option<(&str, &str)> {
    let end = if text.as_bytes().get(10) == Some(&b' ') {
        19
    } else {
        text.find(' ')?
    };
    let (time, words) = text.split_at_checked(end)?;
    Some((time, words.strip_prefix(' ')?))
}

struct Model<P> {
    parts: P,
    files: Files,
}

impl<P: Parts> FileSource for Model<P> {
    type Cursor = Cursor;

    fn files(&self) -> Files {
        self.files.clone()
    }

    fn read(
        &self,
        cx: &Context,
        file: &mut TrackedFile,
        from: Cursor,
        out: &mut Out<'_>,
    ) -> Result<()> {
        self.parts.read(cx, file, from, out)
    }
}

/// The source with these parts.
pub(crate) fn source<P: Parts>(section: &mut Section) -> Option<Arc<dyn Source>> {
    let config = LogConfig::from_section(section)?;
    Some(file_source(Model {
        parts: P::new(&config),
        files: Files::append_only(config.path.0).named(["*.log"]),
    }))
}

/// Takes what is called a log.
pub(crate) fn by_name(file: &Sniffed<'_>) -> Recognised {
    match file.ends_with(&[".log"]) {
        true => Recognised::Name,
        false => Recognised::No,
    }
}

/// Registers a plugin with the fixtures of the model.
macro_rules! plugin {
    ($name:literal, $build:expr) => {
        plugin!($name, $crate::model::LogConfig, $build);
    };
    ($name:literal, $config:ty, $build:expr) => {
        plugin!($name, $config, $crate::model::by_name, $build);
    };
    ($name:literal, $config:ty, $recognises:expr, $build:expr) => {
        datalake_core::register_source! {
            name: $name,
            summary: "Logs made up for tests",
            stability: Experimental,
            cursor_version: 2,
            config: $config,
            datasets: [&$crate::model::WORDS],
            schema: $crate::model::SCHEMA,
            recognises: $recognises,
            fixtures: ["one.log", "two.log"],
            fixture_config: "path = [\"{root}\"]\ntoken = \"open sesame\"\n",
            build: $build,
        }
    };
}
pub(crate) use plugin;

/// The plugin with every part as it should be.
struct Good;

impl Parts for Good {
    fn new(_: &LogConfig) -> Self {
        Self
    }
}

plugin!("good", source::<Good>);
