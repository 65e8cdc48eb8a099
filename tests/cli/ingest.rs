//! `ingest`: what single files become, and what is said of each.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::context::TestContext;
use crate::support::system::make_fifo;

const SAMPLE: &str = "{\"timestamp\": 1736847600, \"pid\": 1}\n";
const EVENT: &str = "{\"timestamp\": 1736847605, \"type\": \"control\", \"message\": \"on\"}\n";

/// An input that a plugin carries.
fn fixture(plugin: &str, name: &str) -> Vec<u8> {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    fs::read(plugins.join(plugin).join("fixtures").join(name)).unwrap()
}

/// A recording of the audio plugin's own.
fn recording(name: &str) -> Vec<u8> {
    fixture("audio", name)
}

/// A lake in the folder the person is in, without any source.
fn lake() -> TestContext {
    // Of files that are read side by side nobody knows which is stored first.
    let cx = TestContext::bare().with("DATALAKE_RUN_THREADS", "1");
    cx.write("datalake.toml", "");
    cx
}

/// A folder with a recording called `talk`, and logs whose names say nothing.
fn desk() -> TestContext {
    let cx = lake();
    cx.write("talk", recording("tagged.wav"));
    cx.write("old/log", format!("{SAMPLE}{SAMPLE}{EVENT}"));
    cx.write("samples.txt", SAMPLE);
    cx
}

/// The tags of the one recording, in order.
fn tags(cx: &TestContext) -> Vec<String> {
    cx.column(
        "SELECT tag FROM tags WHERE dataset = 'audio' AND row_id = 1 AND NOT removed ORDER BY tag",
    )
}

fn only(cx: &TestContext, line: &str) -> Value {
    let all = cx.run(line).json();
    assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
    all[0].clone()
}

#[test]
fn by_content_whatever_the_name_and_again() {
    let cx = desk();
    snap!(cx; "ingest talk old/log samples.txt", "ingest talk old/log samples.txt");
    assert_eq!(cx.counts(), (1, 1, 0));
    assert_eq!(cx.value::<i64>("SELECT count(*) FROM audio"), 1);
    let path: String = cx.value("SELECT file_path FROM audio");
    assert!(path.starts_with("audio/"), "{path}");
    let kept = fs::read(cx.path("data").join(&path)).unwrap();
    assert_eq!(kept, recording("tagged.wav"));
}

/// A recording with its transcript in two formats, and a picture, in one call: what belongs together is linked.
#[test]
fn several_kinds_at_once() {
    let cx = lake();
    cx.write("x/talk.wav", recording("tagged.wav"));
    cx.write("x/talk.json", fixture("transcript", "talk.json"));
    cx.write("x/talk.en.srt", fixture("transcript", "talk.en.srt"));
    for name in ["x/talk.json", "x/talk.en.srt"] {
        // They say nothing of when they were made.
        let made = UNIX_EPOCH + Duration::from_secs(1_768_046_400);
        let file = fs::File::options().write(true).open(cx.path(name)).unwrap();
        file.set_modified(made).unwrap();
    }
    cx.write(
        "y/Screenshot_20260110_120000_Firefox",
        fixture("screenshot", "rgb.png"),
    );
    let line = "ingest x/talk.json y/Screenshot_20260110_120000_Firefox x/talk.wav x/talk.en.srt";
    snap!(cx; line, line);
    assert_eq!(cx.column::<i64>("SELECT audio_id FROM transcripts"), [1]);
    assert_eq!(
        cx.column::<String>("SELECT wall_time FROM screenshots")
            .len(),
        1
    );
    // A call for each of them makes no difference.
    for file in ["x/talk.json", "x/talk.en.srt", "x/talk.wav"] {
        let ran = only(&cx, &format!("ingest {file} --json"));
        assert_eq!(
            (&ran["id"], &ran["new"]),
            (&json!(1), &json!(false)),
            "{ran}"
        );
    }
    let cx = lake();
    for file in ["x/talk.en.srt", "x/talk.wav", "x/talk.json"] {
        let name = file.rsplit('/').next().unwrap();
        let content = match name {
            "talk.wav" => recording("tagged.wav"),
            name => fixture("transcript", name),
        };
        cx.write(file, content);
        cx.run(&format!("ingest {file}")).expect(0);
    }
    assert_eq!(cx.column::<i64>("SELECT audio_id FROM transcripts"), [1]);
    let kept: String = cx.value("SELECT filename FROM transcripts");
    assert_eq!(
        kept, "talk.json",
        "the richest counts, whichever comes last"
    );
}

#[test]
fn as_json() {
    let cx = desk();
    cx.write("bad", format!("{SAMPLE}bad\n"));
    snap!(cx; "ingest --json talk old/log bad nowhere", "ingest --json talk");
}

