//! From a file to a row.

use datalake_core::name_time::{Made, NameTime, name_time};
use datalake_core::{
    Context, FileEmit, FileRef, Naming, Origin, Record, Reject, Result, Sample, Shown, TimeSource,
    Timestamp, TrackedFile, Version, Zone, hex,
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::SCREENSHOTS;
use crate::config::ScreenshotConfig;
use crate::name::app;
use crate::picture::{Picture, probe};
use crate::thumbnail::{Thumbnail, thumbnail};

/// Counts up when more or other things are read in images: what is read later wins.
const READING: u64 = 1;

/// Reads an image, keeps it, and makes its record with its small picture, in one pass over its bytes. Whatever the
/// content is, there is a record; only an empty file is rejected, and gives `None`.
pub(crate) fn ingest(
    cx: &Context,
    file: &mut TrackedFile,
    out: &mut FileEmit<'_, ()>,
    config: &ScreenshotConfig,
) -> Result<Option<Record>> {
    if file.size() == 0 {
        let why = "the file is empty: nothing was written to it, or not yet";
        out.reject(
            Origin::default(),
            Reject::new("empty", why),
            Sample::of(&[]),
        );
        return Ok(None);
    }
    let name = file.path().file_name().unwrap_or_default();
    let (named, name) = (name_time(name), name.to_string_lossy().into_owned());
    let modified = file.modified().unwrap_or_default();
    let mut intake = out.intake(file, config.mode)?;
    let picture = probe(&mut intake)?;
    let made = match config.thumbnails {
        true => Some(thumbnail(&mut intake, &picture, &mut || cx.signal())?),
        false => None,
    };
    let taken = Taken::find(&picture, named, modified, &cx.zone);
    let naming = Naming {
        folder: "screenshots",
        name: name.clone(),
        made: taken.made.time,
    };
    let kept = out.keep(intake, naming)?;
    let found = Found {
        name: &name,
        picture: &picture,
        taken: &taken,
        made,
    };
    Ok(Some(found.record(cx, kept)))
}

/// When a screenshot was taken.
struct Taken {
    /// What is written about it, as it is written.
    wall: String,
    made: Made,
}

impl Taken {
    /// What the image says of its making and its name count most, as of any thing; then what the image says of its last
    /// change, which an editor sets anew; then the file system.
    fn find(picture: &Picture, named: Option<NameTime>, modified: Timestamp, zone: &Zone) -> Self {
        let written = picture.written;
        let wall = named.or(written.map(|written| written.time));
        let of_making = written.filter(|written| written.field.is_of_making());
        let of_making = of_making.map(|written| written.time);
        let changed = || Made::written(written?.time, TimeSource::Embedded, zone);
        Self {
            wall: wall.map(|time| time.text()).unwrap_or_default(),
            made: Made::find(of_making, named, zone)
                .or_else(changed)
                .unwrap_or_else(|| Made::at(modified, TimeSource::Mtime, zone)),
        }
    }
}

/// A row. The fields are the columns.
#[derive(Serialize)]
struct Row<'a> {
    blake3: String,
    wall_time: &'a str,
    filename: &'a str,
    app: Option<&'a str>,
    source_device: &'a str,
    created_at: Timestamp,
    time_source: TimeSource,
    utc_offset: i32,
    size_bytes: u64,
    format: Option<&'a str>,
    width: Option<u32>,
    height: Option<u32>,
    bit_depth: Option<u8>,
    title: Option<&'a str>,
    software: Option<&'a str>,
    metadata: Option<Map<String, Value>>,
}

/// All that is known of a screenshot.
struct Found<'a> {
    name: &'a str,
    picture: &'a Picture,
    taken: &'a Taken,
    /// The small picture, or why there is none; nothing where none is wanted.
    made: Option<Result<Thumbnail, String>>,
}

impl Found<'_> {
    fn record(self, cx: &Context, kept: FileRef) -> Record {
        let Self {
            name,
            picture,
            taken,
            ..
        } = self;
        let size = picture.size();
        let row = Row {
            blake3: hex(kept.hash()),
            wall_time: &taken.wall,
            filename: name,
            app: app(name),
            source_device: &cx.device,
            created_at: taken.made.time,
            time_source: taken.made.source,
            utc_offset: taken.made.offset,
            size_bytes: kept.size(),
            format: picture.format.map(|format| format.name()),
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            bit_depth: picture.bit_depth(),
            title: picture.title.as_deref(),
            software: picture.software.as_deref(),
            metadata: self.metadata(),
        };
        let origin = Origin::bytes(0, kept.size());
        let record = Record::new(&SCREENSHOTS, &row)
            .origin(origin)
            .version(Version::number(READING))
            .file(kept);
        match self.made {
            Some(Ok(made)) => record.preview(made.preview()),
            _ => record,
        }
    }

    /// What has no column of its own.
    fn metadata(&self) -> Option<Map<String, Value>> {
        let mut all = Map::new();
        let mut add = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                all.insert(key.to_owned(), value);
            }
        };
        add("animated", self.picture.animated.then_some(true.into()));
        let clock = match self.taken.made.shown {
            Shown::Once => None,
            Shown::Never => Some("skipped".into()),
            Shown::Twice => Some("twice".into()),
        };
        add("clock", clock);
        let sentence = |why: &str| Value::from(format!("the image {why}"));
        add("problem", self.picture.problem().map(sentence));
        if self.picture.problem().is_none() {
            let reason = self.made.as_ref().and_then(|made| made.as_ref().err());
            add("thumbnail_reason", reason.map(|why| sentence(why)));
        }
        let written = self.picture.written;
        add("written", written.map(|written| written.time.text().into()));
        add(
            "written_in",
            written.map(|written| written.field.name().into()),
        );
        Some(all).filter(|all| !all.is_empty())
    }
}
