//! From files in a folder to rows, with every way in which a time is found.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use datalake_core::{
    Aside, Batch, Checkpoint, Context, FileMode, FixedClock, KnownUnit, Paths, Reading, Receipt,
    RecordRef, Result, Sink, SourceName, Timestamp, UnitId, ValueRef, Zone, async_trait,
    file_source,
};

use crate::Screenshots;
use crate::config::ScreenshotConfig;

/// A row, its columns as text.
type Row = BTreeMap<&'static str, String>;

/// Keeps what is written, in memory.
#[derive(Default)]
struct Written {
    folder: Option<tempfile::TempDir>,
    rows: Mutex<Vec<Row>>,
    rejects: Mutex<Vec<String>>,
}

fn row(record: &RecordRef<'_>) -> Row {
    let columns = record.dataset.columns;
    let values = record.values().filter_map(|(column, value)| {
        let text = match value {
            ValueRef::Null => return None,
            ValueRef::Text(text) => text.to_owned(),
            ValueRef::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        Some((columns[column].name, text))
    });
    let mut row: Row = values.collect();
    if let Some(extras) = record.extras {
        let copied = extras
            .file
            .as_ref()
            .is_some_and(|file| file.staged().staged.is_some());
        row.insert("copied", copied.to_string());
        row.insert("previews", extras.previews.len().to_string());
    }
    row
}

#[async_trait]
impl Sink for Written {
    async fn write(&self, batch: Batch) -> Result<Receipt> {
        self.rows
            .lock()
            .unwrap()
            .extend(batch.records().map(|record| row(&record)));
        let codes = batch
            .rejects()
            .iter()
            .map(|reject| reject.why.code.to_string());
        self.rejects.lock().unwrap().extend(codes);
        Ok(Receipt::default())
    }

    async fn checkpoint(&self, _source: &SourceName, _unit: &UnitId) -> Result<Option<Checkpoint>> {
        Ok(None)
    }

    async fn known(&self, _source: &SourceName) -> Result<Vec<KnownUnit>> {
        Ok(Vec::new())
    }

    fn aside(&self) -> Result<Aside> {
        let folder = self.folder.as_ref().unwrap().path();
        let path = folder.join(format!("{}", fs::read_dir(folder).unwrap().count()));
        let file = Some(fs::File::create_new(&path).unwrap());
        Ok(Aside { path, file })
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    fs::read(folder.join(name)).unwrap()
}

/// Reads what `path` names, and gives rows in the order of their names, and codes of rejects.
fn read(path: PathBuf, zone: &str, mode: FileMode, thumbnails: bool) -> (Vec<Row>, Vec<String>) {
    let source = file_source(Screenshots(ScreenshotConfig {
        path: Paths(vec![path]),
        mode,
        thumbnails,
    }));
    let clock = Arc::new(FixedClock(Timestamp::EPOCH));
    let zone = Zone::named(zone).unwrap();
    let context = Context::new("test".into(), "laptop".into(), zone, clock, 1);
    let sink = Arc::new(Written {
        folder: Some(tempfile::tempdir().unwrap()),
        ..Written::default()
    });
    let reading = Reading::new(source, context, sink.clone(), 1);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        for unit in reading.units().await.unwrap() {
            let (read, written) = reading.unit(&unit, 1).await;
            read.unwrap();
            written.unwrap();
        }
    });
    let mut rows = sink.rows.lock().unwrap().clone();
    rows.sort_by(|a, b| a["filename"].cmp(&b["filename"]));
    (rows, sink.rejects.lock().unwrap().clone())
}

/// The row of one image under a name.
fn one(name: &str, image: &str, zone: &str) -> Row {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), fixture(image)).unwrap();
    let (mut rows, rejects) = read(folder.path().to_owned(), zone, FileMode::Copy, true);
    assert_eq!((rows.len(), rejects.len()), (1, 0));
    rows.remove(0)
}

#[track_caller]
fn taken(name: &str, image: &str, expected: [&str; 4]) {
    let row = one(name, image, "Europe/Berlin");
    let columns = ["created_at", "time_source", "utc_offset", "wall_time"];
    assert_eq!(columns.map(|column| row[column].as_str()), expected);
}

#[test]
fn a_time_in_the_name_counts_unless_the_image_says_when_it_was_made() {
    let named = "Screenshot From 2020-06-01 10-00-00.png";
    let by_name = [
        "2020-06-01T08:00:00.000000Z",
        "name",
        "7200",
        "2020-06-01T10:00:00",
    ];
    taken(named, "rgb.png", by_name);
    // The last change is no time of making.
    taken(named, "time.png", by_name);
    taken(
        named,
        "exif.jpg",
        [
            "2026-01-10T06:30:00.045000Z",
            "embedded",
            "19800",
            "2020-06-01T10:00:00",
        ],
    );
    taken(
        named,
        "rfc1123.png",
        [
            "2026-01-10T06:30:00.000000Z",
            "embedded",
            "3600",
            "2020-06-01T10:00:00",
        ],
    );
}

