//! Voice typing through the program: the folders of the gateway become recordings, transcripts and sessions, in
//! whatever runs they come.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use datalake_core::registry;
use datalake_plugins as _;
use datalake_testkit::{Detail, digest, sound_database};
use proptest::prelude::*;

use crate::support::context::TestContext;

const CONFIG: &str = r#"
device = "desk"
[time]
zone = "Asia/Kolkata"
[source.voice-typing]
recordings = "recordings"
transcripts = "transcripts"
logs = "gateway"
peaks = false
settle = "0s"
"#;

/// Recordings with their sizes, transcripts, seconds between them: what the gateway's repository once held.
const REAL: [(&str, u64, &str, i64); 10] = [
    (
        "20260101_185000_Harvard_speech100.wav",
        8_448_044,
        "20260101_185106_321da0ba-37a3-4034-a62a-43515e418660",
        66,
    ),
    (
        "20260101_185106_Harvard_speech100.mp3",
        3_073_316,
        "20260101_185119_6043afe6-2a85-4a9e-b0db-1655b08db282",
        13,
    ),
    (
        "20260105_211652_audio.wav",
        202_796,
        "20260105_211659_96e35d04-0120-477a-a83d-b678e6adce8b",
        7,
    ),
    (
        "20260105_211724_audio.wav",
        92_204,
        "20260105_211728_11185f45-f170-487c-b78e-cb51ef4c5e70",
        4,
    ),
    (
        "20260105_211751_audio.wav",
        241_708,
        "20260105_211757_86752b10-c16e-4cb4-9ac4-06d864144564",
        6,
    ),
    (
        "20260105_211843_audio.wav",
        102_444,
        "20260105_211847_379dcad4-2da5-482d-aa11-8f9f452aa5b4",
        4,
    ),
    (
        "20260105_211909_audio.wav",
        110_636,
        "20260105_211913_d322721d-a63d-410f-af3b-c00ded2110ec",
        4,
    ),
    (
        "20260105_212209_audio.wav",
        895_020,
        "20260105_212222_085e401c-55ba-49b8-a219-68096f44d821",
        13,
    ),
    (
        "20260105_212304_audio.wav",
        1_148_972,
        "20260105_212311_7d3475f9-953b-498d-88ec-856b3475aeea",
        7,
    ),
    (
        "20260105_212327_audio.wav",
        190_508,
        "20260105_212331_a5afcd0d-4acf-48d1-9687-eeefe1837e43",
        4,
    ),
];

fn lake() -> TestContext {
    let cx = TestContext::bare();
    cx.write("datalake.toml", CONFIG);
    for folder in ["recordings", "transcripts", "gateway"] {
        fs::create_dir(cx.path(folder)).unwrap();
    }
    cx
}

/// Writes a file that was last changed long ago, a second later for each that is different.
fn put(cx: &TestContext, name: &str, content: &[u8]) {
    cx.write(name, content);
    let changed =
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_770_000_000 + content.len() as u64);
    let file = File::options().write(true).open(cx.path(name)).unwrap();
    file.set_modified(changed).unwrap();
}

/// A recording of this size: silence behind a header, which begins with its name to be like no other.
fn record(cx: &TestContext, name: &str, size: u64) {
    let mut wav =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\0\0\0\0"
            .to_vec();
    wav.extend(name.as_bytes());
    wav.resize(usize::try_from(size).unwrap(), 0);
    put(cx, &format!("recordings/{name}"), &wav);
}

fn transcribe(cx: &TestContext, name: &str, text: &str) {
    put(cx, &format!("transcripts/{name}.txt"), text.as_bytes());
}

fn sessions(cx: &TestContext) -> Vec<String> {
    cx.column(
        "SELECT audio_filename || ' ' || coalesce(transcript, '-') || ' ' || coalesce(success, '-')
         FROM v_voice_sessions ORDER BY created_at",
    )
}

