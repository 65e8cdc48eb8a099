//! The statements of the predecessor's README, unchanged, in a stock `sqlite3`.

use datalake_core::{Column, Dataset, Merge, Output, Record, Timestamp};
use serde::Serialize;

use crate::outside::sqlite3;
use crate::support::{Home, job};

static AUDIO: Dataset = Dataset::rows("audio", "Recordings")
    .columns(&[
        Column::text("filename"),
        Column::real("duration_seconds"),
        Column::text("source_device"),
        Column::time("created_at").merge(Merge::Time),
        Column::text("time_source").merge(Merge::Time),
        Column::text("blake3"),
        Column::text("title"),
        Column::text("artist"),
        Column::text("album"),
        Column::text("comment"),
    ])
    .key(&["blake3"])
    .time("created_at")
    .title("filename")
    .text(&["filename", "title", "artist", "album", "comment", "tags"])
    .file("file_path")
    .device("source_device")
    .tags();

static TRANSCRIPTS: Dataset = Dataset::rows("transcripts", "Transcripts")
    .columns(&[
        Column::text("filename"),
        Column::text("content"),
        Column::text("source_device"),
        Column::text("stem"),
        Column::time("created_at"),
        Column::integer("audio_id").merge(Merge::Link),
    ])
    .key(&["source_device", "stem"])
    .time("created_at")
    .title("filename")
    .text(&["content", "filename", "tags"])
    .file("file_path")
    .device("source_device")
    .tags();

const NEWEST: &str =
    "SELECT filename, duration_seconds, tags FROM audio ORDER BY created_at DESC LIMIT 10;";
const SEARCH: &str = "SELECT t.filename, snippet(transcripts_fts, 0, '>>>', '<<<', '...', 40) \
    FROM transcripts t JOIN transcripts_fts ON t.id = transcripts_fts.rowid \
    WHERE transcripts_fts MATCH 'search terms';";
const TOTALS: &str =
    "SELECT COUNT(*) as total, ROUND(SUM(duration_seconds)/60, 2) as minutes FROM audio;";

#[derive(Serialize)]
struct Audio {
    filename: &'static str,
    duration_seconds: f64,
    source_device: &'static str,
    created_at: Timestamp,
    time_source: &'static str,
    blake3: String,
}

#[derive(Serialize)]
struct Transcript {
    filename: &'static str,
    content: &'static str,
    source_device: &'static str,
    stem: &'static str,
    created_at: Timestamp,
}

fn kept(name: &str, text: &str) -> datalake_core::Blob {
    datalake_core::Blob {
        content: datalake_core::Content::Bytes(text.as_bytes().into()),
        folder: "audio",
        name: name.to_owned(),
        made: crate::support::now(),
        mode: datalake_core::FileMode::Copy,
    }
}

async fn fill(out: &mut Output) -> datalake_core::Result<()> {
    let file = out.file(kept("talk.wav", "sound")).await?;
    let audio = Audio {
        filename: "talk.wav",
        duration_seconds: 90.5,
        source_device: "desk",
        created_at: crate::support::now(),
        time_source: "name",
        blake3: file
            .hash()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    };
    out.push(
        Record::new(&AUDIO, &audio)
            .file(file)
            .tag("work")
            .alias("stem", "talk"),
    )
    .await?;
    let file = out.file(kept("talk.txt", "words")).await?;
    let transcript = Transcript {
        filename: "talk.txt",
        content: "here are the search terms you want",
        source_device: "desk",
        stem: "talk",
        created_at: crate::support::now(),
    };
    let link = datalake_core::Link::new("audio_id", "audio", "stem", "talk");
    out.push(Record::new(&TRANSCRIPTS, &transcript).file(file).link(link))
        .await
}

#[test]
fn the_three_statements_run_unchanged() {
    let home = Home::with(&[&AUDIO, &TRANSCRIPTS], "");
    let lake = home.open();
    let run = lake.begin("one");
    home.run(async {
        let mut out = Output::new(
            job("one", "u", run, &[]),
            Default::default(),
            lake.store.clone(),
        );
        fill(&mut out).await.unwrap();
        out.finish().await.unwrap();
    });
    sqlite3(
        &home,
        "INSERT INTO audio (file_path, filename, duration_seconds, tags, created_at)
             VALUES ('audio/home.wav', 'home.wav', 29.5, 'home', '2026-02-01T00:00:00.000000Z');
         INSERT INTO transcripts (file_path, filename, content, created_at)
             VALUES ('t/home.txt', 'home.txt', 'terms to search', '2026-02-01T00:00:00.000000Z');",
    );
    assert_eq!(
        sqlite3(&home, NEWEST),
        "home.wav|29.5|home\ntalk.wav|90.5|work\n"
    );
    let found = sqlite3(&home, SEARCH);
    let mut found: Vec<&str> = found.lines().collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "home.txt|>>>terms<<< to >>>search<<<",
            "talk.txt|here are the >>>search<<< >>>terms<<< you want"
        ]
    );
    assert_eq!(sqlite3(&home, TOTALS), "2|2.0\n");
    let linked: String =
        home.get("SELECT a.filename FROM transcripts t JOIN audio a ON a.id = t.audio_id");
    assert_eq!(linked, "talk.wav");
    home.check();
}
