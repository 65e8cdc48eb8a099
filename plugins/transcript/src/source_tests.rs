//! Folders with transcripts, read as the program reads them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use datalake_core::{
    Aside, Batch, Checkpoint, Context, FileMode, FixedClock, KnownUnit, Paths, Reading, Receipt,
    Result, Sink, SourceName, Timestamp, UnitId, Value, ValueRef, Zone, async_trait, bundle_source,
};

use crate::config::TranscriptConfig;
use crate::source::Transcripts;

/// What was written: rows by column, links, and rejects with their places.
#[derive(Default)]
struct Written {
    folder: PathBuf,
    rows: Mutex<Vec<Row>>,
    rejects: Mutex<Vec<(String, &'static str)>>,
}

#[derive(Debug, Clone)]
struct Row {
    dataset: &'static str,
    values: BTreeMap<&'static str, Value>,
    links: Vec<(&'static str, String)>,
    place: String,
    kept: Option<Vec<u8>>,
}

impl Row {
    #[track_caller]
    fn text(&self, column: &str) -> &str {
        match self.values.get(column) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }
}

#[async_trait]
impl Sink for Written {
    async fn write(&self, batch: Batch) -> Result<Receipt> {
        for record in batch.records() {
            let columns = record.dataset.columns;
            let values = record.values().map(|(column, value)| {
                let value = match value {
                    ValueRef::Entry(entry) => {
                        Value::Text(batch.dictionary()[entry as usize - 1].to_string())
                    }
                    value => Value::from(value),
                };
                (columns[column].name, value)
            });
            let extras = record.extras.unwrap();
            let staged = extras.file.as_ref().map(|file| file.staged());
            let links = extras
                .links
                .iter()
                .map(|link| (link.kind, link.value.to_string()));
            let copy = staged.and_then(|staged| staged.staged.as_ref());
            self.rows.lock().unwrap().push(Row {
                dataset: record.dataset.name,
                values: values.collect(),
                links: links.collect(),
                place: record.pointer.unwrap().to_string(),
                kept: copy.map(|path| fs::read(path).unwrap()),
            });
        }
        for reject in batch.rejects() {
            let place = reject.origin.pointer.as_ref().unwrap().to_string();
            self.rejects.lock().unwrap().push((place, reject.why.code));
        }
        Ok(Receipt::default())
    }

    async fn checkpoint(&self, _source: &SourceName, _unit: &UnitId) -> Result<Option<Checkpoint>> {
        Ok(None)
    }

    async fn known(&self, _source: &SourceName) -> Result<Vec<KnownUnit>> {
        Ok(Vec::new())
    }