#[test]
fn ten_of_ten_recordings_have_their_transcript_and_a_second_run_changes_nothing() {
    let cx = lake();
    for (audio, size, text, _) in REAL {
        record(&cx, audio, size);
        transcribe(&cx, text, &format!("What was said in {audio}."));
    }
    cx.run("run").expect(0);
    let found: Vec<String> = cx.column(
        "SELECT audio_filename || ' ' || transcript || ' ' || link_gap_seconds || ' ' || session_uuid || ' ' || success
         FROM v_voice_sessions ORDER BY created_at",
    );
    let expected = REAL.map(|(audio, _, text, gap)| {
        let job = text.split_once('_').unwrap().1.split_once('_').unwrap().1;
        format!("{audio} What was said in {audio}. {gap} {job} 1")
    });
    assert_eq!(found, expected);
    // The predecessor's statements join transcripts and recordings by this column.
    let joined: Vec<String> = cx.column(
        "SELECT a.filename || ' ' || t.content || ' ' || t.audio_link
         FROM transcripts AS t JOIN audio AS a ON a.id = t.audio_id ORDER BY a.created_at",
    );
    let expected = REAL.map(|(audio, ..)| format!("{audio} What was said in {audio}. time"));
    assert_eq!(joined, expected);
    let at: String = cx.value("SELECT min(created_at) FROM voice_sessions");
    assert_eq!(at, "2026-01-01T13:20:00.000000Z");
    let before = state(&cx);
    for line in ["run", "run --full"] {
        cx.run(line).expect(0);
        assert_eq!(apart(&before, &state(&cx)), NOTHING, "{line}");
    }
    // The folders are gone, and nothing of what was read is.
    fs::remove_dir_all(cx.path("recordings")).unwrap();
    fs::remove_dir_all(cx.path("transcripts")).unwrap();
    cx.run("run").expect(0);
    assert_eq!(apart(&before, &state(&cx)), NOTHING);
}

#[test]
fn a_late_transcript_mends_a_failure_and_leaves_the_person_s_own_alone() {
    let cx = lake();
    record(&cx, "20260105_211652_audio.wav", 50_000);
    record(&cx, "20260105_211700_audio.wav", 9_000);
    cx.run("run").expect(0);
    assert_eq!(
        sessions(&cx),
        [
            "20260105_211652_audio.wav - 0",
            "20260105_211700_audio.wav - -"
        ]
    );
    let rate = "UPDATE voice_sessions SET rating = 7, rating_notes = 'clear', corrected_transcript = 'Hello, Ann.'
                WHERE stem = '20260105_211652_audio'";
    cx.database().execute(rate, []).unwrap();
    transcribe(
        &cx,
        "20260105_211659_96e35d04-0120-477a-a83d-b678e6adce8b",
        "Hello, Anne.",
    );
    cx.run("run").expect(0);
    assert_eq!(
        sessions(&cx),
        [
            "20260105_211652_audio.wav Hello, Anne. 1",
            "20260105_211700_audio.wav - -"
        ]
    );
    let own: String = cx.value(
        "SELECT rating || rating_notes || corrected_transcript || coalesce(failure_reason, '') FROM voice_sessions
         WHERE stem = '20260105_211652_audio'",
    );
    assert_eq!(own, "7clearHello, Ann.");
    sound_database(&cx.database()).unwrap();
}