#[test]
fn tags_are_added_and_an_empty_list_is_none() {
    let cx = desk();
    let ran = only(&cx, "ingest talk --tags 'work,,meeting, ' --json");
    assert_eq!((&ran["id"], &ran["new"]), (&json!(1), &json!(true)));
    assert_eq!(tags(&cx), ["meeting", "work"]);
    let ran = only(&cx, "ingest talk --tags later --json");
    assert_eq!((&ran["id"], &ran["changed"]), (&json!(1), &json!(1)));
    assert_eq!(tags(&cx), ["later", "meeting", "work"]);
    let ran = only(&cx, "ingest talk --tags '' --json");
    assert_eq!((&ran["id"], &ran["unchanged"]), (&json!(1), &json!(1)));
    let shown: String = cx.value("SELECT tags FROM audio");
    assert_eq!(shown, "later,meeting,work");
    let found = cx.run("list audio --tags later,work --json").json();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    snap!(cx; "ingest samples.txt --tags a");
}

/// Whatever may stand in an argument is data.
#[test]
fn odd_tags_and_devices() {
    let cx = desk();
    let odd = b"it's,\"so\",a\nb,c\\d,; DROP TABLE audio,--,\xff\xe9,%s,\xf0\x9f\x8e\x99";
    let arguments = ["--tags", "--device"].map(OsStr::new);
    let values = [&odd[..], b"Ann's \"phone\"\n\xff"].map(OsStr::from_bytes);
    cx.run_with(
        "ingest talk",
        &[arguments[0], values[0], arguments[1], values[1]],
    )
    .expect(0);
    let expected = [
        "\"so\"",
        "%s",
        "--",
        "; DROP TABLE audio",
        "\\xFF\\xE9",
        "a\nb",
        "c\\d",
        "it's",
        "🎙",
    ];
    assert_eq!(tags(&cx), expected);
    let device: String = cx.value("SELECT source_device FROM audio");
    assert_eq!(device, "Ann's \"phone\"\n\\xFF");
}

#[test]
fn odd_names() {
    let cx = lake();
    let names = [
        &b"it's \"a\" talk.wav"[..],
        b"two\nlines.wav",
        b"-talk",
        b"--tags",
        b"$HOME.wav",
        b"~",
        b"caf\xe9\xff.wav",
        "\u{202f}日本\u{301}.wav".as_bytes(),
    ];
    for (number, name) in names.iter().enumerate() {
        let mut content = recording("s16.wav");
        // Each is another recording.
        *content.last_mut().unwrap() = number as u8;
        fs::write(cx.root().join(OsStr::from_bytes(name)), content).unwrap();
    }
    let arguments = names.map(OsStr::from_bytes);
    let ran = cx.run_with("ingest --json --", &arguments).expect(0).json();
    let all = ran.as_array().unwrap();
    assert_eq!(all.len(), names.len());
    for (answer, name) in all.iter().zip(names) {
        assert_eq!(
            (&answer["kind"], &answer["new"]),
            (&json!("audio"), &json!(true)),
            "{answer}"
        );
        let said = answer["file"].as_str().unwrap();
        match std::str::from_utf8(name) {
            Ok(name) => assert_eq!(said, name),
            Err(_) => assert_eq!(said, "caf\\xE9\\xFF.wav"),
        }
        assert!(
            Path::new(answer["path"].as_str().unwrap()).exists(),
            "{answer}"
        );
    }
    // People see one line a file, and nothing of it writes to their terminal.
    let said = cx.run_with("ingest --", &arguments).expect(0).stdout;
    assert_eq!(said.lines().count(), names.len(), "{said}");
    assert_eq!(
        cx.value::<i64>("SELECT count(*) FROM audio"),
        names.len() as i64
    );
    assert_eq!(
        cx.value::<i64>(
            "SELECT count(DISTINCT unit) FROM checkpoints WHERE source = '@ingest/audio'"
        ),
        names.len() as i64
    );
}

#[test]
fn two_of_one_name_are_two() {
    let cx = lake();
    let second = "{\"timestamp\": 1736847700, \"pid\": 2}\n";
    cx.write("x/log", format!("bad\n{SAMPLE}"));
    cx.write("y/log", format!("worse\n{second}"));
    cx.run("ingest x/log").expect(3);
    cx.run("ingest y/log").expect(3);
    assert_eq!(cx.counts(), (2, 0, 2));
    let root = fs::canonicalize(cx.root()).unwrap().display().to_string();
    let places = |cx: &TestContext| -> Vec<String> {
        cx.rejects().into_iter().map(|(unit, ..)| unit).collect()
    };
    assert_eq!(
        places(&cx),
        [format!("{root}/x/log"), format!("{root}/y/log")]
    );
    assert_eq!(
        cx.column::<i64>("SELECT generation FROM checkpoints ORDER BY unit"),
        [0, 0]
    );
    // By whatever way, it is the same file; and what was mended is no reject any more.
    cx.write("x/log", SAMPLE);
    cx.run("ingest y/../x/./log").expect(0);
    let open = "SELECT o.unit FROM rejects AS r JOIN origins AS o ON o.id = r.origin WHERE r.status = 'open'";
    cx.run("ingest x/log x/log").expect(0);
    assert_eq!(cx.column::<i64>("SELECT count(*) FROM checkpoints"), [2]);
    assert!(cx.column::<String>(open).contains(&format!("{root}/y/log")));
    assert_eq!(cx.counts().0, 2);
}

