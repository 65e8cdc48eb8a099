//! What becomes of the files that are known, by their names and sizes.

use std::sync::Arc;

use datalake_core::{FixedClock, UnitId, UnitState, Value, Zone, hash};
use proptest::prelude::*;

use super::*;

const WINDOW: Duration = Duration::from_secs(330);
const NOW: &str = "2026-11-01T00:00:00Z";

fn context(zone: &str) -> Context {
    let clock = Arc::new(FixedClock(NOW.parse().unwrap()));
    Context::new(
        "voice".into(),
        "desk".into(),
        Zone::named(zone).unwrap(),
        clock,
        1,
    )
}

/// A file that was never read: its name has to do.
fn file(name: &str, size: u64) -> KnownUnit {
    KnownUnit {
        id: UnitId::new(name),
        checkpoint: None,
        state: UnitState {
            size,
            modified: "2026-02-01T00:00:00Z".parse().ok(),
            hash: Some(hash(name.as_bytes())),
            ..UnitState::default()
        },
        missing: false,
        raw: 0,
    }
}

/// A file whose content is that of another.
fn alike(name: &str, other: &str, missing: bool) -> KnownUnit {
    let mut unit = file(name, 50_000);
    unit.state.hash = Some(hash(other.as_bytes()));
    unit.missing = missing;
    unit
}

fn of(known: &[KnownUnit]) -> Vec<Record> {
    sessions(&context("UTC"), WINDOW, known).0
}

/// A value of a row as text.
fn value(record: &Record, column: &str) -> String {
    let at = VOICE_SESSIONS.column(column).unwrap();
    let found = record.values().find(|(number, _)| *number == at);
    match found.map(|(_, value)| Value::from(value)) {
        Some(Value::Text(text)) => text,
        Some(Value::Integer(number)) => number.to_string(),
        Some(other) if !other.is_null() => format!("{other:?}"),
        _ => "-".into(),
    }
}

fn row(record: &Record, columns: &[&str]) -> String {
    let values: Vec<_> = columns.iter().map(|column| value(record, column)).collect();
    values.join(" ")
}

fn rows(known: &[KnownUnit], columns: &[&str]) -> Vec<String> {
    of(known)
        .iter()
        .map(|record| row(record, columns))
        .collect()
}

/// What the gateway's repository once held: recordings with their sizes, transcripts, the time between.
const REAL: [(&str, u64, &str, i64); 10] = [
    (
        "20260101_185000_Harvard_speech100.wav",
        8_448_044,
        "20260101_185106_321da0ba-37a3-4034-a62a-43515e418660.txt",
        66,
    ),
    (
        "20260101_185106_Harvard_speech100.mp3",
        3_073_316,
        "20260101_185119_6043afe6-2a85-4a9e-b0db-1655b08db282.txt",
        13,
    ),
    (
        "20260105_211652_audio.wav",
        202_796,
        "20260105_211659_96e35d04-0120-477a-a83d-b678e6adce8b.txt",
        7,
    ),
    (
        "20260105_211724_audio.wav",
        92_204,
        "20260105_211728_11185f45-f170-487c-b78e-cb51ef4c5e70.txt",
        4,
    ),
    (
        "20260105_211751_audio.wav",
        241_708,
        "20260105_211757_86752b10-c16e-4cb4-9ac4-06d864144564.txt",
        6,
    ),
    (
        "20260105_211843_audio.wav",
        102_444,
        "20260105_211847_379dcad4-2da5-482d-aa11-8f9f452aa5b4.txt",
        4,
    ),
    (
        "20260105_211909_audio.wav",
        110_636,
        "20260105_211913_d322721d-a63d-410f-af3b-c00ded2110ec.txt",
        4,
    ),
    (
        "20260105_212209_audio.wav",
        895_020,
        "20260105_212222_085e401c-55ba-49b8-a219-68096f44d821.txt",
        13,
    ),
    (
        "20260105_212304_audio.wav",
        1_148_972,
        "20260105_212311_7d3475f9-953b-498d-88ec-856b3475aeea.txt",
        7,
    ),
    (
        "20260105_212327_audio.wav",
        190_508,
        "20260105_212331_a5afcd0d-4acf-48d1-9687-eeefe1837e43.txt",
        4,
    ),
];