#[test]
fn a_transcript_goes_with_the_recording_that_it_turns_out_to_be_of() {
    let cx = lake();
    let joined = || -> Vec<String> {
        cx.column(
            "SELECT t.content || ' ' || coalesce(a.filename || ' ' || t.audio_link, '-')
             FROM transcripts AS t LEFT JOIN audio AS a ON a.id = t.audio_id ORDER BY t.created_at",
        )
    };
    let [one, two] = ["211659_96e35d04", "211728_11185f45"]
        .map(|start| format!("20260105_{start}-f170-487c-b78e-cb51ef4c5e70"));
    record(&cx, "20260105_211652_audio.wav", 50_000);
    transcribe(&cx, &two, "Two.");
    cx.run("run").expect(0);
    assert_eq!(joined(), ["Two. 20260105_211652_audio.wav time"]);
    // What it was taken for has its own, and what it is of comes late.
    transcribe(&cx, &one, "One.");
    cx.run("run").expect(0);
    assert_eq!(joined(), ["One. 20260105_211652_audio.wav time", "Two. -"]);
    record(&cx, "20260105_211724_audio.wav", 50_001);
    cx.run("run").expect(0);
    let expected = [
        "One. 20260105_211652_audio.wav time",
        "Two. 20260105_211724_audio.wav time",
    ];
    assert_eq!(joined(), expected);
    // The whole at once comes to the same.
    let other = lake();
    for audio in ["20260105_211652_audio.wav", "20260105_211724_audio.wav"] {
        let from = cx.path("recordings").join(audio);
        put(
            &other,
            &format!("recordings/{audio}"),
            &fs::read(from).unwrap(),
        );
    }
    transcribe(&other, &one, "One.");
    transcribe(&other, &two, "Two.");
    other.run("run").expect(0);
    assert_eq!(apart(&state(&cx), &state(&other)), NOTHING);
    sound_database(&cx.database()).unwrap();
    cx.run("forget voice-typing --yes").expect(0);
    assert_eq!(cx.value::<i64>("SELECT count(*) FROM transcripts"), 0);
}

#[test]
fn what_came_since_february_is_read() {
    let cx = lake();
    for (second, backend) in ["nova-2", "deepgram", "local-whisper", "lan-whisper"]
        .iter()
        .enumerate()
    {
        record(&cx, &format!("20260213_09150{second}_audio.wav"), 50_000);
        transcribe(&cx, &format!("20260213_09150{second}_{backend}"), backend);
    }
    // Its recording was overwritten.
    transcribe(&cx, "20260213_091501_nova-2", "Twice in a second.");
    cx.run("run").expect(0);
    let providers: Vec<String> = cx.column(
        "SELECT t.provider || ' ' || coalesce(t.model, '-') || ' ' || vs.link_method || ' ' || (t.audio_id = vs.audio_id)
         FROM voice_sessions AS vs JOIN transcripts AS t ON t.id = vs.transcript_id ORDER BY vs.stem",
    );
    let expected = [
        "deepgram nova-2 stamp 1",
        "deepgram - stamp 1",
        "whisper - stamp 1",
        "whisper - stamp 1",
    ];
    assert_eq!(providers, expected);
    let orphans: Vec<String> = cx.column("SELECT content FROM v_voice_orphans");
    assert_eq!(orphans, ["Twice in a second."]);
}

#[test]
fn spellings_are_put_right_beside_what_was_said() {
    let cx = lake();
    cx.write(
        "datalake.toml",
        format!("{CONFIG}replacements = 'spellings.json'\n"),
    );
    put(
        &cx,
        "spellings.json",
        br#"[{"from": ["Dovac", "Dovak"], "to": "Dvorak"}]"#,
    );
    record(&cx, "20260213_091500_audio.wav", 50_000);
    record(&cx, "20260213_091600_audio.wav", 50_000);
    transcribe(&cx, "20260213_091500_nova-2", "I use dovac.");
    transcribe(&cx, "20260213_091600_nova-2", "I use kwerty.");
    cx.run("run").expect(0);
    let texts = || -> Vec<String> {
        cx.column(
            "SELECT t.content || ' ' || coalesce(vs.replaced_transcript, '-') || ' ' || coalesce(vs.corrected_transcript, '-')
             FROM voice_sessions AS vs JOIN transcripts AS t ON t.id = vs.transcript_id ORDER BY vs.stem",
        )
    };
    assert_eq!(
        texts(),
        ["I use dovac. I use Dvorak. -", "I use kwerty. - -"]
    );
    sound_database(&cx.database()).unwrap();
    let before = state(&cx);
    cx.run("run --full").expect(0);
    assert_eq!(apart(&before, &state(&cx)), NOTHING);
    // Other spellings, longer and so later.
    let other =
        br#"[{"from": ["kwerty"], "to": "QWERTY"}, {"from": ["nothing else"], "to": "nothing"}]"#;
    put(&cx, "spellings.json", other);
    cx.run("run --full").expect(0);
    assert_eq!(
        texts(),
        ["I use dovac. - -", "I use kwerty. I use QWERTY. -"]
    );
    sound_database(&cx.database()).unwrap();
    // A mistake in them is told, and nothing is read without them.
    put(&cx, "spellings.json", b"{}");
    transcribe(&cx, "20260213_091700_nova-2", "Later.");
    let said = cx.run("run").expect(1).text();
    assert!(
        said.contains("these are no spellings") && said.contains("spellings.json"),
        "{said}"
    );
}