#[test]
fn what_nobody_knows_and_what_is_named() {
    let cx = desk();
    cx.write("story.md", "Once upon a time.\n");
    cx.write("empty", "");
    snap!(cx; "ingest story.md samples.txt empty", "ingest story.md --kind memory-jsonl",
        "ingest empty --kind memory-jsonl", "ingest empty --kind audio",
        "ingest talk --kind audoi", "ingest talk --kind voice-typing", "ingest", "ingest talk --device ''");
}

#[test]
fn what_cannot_be_read_stops_no_other() {
    let cx = desk().under_permissions();
    cx.write("secret", SAMPLE);
    cx.give("");
    cx.mode("secret", 0o000);
    fs::create_dir(cx.path("folder")).unwrap();
    make_fifo(&cx.path("pipe"));
    std::os::unix::fs::symlink("nowhere", cx.path("dangling")).unwrap();
    std::os::unix::fs::symlink("circle", cx.path("circle")).unwrap();
    snap!(cx; "ingest folder pipe dangling circle secret nowhere samples.txt/x /dev/null samples.txt");
    assert_eq!(cx.counts().0, 1);
}

/// Where there is nothing to take in, nothing is made.
#[test]
fn nothing_to_take_in() {
    let cx = lake();
    cx.run("ingest nowhere").expect(1);
    assert!(!cx.path("datalake.db").exists());
    cx.write("datalake.toml", "nonsense");
    cx.run("ingest nowhere").expect(2);
    cx.write("datalake.toml", "[source.audio]\npeeks = false\n");
    cx.write("talk", recording("tagged.wav"));
    snap!(cx; "ingest talk");
}

#[test]
fn compressed_and_unfinished_logs() {
    let cx = lake();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, format!("{SAMPLE}{EVENT}").as_bytes()).unwrap();
    cx.write("backup", packed.finish().unwrap());
    cx.write("half", format!("{SAMPLE}{{\"timestamp\": 17368"));
    cx.write("one-line", SAMPLE.trim_end());
    snap!(cx; "ingest backup half", "ingest one-line");
}

/// The keys of the section in whose folder a file lies, else of the only one of its kind; over them the command line.
#[test]
fn the_keys_of_the_configuration_count() {
    let cx = lake();
    cx.write(
        "datalake.toml",
        "[source.voice]\ntype = \"audio\"\npath = \"voice\"\nmode = \"reference\"\npeaks = false\n\
         tags = [\"mine\"]\ndevice = \"recorder\"\n",
    );
    cx.write("voice/talk.wav", recording("tagged.wav"));
    cx.write("other.wav", recording("s16.wav"));
    let inside = only(&cx, "ingest voice/talk.wav --json");
    let there = fs::canonicalize(cx.path("voice/talk.wav")).unwrap();
    assert_eq!(inside["path"], json!(there));
    let row = "SELECT source_device || ' ' || tags FROM audio WHERE id = ";
    assert_eq!(cx.value::<String>(&format!("{row}1")), "recorder mine");
    assert_eq!(cx.value::<i64>("SELECT count(*) FROM previews"), 0);
    cx.run("ingest other.wav --tags a,b --device phone")
        .expect(0);
    assert_eq!(cx.value::<String>(&format!("{row}2")), "phone a,b");
    assert_eq!(
        cx.column::<String>("SELECT DISTINCT source || ' ' || unit FROM origins ORDER BY 1")
            .len(),
        2
    );
    assert_eq!(
        cx.column::<String>("SELECT unit FROM checkpoints WHERE source = '@ingest/audio/voice'"),
        ["talk.wav"]
    );
    // The source itself finds what is there already.
    let run = cx
        .run("run --source voice --set settle=0s --json")
        .expect(0)
        .json();
    assert_eq!(run["sources"][0]["unchanged"], 1, "{run}");
}