    fn aside(&self) -> Result<Aside> {
        let number = fs::read_dir(&self.folder).unwrap().count();
        let path = self.folder.join(number.to_string());
        let file = Some(fs::File::create(&path).unwrap());
        Ok(Aside { path, file })
    }
}

struct Told {
    /// The transcripts.
    rows: Vec<Row>,
    /// Files beside them.
    files: Vec<Row>,
    rejects: Vec<(String, &'static str)>,
    skipped: Vec<String>,
}

/// Reads files with these contents.
fn read(files: &[(&str, &[u8])], change: impl FnOnce(&mut TranscriptConfig)) -> Told {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join("in").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    read_folder(folder.path(), change)
}

fn read_folder(folder: &Path, change: impl FnOnce(&mut TranscriptConfig)) -> Told {
    let mut config = TranscriptConfig {
        path: Paths(vec![folder.join("in")]),
        mode: FileMode::Copy,
        provider: None,
        language: None,
    };
    change(&mut config);
    let kept = folder.join("kept");
    fs::create_dir(&kept).unwrap();
    let sink = Arc::new(Written {
        folder: kept,
        ..Written::default()
    });
    let zone = Zone::named("Asia/Kolkata").unwrap();
    let clock = Arc::new(FixedClock(Timestamp::EPOCH));
    let context = Context::new("test".into(), "desk".into(), zone, clock, 1);
    let reading = Reading::new(
        bundle_source(Transcripts::new(config)),
        context,
        sink.clone(),
        1,
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let mut skipped = Vec::new();
    runtime.block_on(async {
        for (unit, attempt) in reading.units().await.unwrap().iter().zip(1..) {
            let (read, written) = reading.unit(unit, attempt).await;
            read.unwrap();
            skipped.extend(written.unwrap().skipped.map(|_| unit.id.to_string()));
        }
    });
    let rows = sink.rows.lock().unwrap().clone();
    let (rows, files) = rows
        .into_iter()
        .partition(|row| row.dataset == "transcripts");
    let rejects = sink.rejects.lock().unwrap().clone();
    Told {
        rows,
        files,
        rejects,
        skipped,
    }
}

const WHISPER: &[u8] = include_bytes!("../fixtures/talk.json");
const SRT: &[u8] = include_bytes!("../fixtures/talk.en.srt");
const DEEPGRAM: &[u8] = include_bytes!("../fixtures/formats/deepgram.json");

#[test]
fn five_files_of_whisper_are_one_row() {
    let text = b"Hello there, how are you?\nFine.\n";
    let vtt = b"WEBVTT\n\n00:00.000 --> 00:02.000\nHello there, how are you?\n\n00:02.000 --> 00:03.000\nFine.\n";
    let tsv = include_bytes!("../fixtures/formats/whisper.tsv");
    let told = read(
        &[
            ("talks/a.json", WHISPER),
            ("talks/a.srt", SRT),
            ("talks/a.tsv", tsv),
            ("talks/a.txt", text),
            ("talks/a.vtt", vtt),
        ],
        |_| {},
    );
    let [row] = &told.rows[..] else {
        panic!("{:?}", told.rows)
    };
    assert_eq!(
        (row.text("stem"), row.text("filename"), row.place.as_str()),
        ("talks/a", "a.json", "a.json")
    );
    assert_eq!(row.text("content"), "Hello there, how are you? Fine.");
    assert_eq!(row.values["word_count"], Value::Integer(6));
    assert_eq!(row.text("metadata"), "");
    assert_eq!(row.kept.as_deref(), Some(WHISPER));
    // The others are kept as well, and lead to it.
    let kept = |row: &Row| {
        let text = |column| row.text(column).to_owned();
        (text("name"), text("format"), row.kept.clone().unwrap())
    };
    let expected: [(&str, &str, &[u8]); 4] = [
        ("talks/a.srt", "srt", SRT),
        ("talks/a.tsv", "tsv", tsv),
        ("talks/a.txt", "txt", text),
        ("talks/a.vtt", "vtt", vtt),
    ];
    let expected = expected.map(|(name, format, bytes)| (name.into(), format.into(), bytes.into()));
    assert!(told.files.iter().map(kept).eq(expected));
    let link = [("stem", "desk/talks/a".to_owned())];
    assert!(told.files.iter().all(|file| file.links == link));
    let formats = r#"{"a.json":"whisper","a.srt":"srt","a.tsv":"tsv","a.txt":"txt","a.vtt":"vtt"}"#;
    assert_eq!(row.text("formats"), formats);
    assert!(told.rejects.is_empty() && told.skipped.is_empty());
}

#[test]
fn a_bad_file_spoils_no_other() {
    let told = read(
        &[
            ("a.json", b"{\"text\": \"cut"),
            ("a.srt", SRT),
            ("a.txt", b""),
            ("b.json", b"[1]"),
        ],
        |_| {},
    );
    assert_eq!(told.rows.len(), 1);
    assert_eq!(told.rows[0].text("filename"), "a.srt");
    let rejects = [
        ("a.json".to_owned(), "cut-off"),
        ("b.json".to_owned(), "no-transcript"),
    ];
    assert_eq!(told.rejects, rejects);
    // What could not be read is kept.
    let kept = |row: &Row| (row.text("problem").to_owned(), row.kept.clone().unwrap());
    let expected = [
        ("cut-off".to_owned(), b"{\"text\": \"cut".to_vec()),
        ("no-transcript".to_owned(), b"[1]".to_vec()),
    ];
    assert!(told.files.iter().map(kept).eq(expected));
}

#[test]
fn what_is_too_much_together_spoils_no_other() {
    let words = |count: usize| {
        let words = r#"{"word":"a"},"#.repeat(count);
        format!(r#"{{"words": [{words}{{}}], "text": "a"}}"#)
    };
    let half = words(crate::MOST_PARTS / 2);
    let told = read(
        &[
            ("a.json", half.as_bytes()),
            ("a.wav.json", half.as_bytes()),
            ("a.txt", b"a"),
        ],
        |_| {},
    );
    assert_eq!(told.rejects, [("a.wav.json".to_owned(), "too-large")]);
    assert_eq!(
        told.rows[0].text("formats"),
        r#"{"a.json":"json","a.txt":"txt"}"#
    );
    assert_eq!(told.files.len(), 2);
}

#[test]
fn files_without_bytes_wait() {
    let told = read(
        &[("a.txt", b""), ("a.srt", b""), ("b.txt", b"Okay.")],
        |_| {},
    );
    assert_eq!(told.skipped, ["a"]);
    assert_eq!(told.rows.len(), 1);
    assert!(told.rejects.is_empty());
}

#[test]
fn recordings_are_found_by_hash_then_stem_then_sibling() {
    let told = read(
        &[
            ("x/transcripts/call.wav.json", DEEPGRAM),
            ("a.en.json", WHISPER),
        ],
        |_| {},
    );
    let sha256 = "154e291ecfa8be6ab8343560bcc109008fa7853eb5372533e8efdefc9b504c33".to_owned();
    let links = |row: &Row| row.links.clone();
    let stem = |value: &str| ("stem", format!("desk/{value}"));
    let sibling = |value: &str| ("sibling", format!("desk/{value}"));
    assert_eq!(
        links(&told.rows[0]),
        [stem("a"), stem("a.en"), sibling("a")]
    );
    let expected = [
        ("sha256", sha256),
        stem("x/transcripts/call"),
        sibling("x/call"),
    ];
    assert_eq!(links(&told.rows[1]), expected);
}

#[test]
fn the_time_is_the_contents_then_the_names_then_the_files() {
    let told = read(
        &[
            ("20260213_101500_call.json", DEEPGRAM),
            ("20260213_101500_local-whisper.txt", b"Okay."),
            ("x.txt", b"Okay."),
        ],
        |_| {},
    );
    let times: Vec<_> = told
        .rows
        .iter()
        .map(|row| {
            (
                row.text("time_source"),
                row.text("created_at"),
                row.values["utc_offset"].clone(),
            )
        })
        .collect();
    let offset = Value::Integer(19_800);
    assert_eq!(
        times[0],
        ("embedded", "2026-01-10T06:30:00.123000Z", offset.clone())
    );
    assert_eq!(times[1], ("name", "2026-02-13T04:45:00.000000Z", offset));
    assert_eq!(times[2].0, "mtime");
}

#[test]
fn the_configuration_fills_what_nothing_says() {
    let told = read(
        &[
            ("20260213_101500_nova-2.txt", b"Okay."),
            ("a.txt", b"Okay."),
            ("b.json", WHISPER),
            ("c.de.srt", SRT),
            ("c.txt", b"Oui."),
        ],
        |config| {
            config.provider = Some("assemblyai".to_owned());
            config.language = Some("french".to_owned());
            config.mode = FileMode::Reference;
        },
    );
    let facts: Vec<_> = told
        .rows
        .iter()
        .map(|row| {
            (
                row.text("provider"),
                row.text("model"),
                row.text("language"),
            )
        })
        .collect();
    let expected = [
        ("deepgram", "nova-2", "fr"),
        ("assemblyai", "", "fr"),
        ("whisper", "", "en"),
        ("assemblyai", "", "fr"),
    ];
    assert_eq!(facts, expected);
    assert!(told.rows.iter().all(|row| row.kept.is_none()));
    let other = &told.rows[3];
    assert_eq!(
        (other.text("filename"), other.text("flags")),
        ("c.txt", r#"["texts-differ"]"#)
    );
    let variants = other.text("metadata");
    assert!(
        variants
            .starts_with(r#"{"variants":[{"file":"c.de.srt","language":"de","text":"Hello there"#),
        "{variants}"
    );
}

#[test]
fn giants_are_refused_by_their_size_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    let file = fs::File::create(folder.path().join("in/a.json")).unwrap();
    fs::write(folder.path().join("in/b.txt"), "Okay.").unwrap();
    file.set_len(crate::LONGEST_FILE + 1).unwrap();
    let told = read_folder(folder.path(), |_| {});
    assert_eq!(told.rejects, [("a.json".to_owned(), "too-large")]);
    assert_eq!(told.rows.len(), 1);
    let kept = told.files[0].kept.as_ref().unwrap();
    assert_eq!(kept.len() as u64, crate::LONGEST_FILE + 1);
}