#[test]
fn a_day_in_the_name_counts_less_than_a_time_in_the_image() {
    let named = "IMG-20260111-WA0001.png";
    let by_day = ["2026-01-10T23:00:00.000000Z", "name", "3600", "2026-01-11"];
    taken(named, "rgb.png", by_day);
    taken(named, "time.png", by_day);
    taken(
        named,
        "locale.png",
        [
            "2026-01-10T11:00:00.000000Z",
            "embedded",
            "3600",
            "2026-01-11",
        ],
    );
}

#[test]
fn without_a_name_the_image_tells_and_then_the_file_system() {
    taken(
        "image.png",
        "time.png",
        [
            "2026-01-10T06:30:00.000000Z",
            "embedded",
            "3600",
            "2026-01-10T06:30:00Z",
        ],
    );
    let row = one("Screenshot (12).png", "rgb.png", "UTC");
    assert_eq!((&*row["time_source"], &*row["wall_time"]), ("mtime", ""));
}

#[test]
fn clock_changes_are_flagged() {
    let row = one("2026-03-29-023000_hyprshot.png", "rgb.png", "Europe/Berlin");
    assert_eq!(row["created_at"], "2026-03-29T01:30:00.000000Z");
    assert_eq!(row["metadata"], r#"{"clock":"skipped"}"#);
    let row = one("2026-10-25-023000_hyprshot.png", "rgb.png", "Europe/Berlin");
    assert_eq!(
        (&*row["created_at"], &*row["utc_offset"]),
        ("2026-10-25T00:30:00.000000Z", "7200")
    );
    assert_eq!(row["metadata"], r#"{"clock":"twice"}"#);
}

#[test]
fn reasons_are_told() {
    let row = one("page.png", "page.png", "UTC");
    assert_eq!(
        row["metadata"],
        r#"{"problem":"the image is not of a known format"}"#
    );
    assert!(!row.contains_key("width") && !row.contains_key("format"));
    let row = one("cut.png", "truncated.png", "UTC");
    assert_eq!(
        row["metadata"],
        r#"{"thumbnail_reason":"the image ends too early"}"#
    );
    assert_eq!((&*row["width"], &*row["previews"]), ("64", "0"));
    let row = one("moving.png", "animated.png", "UTC");
    assert_eq!(
        (&*row["metadata"], &*row["previews"]),
        (r#"{"animated":true}"#, "1")
    );
}

#[test]
fn images_are_found_by_extension_and_others_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("2026/January");
    fs::create_dir_all(&inside).unwrap();
    for name in [
        "a.PNG",
        "b.Jpg",
        "2026/January/c.webp",
        "screenrecording-2026-01-10_12-00-00.mp4",
        "notes.txt",
    ] {
        fs::write(folder.path().join(name), fixture("rgb.png")).unwrap();
    }
    fs::write(folder.path().join("empty.png"), "").unwrap();
    let (rows, rejects) = read(folder.path().to_owned(), "UTC", FileMode::Copy, true);
    let names: Vec<&str> = rows.iter().map(|row| row["filename"].as_str()).collect();
    assert_eq!(names, ["a.PNG", "b.Jpg", "c.webp"]);
    assert_eq!(rejects, ["empty"]);
    // Named itself, a file is read whatever its name.
    let (rows, _) = read(folder.path().join("notes.txt"), "UTC", FileMode::Copy, true);
    assert_eq!((&*rows[0]["format"], &*rows[0]["previews"]), ("png", "1"));
}

#[test]
fn the_configuration_says_what_is_made_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.png"), fixture("rgb.png")).unwrap();
    let made = |mode, thumbnails| {
        let (rows, _) = read(folder.path().to_owned(), "UTC", mode, thumbnails);
        (
            rows[0]["copied"].clone(),
            rows[0]["previews"].clone(),
            rows[0].get("metadata").cloned(),
        )
    };
    let expected = |copied: &str, previews: &str| (copied.to_owned(), previews.to_owned(), None);
    assert_eq!(made(FileMode::Copy, true), expected("true", "1"));
    assert_eq!(made(FileMode::Copy, false), expected("true", "0"));
    assert_eq!(made(FileMode::Reference, true), expected("false", "1"));
}