/// Of several sources of a kind the one counts in whose folder the file lies; outside of all, the plugin's defaults.
#[test]
fn several_sources_of_a_kind() {
    let cx = lake();
    let source = |name: &str, path: &str| {
        format!("[source.{name}]\ntype = \"audio\"\npath = {path}\ntags = [\"{name}\"]\n")
    };
    let text = source("desk", "\"desk\"")
        + &source("deep", "\"desk/deep\"")
        + &source("both", "[\"one\", \"two\"]");
    cx.write("datalake.toml", text);
    let files = [
        "desk/a.wav",
        "desk/deep/a.wav",
        "one/a.wav",
        "two/a.wav",
        "a.wav",
    ];
    for (number, file) in files.iter().enumerate() {
        let mut content = recording("s16.wav");
        *content.last_mut().unwrap() = number as u8;
        cx.write(file, content);
    }
    cx.run(&format!("ingest {}", files.join(" "))).expect(0);
    let shown = cx.column::<Option<String>>("SELECT tags FROM audio ORDER BY id");
    let mut shown: Vec<String> = shown.into_iter().map(Option::unwrap_or_default).collect();
    shown.sort_unstable();
    assert_eq!(shown, ["", "both", "both", "deep", "desk"]);
    let root = fs::canonicalize(cx.root()).unwrap().display().to_string();
    let units = cx.column::<String>("SELECT source || ' ' || unit FROM checkpoints ORDER BY 1");
    let absolute = |file: &str| format!("@ingest/audio {root}/{file}");
    let expected = [
        absolute("a.wav"),
        absolute("one/a.wav"),
        absolute("two/a.wav"),
        String::from("@ingest/audio/deep a.wav"),
        String::from("@ingest/audio/desk a.wav"),
    ];
    assert_eq!(units, expected);
}

#[test]
fn a_run_of_its_own_that_marks_nothing_as_gone() {
    let cx = TestContext::with_input();
    cx.run("run").expect(0);
    cx.write("one", SAMPLE);
    cx.write("two", EVENT);
    cx.run("ingest one").expect(0);
    fs::remove_file(cx.path("one")).unwrap();
    cx.run("ingest two").expect(0);
    assert_eq!(
        cx.value::<i64>("SELECT count(*) FROM checkpoints WHERE missing"),
        0
    );
    snap!(cx; "runs", "runs 2 --json", "ingest one");
    let shown = cx.run("cursor show @ingest/memory-jsonl --json").expect(0);
    let root = fs::canonicalize(cx.root()).unwrap();
    assert_eq!(shown.json()[0]["unit"], json!(root.join("one")));
    assert_eq!(
        cx.column::<String>("SELECT \"trigger\" FROM runs ORDER BY id"),
        ["manual", "ingest", "ingest"]
    );
}

/// What else can be done with what was ingested.
#[test]
fn rejects_and_forgetting() {
    let cx = TestContext::new();
    cx.write("in/events.jsonl", EVENT);
    cx.run("run").expect(0);
    cx.write("log", format!("{EVENT}bad\n"));
    snap!(cx; "ingest log");
    let replayed = cx.run("rejects replay --json").expect(3).json();
    assert_eq!(
        replayed["not_tried"][0]["reason"],
        "it stands in a file that was ingested by itself: ingest it again"
    );
    snap!(cx; "forget memory-jsonl --yes", "forget @ingest/memory-jsonl --yes",
        "forget @ingest/memory-jsonl --yes");
}

/// What was ingested by itself stays when a source is forgotten that has met it as well, whichever of the two the row
/// stands under.
#[test]
fn a_recording_outlasts_a_source_that_has_it_too() {
    for ingested_later in [false, true] {
        let cx = lake();
        let section = "[source.voice]\ntype = \"audio\"\npath = \"in\"\nsettle = \"0s\"\n";
        cx.write("datalake.toml", section);
        cx.write("talk.wav", recording("s16.wav"));
        cx.write("in/copy.wav", recording("s16.wav"));
        let lines = ["ingest talk.wav", "run"];
        for place in [usize::from(ingested_later), usize::from(!ingested_later)] {
            cx.run(lines[place]).expect(0);
        }
        cx.run("forget voice --yes").expect(0);
        assert_eq!(cx.column::<i64>("SELECT id FROM audio"), [1]);
        let path: String = cx.value("SELECT file_path FROM audio");
        assert!(cx.path("data").join(&path).exists());
        let owner = "SELECT o.source FROM audio AS a JOIN origins AS o ON o.id = a.origin";
        assert_eq!(cx.value::<String>(owner), "@ingest/audio");
        let datasets = datalake_core::registry::datasets().unwrap();
        datalake_testkit::sound(&cx.database(), &cx.path("data"), &datasets).unwrap();
        cx.run("forget @ingest/audio --yes").expect(0);
        assert_eq!(cx.value::<i64>("SELECT count(*) FROM audio"), 0);
        assert!(!cx.path("data").join(&path).exists());
    }
}