fn real() -> Vec<KnownUnit> {
    let pair = |(audio, size, text, _): &(&str, u64, &str, i64)| {
        [
            file(&format!("recordings/{audio}"), *size),
            file(&format!("transcripts/{text}"), 30),
        ]
    };
    REAL.iter().flat_map(pair).collect()
}

#[test]
fn ten_of_ten_real_recordings_have_their_transcript() {
    let found = rows(
        &real(),
        &[
            "stem",
            "session_uuid",
            "success",
            "link_method",
            "link_gap_seconds",
        ],
    );
    let expected: Vec<String> = REAL
        .iter()
        .map(|(audio, _, text, gap)| {
            let stem = audio.rsplit_once('.').unwrap().0;
            let job = text.strip_suffix(".txt").unwrap().get(16..).unwrap();
            format!("{stem} {job} 1 time {gap}")
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn streamed_recordings_have_theirs_whatever_transcribed_them() {
    let known: Vec<KnownUnit> = [
        "nova-2",
        "deepgram",
        "local-whisper",
        "lan-whisper",
        "parakeet",
    ]
    .iter()
    .enumerate()
    .flat_map(|(second, backend)| {
        let stamp = format!("20260213_09150{second}");
        [
            file(&format!("{stamp}_audio.wav"), 50_000),
            file(&format!("{stamp}_{backend}.txt"), 9),
        ]
    })
    .collect();
    let found = rows(
        &known,
        &[
            "success",
            "link_method",
            "link_gap_seconds",
            "session_uuid",
            "metadata",
        ],
    );
    assert_eq!(found[0], r#"1 stamp 0 - {"backend":"nova-2"}"#);
    assert_eq!(found[4], r#"1 stamp 0 - {"backend":"parakeet"}"#);
    assert_eq!(found.len(), 5);
}

#[test]
fn there_is_a_verdict_where_one_can_be_given() {
    let said =
        |known: &[KnownUnit]| rows(known, &["success", "failure_reason", "metadata"]).remove(0);
    let audio = |size| file("20260213_091500_audio.wav", size);
    let text = |size| file("20260213_091500_nova-2.txt", size);
    let failed = "0 no transcript came within 330 seconds -";
    assert_eq!(said(&[audio(10_000)]), failed);
    assert_eq!(
        said(&[audio(9_999)]),
        r#"- - {"held":"it has less than 10 kB"}"#
    );
    assert_eq!(
        said(&[audio(9_999), text(1)]),
        r#"1 - {"backend":"nova-2"}"#
    );
    let empty = r#"- - {"held":"its transcript is empty","backend":"nova-2"}"#;
    assert_eq!(said(&[audio(50_000), text(0)]), empty);
    for (changed, expected) in [
        ("2026-10-31T23:59:00Z", failed),
        (
            "2026-10-31T23:59:01Z",
            r#"- - {"held":"it was changed less than a minute ago"}"#,
        ),
        (
            "2026-11-01T00:00:59Z",
            r#"- - {"held":"it was changed less than a minute ago"}"#,
        ),
        // Clocks that differ by more tell nothing of the age of a file.
        ("2026-11-01T00:01:00Z", failed),
    ] {
        let mut audio = audio(50_000);
        audio.state.modified = changed.parse().ok();
        assert_eq!(said(std::slice::from_ref(&audio)), expected, "{changed}");
        let (_, waits) = sessions(&context("UTC"), WINDOW, &[audio]);
        assert_eq!(waits, expected.starts_with('-'), "{changed}");
    }
}

#[test]
fn times_are_those_of_the_zone() {
    let known = [
        file("20260105_211652_audio.wav", 202_796),
        file(
            "20260105_211659_96e35d04-0120-477a-a83d-b678e6adce8b.txt",
            9,
        ),
        file("20260213_091500_audio.wav", 50_000),
        file("20260213_091500_nova-2.txt", 9),
    ];
    let columns = [
        "created_at",
        "recording_end",
        "transcription_start",
        "transcription_end",
    ];
    let (records, _) = sessions(&context("Asia/Kolkata"), WINDOW, &known);
    let found: Vec<_> = records.iter().map(|record| row(record, &columns)).collect();
    assert_eq!(
        found,
        [
            "2026-01-05T15:46:52.000000Z 2026-01-05T15:46:52.000000Z 2026-01-05T15:46:52.000000Z 2026-01-05T15:46:59.000000Z",
            "2026-02-13T03:45:00.000000Z - - 2026-02-13T03:45:00.000000Z",
        ]
    );
    // A clock change skips an hour between the recording and its transcript.
    let known = [
        file("20260329_015958_audio.wav", 50_000),
        file(
            "20260329_030003_96e35d04-0120-477a-a83d-b678e6adce8b.txt",
            9,
        ),
        file("20260329_023000_audio.wav", 50_000),
    ];
    let (records, _) = sessions(&context("Europe/Berlin"), WINDOW, &known);
    let columns = ["success", "link_gap_seconds", "metadata"];
    let found: Vec<_> = records.iter().map(|record| row(record, &columns)).collect();
    assert_eq!(found, ["1 5 -", r#"0 - {"clock":"skipped"}"#]);
}

#[test]
fn a_recording_is_one_wherever_it_lies_and_whatever_it_was_called() {
    let stems = |known: &[KnownUnit]| rows(known, &["stem"]);
    let first = "20260105_211652_audio";
    // A copy in another folder, and a name that is gone.
    let copy = [
        alike("a/20260105_211652_audio.wav", "x", false),
        alike("b/20260105_211652_audio.wav", "x", false),
    ];
    assert_eq!(stems(&copy), [first]);
    let renamed = [
        alike("20260105_211652_audio.wav", "x", true),
        alike("20260105_220000_note.wav", "x", false),
    ];
    assert_eq!(stems(&renamed), [first]);
    let removed = [
        alike("20260105_211652_audio.wav", "x", true),
        alike("20260105_220000_note.wav", "x", true),
    ];
    assert_eq!(stems(&removed), [first]);
    // Two that are there are two, as silence of the same length is.
    let silence = [
        alike("20260105_211652_audio.wav", "x", false),
        alike("20260105_220000_audio.wav", "x", false),
    ];
    assert_eq!(stems(&silence), [first, "20260105_220000_audio"]);
    // A copy beside it, with the number that a browser or a file manager gives it, is no second one.
    for copy in ["_audio (1)", "_audio_1", "_audio(2)", "_audio~1"] {
        let copy = format!("20260105_211652{copy}.wav");
        for missing in [false, true] {
            let beside = [
                alike("20260105_211652_audio.wav", "x", false),
                alike(&copy, "x", missing),
            ];
            assert_eq!(stems(&beside), [first], "{copy}");
        }
        // Two of one second that differ are two.
        let other = [file("20260105_211652_audio.wav", 50_000), file(&copy, 1)];
        assert_eq!(stems(&other).len(), 2, "{copy}");
    }
    // Two of one name are two as well.
    let machines = [
        file("desk/20260105_211652_audio.wav", 50_000),
        file("lap/20260105_211652_audio.wav", 50_000),
    ];
    assert_eq!(stems(&machines), [first, "lap/20260105_211652_audio"]);
}

#[test]
fn a_copy_of_a_transcript_is_no_second_one() {
    let job = "20260105_211659_96e35d04-0120-477a-a83d-b678e6adce8b";
    let known = [
        file("20260105_211652_audio.wav", 50_000),
        file("20260105_211654_audio.wav", 50_000),
        file(&format!("{job}.txt"), 9),
        file(&format!("{job} (1).txt"), 9),
    ];
    let columns = ["success", "failure_reason", "link_method"];
    let single = rows(&known[..3], &columns);
    assert_eq!(single.iter().filter(|row| row.starts_with('1')).count(), 1);
    assert_eq!(rows(&known, &columns), single);
}

#[test]
fn other_files_are_no_sessions() {
    let known = [
        file("Harvard_speech100.wav", 50_000),
        file("1a2b3c4d_003_1767225600.wav", 50_000),
        file("20260105_211652_audio.json", 50_000),
        file("20260213_091500_nova-2.txt", 9),
    ];
    assert_eq!(rows(&known, &["stem"]), Vec::<String>::new());
}

/// Files of a few minutes, so that they have to do with each other.
fn files() -> impl Strategy<Value = Vec<KnownUnit>> {
    let audio = (
        0..9_u8,
        0..60_u8,
        prop_oneof![Just("audio"), Just("talk")],
        0..900_000_u64,
    );
    let audio = audio.prop_map(|(minute, second, what, size)| {
        file(&format!("20260105_210{minute}{second:02}_{what}.wav"), size)
    });
    let text = (0..9_u8, 0..60_u8, any::<u8>(), 0..3_u64);
    let text = text.prop_map(|(minute, second, id, size)| {
        let what = match id % 3 {
            0 => "nova-2".to_owned(),
            _ => format!("000000{id:02x}-0120-477a-a83d-b678e6adce8b"),
        };
        file(&format!("20260105_210{minute}{second:02}_{what}.txt"), size)
    });
    let one = prop_oneof![audio, text].prop_flat_map(|unit| {
        (any::<bool>(), 0..1000_i64).prop_map(move |(missing, late)| {
            let mut unit = unit.clone();
            unit.missing = missing;
            unit.state.modified = Timestamp::from_seconds(1_767_600_000 + late);
            unit
        })
    });
    proptest::collection::vec(one, 1..24).prop_map(|mut units| {
        units.sort_by(|one, other| one.id.cmp(&other.id));
        units.dedup_by(|one, other| one.id == other.id);
        units
    })
}

fn shown(known: &[KnownUnit]) -> Vec<String> {
    of(known)
        .iter()
        .map(|record| format!("{record:?}"))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_the_files_means_nothing(known in files(), seed in any::<u64>()) {
        let mut other = known.clone();
        other.sort_by_key(|unit| hash(format!("{seed}{}", unit.id).as_bytes()));
        prop_assert_eq!(shown(&known), shown(&other));
    }

    /// A state that knows more is newer, so that in whatever runs files come, the last state is what stays.
    #[test]
    fn each_file_that_comes_makes_a_newer_state(known in files(), seed in any::<u64>()) {
        let mut arriving = known;
        arriving.sort_by_key(|unit| hash(format!("{seed}{}", unit.id).as_bytes()));
        let versions = (1..=arriving.len()).map(|count| version(&arriving[..count], None, &[], 330));
        let versions: Vec<Version> = versions.collect();
        prop_assert!(versions.windows(2).all(|two| two[0] < two[1]), "{:?}", versions);
    }

    #[test]
    fn each_recording_has_one_session(known in files()) {
        let stems = rows(&known, &["stem"]);
        let audio = known.iter().map(|unit| unit.id.as_str()).filter_map(|name| name.strip_suffix(".wav"));
        let mut audio: Vec<&str> = audio.collect();
        let mut found: Vec<&str> = stems.iter().map(String::as_str).collect();
        audio.sort_unstable();
        found.sort_unstable();
        prop_assert_eq!(found, audio);
    }
}