#[test]
fn the_log_says_what_times_do_not() {
    let cx = lake();
    for second in ["00", "20", "40"] {
        record(&cx, &format!("20260105_2116{second}_audio.wav"), 50_000);
    }
    transcribe(
        &cx,
        "20260105_211658_96e35d04-0120-477a-a83d-b678e6adce8b",
        "One.",
    );
    cx.run("run").expect(0);
    let linked = || -> Vec<String> {
        cx.column("SELECT stem || ' ' || coalesce(link_method, failure_reason) FROM voice_sessions ORDER BY stem")
    };
    let nothing = "no transcript came within 330 seconds";
    assert_eq!(
        linked(),
        [
            format!("20260105_211600_audio {nothing}"),
            format!("20260105_211620_audio {nothing}"),
            "20260105_211640_audio time".to_owned(),
        ]
    );
    let log = "2026/01/05 21:16:00 Received POST request to /v1/transcribe
2026/01/05 21:16:05 Transcript job created with ID: 96e35d04-0120-477a-a83d-b678e6adce8b
2026/01/05 21:16:20 Received POST request to /v1/transcribe
2026/01/05 21:16:25 Error: Failed to upload to AssemblyAI, Details: timeout
";
    put(&cx, "gateway/gateway.log", log.as_bytes());
    cx.run("run").expect(0);
    assert_eq!(
        linked(),
        [
            "20260105_211600_audio log".to_owned(),
            "20260105_211620_audio the log says that the upload failed".to_owned(),
            format!("20260105_211640_audio {nothing}"),
        ]
    );
}

/// All that can be read of the lake, by content.
fn state(cx: &TestContext) -> BTreeSet<String> {
    let datasets = registry::find("voice-typing").unwrap().datasets;
    let all = digest(&cx.database(), datasets, Detail::CONTENT).unwrap();
    all.lines().map(str::to_owned).collect()
}

/// What one state has and the other has not.
fn apart(one: &BTreeSet<String>, other: &BTreeSet<String>) -> Vec<String> {
    one.symmetric_difference(other).cloned().collect()
}

const NOTHING: [String; 0] = [];

/// A file of a small archive, by a number: recordings and transcripts that have to do with each other.
fn make(cx: &TestContext, number: usize) {
    match number {
        0..8 => record(
            cx,
            &format!("20260105_211{number}00_audio.wav"),
            40_000 + number as u64,
        ),
        8..14 => {
            let name = format!(
                "20260105_211{}05_0000000{number:x}-0120-477a-a83d-b678e6adce8b",
                number - 8
            );
            transcribe(cx, &name, &format!("Number {number}."));
        }
        14 => transcribe(cx, "20260105_211400_nova-2", "Streamed."),
        _ => {
            let log = "2026/01/05 21:12:00 Received POST request to /v1/transcribe
2026/01/05 21:12:01 Error: Failed to create transcript, Details: no
";
            put(cx, "gateway/gateway.log", log.as_bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn in_whatever_runs_files_come_the_end_is_the_same(
        order in Just((0..16_usize).collect::<Vec<_>>()).prop_shuffle(),
        cuts in proptest::collection::vec(0..16_usize, 1..4),
    ) {
        let (at_once, in_parts) = (lake(), lake());
        for (done, number) in order.into_iter().enumerate() {
            make(&at_once, number);
            make(&in_parts, number);
            if cuts.contains(&done) {
                in_parts.run("run").expect(0);
            }
        }
        at_once.run("run").expect(0);
        in_parts.run("run").expect(0);
        prop_assert_eq!(apart(&state(&at_once), &state(&in_parts)), NOTHING);
    }
}
