//! Every shape, everything that only looks like one, and what holds for any name.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

const NOON: &str = "2026-01-10T12:00:00";

fn text(name: impl AsRef<OsStr>) -> String {
    name_time(name).map_or("none".into(), |time| time.text())
}

/// Names, and what they tell.
const NAMES: &[(&str, &str)] = &[
    // Voice typing gateway.
    (
        "20260101_185106_Harvard_speech100.mp3",
        "2026-01-01T18:51:06",
    ),
    ("20260105_211652_audio.wav", "2026-01-05T21:16:52"),
    (
        "20260101_185119_6043afe6-19f4-4dff-9d2b-0a54a2fbf4ce.txt",
        "2026-01-01T18:51:19",
    ),
    ("20260213_091500_nova-2.txt", "2026-02-13T09:15:00"),
    ("20260213_091500_local-whisper.txt", "2026-02-13T09:15:00"),
    ("1a2b3c4d_003_1767225600.wav", "2026-01-01T00:00:00Z"),
    ("20260110_003_1767225600.wav", "2026-01-01T00:00:00Z"),
    // Wayland and X11.
    ("screenshot-2026-01-10_12-00-00.png", NOON),
    ("screenrecording-2026-01-10_12-00-00.mp4", NOON),
    ("2026-01-10-120000_hyprshot.png", NOON),
    ("20260110_12h00m00s_grim.png", NOON),
    ("1767225600_grim.png", "2026-01-01T00:00:00Z"),
    ("2026-01-10-120000_grim.png", NOON),
    ("Screenshot From 2026-01-10 12-00-00.png", NOON),
    ("Screenshot from 2026-01-10 12-00-00.png", NOON),
    ("Screencast From 2026-01-10 12-00-00.mp4", NOON),
    ("Bildschirmfoto vom 2026-01-10 12-00-00.png", NOON),
    ("Screenshot_20260110_120000.png", NOON),
    ("Снимок экрана_20260110_120000.png", NOON),
    ("spectacle_ocr_20260110_120000.txt", NOON),
    ("2026-01-10_12-00.png", "2026-01-10T12:00"),
    ("2026-01-10_12-00_1.png", "2026-01-10T12:00"),
    ("2026-01-10_12-00_12.png", "2026-01-10T12:00"),
    // macOS.
    ("Screenshot 2026-01-10 at 12.00.00\u{202f}PM.png", NOON),
    (
        "Screenshot 2026-01-10 at 12.00.00\u{202f}AM.png",
        "2026-01-10T00:00:00",
    ),
    (
        "Screenshot 2026-01-10 at 1.05.09\u{202f}PM (2).png",
        "2026-01-10T13:05:09",
    ),
    (
        "Screenshot 2026-01-10 at 1.05.09\u{2009}PM.png",
        "2026-01-10T13:05:09",
    ),
    ("Screenshot 2026-01-10 at 12.00.00.png", NOON),
    ("Snímek obrazovky 2026-01-10 v\u{a0}12.00.00.png", NOON),
    (
        "Sni\u{301}mek obrazovky\u{a0}2026-01-10\u{a0}v\u{a0}9.00.00.png",
        "2026-01-10T09:00:00",
    ),
    (
        "Screen Shot 2018-03-12 at 11.36.34 AM.png",
        "2018-03-12T11:36:34",
    ),
    (
        "Screen Shot 2018-03-12 at 11.36.34 AM (2).png",
        "2018-03-12T11:36:34",
    ),
    (
        "Captura de pantalla 2026-01-10 a la(s) 1.05.09 p.\u{a0}m..png",
        "2026-01-10T13:05:09",
    ),
    ("Capture d’écran 2026-01-10 à 12.00.00.png", NOON),
    ("Bildschirmfoto 2026-01-10 um 12.00.00.png", NOON),
    // Half-days before the hour, and in other languages; decomposed as file systems of macOS once did.
    (
        "스크린샷 2026-01-10 오후 1.05.09.png",
        "2026-01-10T13:05:09",
    ),
    (
        "스크린샷 2026-01-10 오전 12.05.09.png",
        "2026-01-10T00:05:09",
    ),
    (
        "2026-01-10 \u{110b}\u{1169}\u{1112}\u{116e} 1.05.09.png",
        "2026-01-10T13:05:09",
    ),
    (
        "2026-01-10 \u{110b}\u{1169}\u{110c}\u{1165}\u{11ab} 1.05.09.png",
        "2026-01-10T01:05:09",
    ),
    ("스크린샷 2016-01-10 PM 1.05.09.png", "2016-01-10T13:05:09"),
    ("截屏2026-01-10 下午1.05.09.png", "2026-01-10T13:05:09"),
    ("截圖 2026-01-10 上午11.05.09.png", "2026-01-10T11:05:09"),
    ("截圖 2026-01-10 下午12.00.00 (2).png", NOON),
    (
        "スクリーンショット 2026-01-10 午前9.05.09.png",
        "2026-01-10T09:05:09",
    ),
    (
        "スクリーンショット 2026-01-10 午後0.05.09.png",
        "2026-01-10T12:05:09",
    ),
    (
        "Στιγμιότυπο 2026-01-10, 1.05.09 μ.μ..png",
        "2026-01-10T13:05:09",
    ),
    (
        "Στιγμιότυπο 2026-01-10 στις 1.05.09\u{202f}π.μ..png",
        "2026-01-10T01:05:09",
    ),
    // A word that nobody here knows may be a half-day: only a clock of 24 hours can be meant by some hours.
    ("2026-01-10 凌晨 1.05.09.png", "2026-01-10"),
    ("2026-01-10 பிற்பகல் 1.05.09.png", "2026-01-10"),
    ("2026-01-10 凌晨 13.05.09.png", "2026-01-10T13:05:09"),
    ("2026-01-10 凌晨 0.05.09.png", "2026-01-10T00:05:09"),
    (
        "Снимок экрана 2026-01-10 в 9.05.09.png",
        "2026-01-10T09:05:09",
    ),
    (
        "צילום מסך 2026-01-10 בשעה 9.05.09.png",
        "2026-01-10T09:05:09",
    ),
    ("2026-01-10 a\u{300} 9.05.09.png", "2026-01-10T09:05:09"),
    ("2026-01-10 9.05.09 م.png", "2026-01-10T21:05:09"),
    ("2026-01-10 9.05.09 ملاحظة.png", "2026-01-10T09:05:09"),
    ("2026-01-10 – 9.05.09.png", "2026-01-10T09:05:09"),
    // Windows, Android.
    ("PXL_20260110_130509123.jpg", "2026-01-10T13:05:09.123"),
    ("PXL_20260110_130509123.MP.jpg", "2026-01-10T13:05:09.123"),
    ("PXL_20260110_990509123.jpg", "2026-01-10"),
    ("2026-01-10 13.05.3gp", "2026-01-10T13:05"),
    ("2026-01-10 13.05.09.3gp", "2026-01-10T13:05:09"),
    ("2026-01-10 13.05.3.txt", "2026-01-10"),
    ("Screenshot 2026-01-10 120000.png", NOON),
    ("Screenshot_20260110-120000.png", NOON),
    ("Screenshot_20260110-120000~2.png", NOON),
    ("Screenshot_20260110_120000_App.jpg", NOON),
    (
        "Screenshot_2026-01-10-12-00-00-123_com.app.jpg",
        "2026-01-10T12:00:00.123",
    ),
    ("IMG20260110120000.jpg", NOON),
    // Recorders and chats.
    ("2026-01-10 12-00-00.mkv", NOON),
    ("PTT-20260110-WA0001.opus", "2026-01-10"),
    ("audio_2026-01-10_12-00-00.ogg", NOON),
    ("20260110 120000-1A2B3C4D.m4a", NOON),
    ("GMT20260110-120000_Recording.m4a", "2026-01-10T12:00:00Z"),
    // Photograph managers.
    ("20130518_142022_3D657EBD.jpg", "2013-05-18T14:20:22"),
    ("telegram_2020-01-30_09-57-18.jpg", "2020-01-30T09:57:18"),
    ("telegram_2020_01_30_09_57_18.jpg", "2020-01-30T09:57:18"),
    (
        "Screenshot 2019_05_21 at 10.45.52.png",
        "2019-05-21T10:45:52",
    ),
    ("2016:06:28 09:45:49+10:00", "2016-06-28T09:45:49+10:00"),
    ("2016:06:28 09:45:49-0130.jpg", "2016-06-28T09:45:49-01:30"),
    ("2016-06-28T09:45:49Z", "2016-06-28T09:45:49Z"),
    ("20160628T094549Z.wav", "2016-06-28T09:45:49Z"),
    ("2020-10-17 17:48:24.9508123", "2020-10-17T17:48:24.950"),
    ("20220107201355.txt", "2022-01-07T20:13:55"),
    ("15 January 2022.txt", "2022-01-15"),
    ("4 January 2022 3.59pm.txt", "2022-01-04T15:59"),
    ("Jan 4, 2022 at 3.59.01 PM.txt", "2022-01-04T15:59:01"),
    ("2022-Jan-04_15-59-01.txt", "2022-01-04T15:59:01"),
    // The first time of day wins, and a date without one yields.
    (
        "2026-01-10_notes_of_2026-01-11_12-00-00.txt",
        "2026-01-11T12:00:00",
    ),
    ("20260110_120000_and_20250110_120000.txt", NOON),
    ("2026-01-10.md", "2026-01-10"),
    ("2026-01-10_1.md", "2026-01-10"),
    ("20260110_120000123456.wav", "2026-01-10"),
    ("some/folder of 2020-01-01/2026-01-10.md", "2026-01-10"),
];

#[test]
fn the_names_that_programs_give_are_read() {
    for (name, expected) in NAMES {
        assert_eq!(text(name), *expected, "{name}");
    }
}

const REFUSED: &[&str] = &[
    "",
    "Screenshot (12).png",
    // No such day, no such hour.
    "20261301_120000.png",
    "2026-13-01 12-00-00.png",
    "2026-02-31.png",
    "20260231_120000.png",
    "Screenshot_20260110-250000.png",
    "Screenshot_2026-01-10-12-60-00.png",
    "2026-01-10_25-00.png",
    "20260110256161.png",
    "31 February 2026.txt",
    // Too early, too late.
    "19891231_120000.png",
    "19700101_000000.wav",
    "20500101_120000.png",
    "99990101_000000.png",
    "2147483647_grim.png",
    // Numbers of something else.
    "1143917197208805380-2z-8NloU.jpg",
    "289115678_10166502958880693_2765038754221272615_n.jpg",
    "20190521_10166502958880693_2765038754221272615_n.jpg",
    "2026011012000000-0123456789ABCDEF0123456789ABCDEF.jpg",
    "120260110_120000.png",
    "202601101.png",
    "1767225600.png",
    "1512345678_call.m4a",
    "17672256001_grim.png",
    "1767225600_grimace.png",
    "+20260110.m4a",
    "+49 1512 3456789.m4a",
    "555-0123-4567.m4a",
    // Hexadecimal.
    "a20260110f.png",
    "deadbeef20260110.png",
    "20260110beef.png",
    "20260110-1234-4abc-8def-0123456789ab.png",
    "7f3c20260110-120000.bin",
    "1a2b3c4g_003_1767225600.wav",
    // Sizes and versions.
    "1920x1080.png",
    "2026x0110.png",
    "v2026-01-10.tar.gz",
    "v20260110.zip",
    "yt-dlp-2026.01.10.tar.gz",
    "1.2.20260110.zip",
    "3.2026.01.10.12.00.00.zip",
    "10.11.12.png",
    "12-00-00.wav",
];

#[test]
fn what_only_looks_like_a_time_is_refused() {
    for name in REFUSED {
        assert_eq!(text(name), "none", "{name}");
    }
}

#[test]
fn folders_name_days() {
    let day = |path: &str| folder_time(path).map_or("none".into(), |time| time.text());
    assert_eq!(day("files/2020/02/3/x.wav"), "2020-02-03");
    assert_eq!(day("2020/02/03/x.wav"), "2020-02-03");
    assert_eq!(day("2020-02-3/deeper/x.wav"), "2020-02-03");
    assert_eq!(day("2020/02/03/2021_10_3 Walk/x.wav"), "2021-10-03");
    assert_eq!(day("15 January 2022/x.wav"), "2022-01-15");
    assert_eq!(day("a/20260110_120000/x.wav"), "2026-01-10");
    assert_eq!(day("2020/13/03/x.wav"), "none");
    assert_eq!(day("1/2/3/x.wav"), "none");
    assert_eq!(day("2026-01-10.wav"), "none");
    assert_eq!(day(""), "none");
}

#[test]
fn times_become_instants() {
    let berlin = Zone::named("Europe/Berlin").unwrap();
    let resolve = |name: &str| {
        let found = name_time(name).unwrap().resolve(&berlin).unwrap();
        (found.time.to_string(), found.offset, found.shown)
    };
    let at = |time: &str, offset, shown| (format!("{time}.000000Z"), offset, shown);
    assert_eq!(
        resolve("20260110_120000.wav"),
        at("2026-01-10T11:00:00", 3600, Shown::Once)
    );
    // The clock change skips the hour after two, and the other one brings it back.
    assert_eq!(
        resolve("20260329_023000.wav"),
        at("2026-03-29T01:30:00", 7200, Shown::Never)
    );
    assert_eq!(
        resolve("20251026_023000.wav"),
        at("2025-10-26T00:30:00", 7200, Shown::Twice)
    );
    // An instant has the offset of the place; a written offset is that of the place.
    assert_eq!(
        resolve("GMT20260710-120000.m4a"),
        at("2026-07-10T12:00:00", 7200, Shown::Once)
    );
    assert_eq!(
        resolve("1767225600_grim.png"),
        at("2026-01-01T00:00:00", 3600, Shown::Once)
    );
    let written = "2016:06:28 09:45:49+10:00";
    assert_eq!(
        resolve(written),
        at("2016-06-27T23:45:49", 36_000, Shown::Once)
    );
    assert_eq!(
        resolve("2026-01-10.md"),
        at("2026-01-09T23:00:00", 3600, Shown::Once)
    );
}

#[cfg(unix)]
#[test]
fn names_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let name = OsStr::from_bytes(b"caf\xE9 \xFF2026-01-10\xA0 12-00-00\xC2.wav");
    assert_eq!(text(name), "2026-01-10");
    let name = OsStr::from_bytes(b"\xFF\xFE20260110_120000\xE2\x80.wav");
    assert_eq!(text(name), NOON);
}

/// Any time that a name can have, to the millisecond.
fn time() -> impl Strategy<Value = DateTime> {
    let first = date(1990, 1, 1).at(0, 0, 0, 0);
    (0..1_164_000_000_i64, 0..1000_i64).prop_map(move |(seconds, milliseconds)| {
        let span = jiff::SignedDuration::from_secs(seconds);
        first + span + jiff::SignedDuration::from_millis(milliseconds)
    })
}

/// Names of every shape, with what they tell of a time.
fn names(time: DateTime) -> Vec<(String, Precision)> {
    let (y, mo, d) = (time.year(), time.month(), time.day());
    let (h, mi, s, ms) = (
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond(),
    );
    let (half, h12) = (if h < 12 { "AM" } else { "PM" }, (h + 11) % 12 + 1);
    let compact = format!("{y}{mo:02}{d:02}");
    let dashes = format!("{y}-{mo:02}-{d:02}");
    let month = str::from_utf8(words::MONTHS[(mo - 1) as usize]).unwrap();
    use Precision::{Day, Millisecond, Minute, Second};
    vec![
        (format!("{compact}_{h:02}{mi:02}{s:02}_audio.wav"), Second),
        (format!("IMG{compact}{h:02}{mi:02}{s:02}.jpg"), Second),
        (format!("{dashes}-{h:02}{mi:02}{s:02}_hyprshot.png"), Second),
        (
            format!("screenshot-{dashes}_{h:02}-{mi:02}-{s:02}.png"),
            Second,
        ),
        (format!("{compact}_{h:02}h{mi:02}m{s:02}s_grim.png"), Second),
        (format!("{dashes}_{h:02}-{mi:02}_1.png"), Minute),
        (
            format!("Screenshot {dashes} at {h12}.{mi:02}.{s:02}\u{202f}{half}.png"),
            Second,
        ),
        (
            format!("Snímek {dashes} v\u{a0}{h}.{mi:02}.{s:02}.png"),
            Second,
        ),
        (
            format!("S_{dashes}-{h:02}-{mi:02}-{s:02}-{ms:03}_com.app.jpg"),
            Millisecond,
        ),
        (
            format!("{y}:{mo:02}:{d:02} {h:02}:{mi:02}:{s:02}.{ms:03}"),
            Millisecond,
        ),
        (
            format!("{y}_{mo:02}_{d:02}_{h:02}_{mi:02}_{s:02}.jpg"),
            Second,
        ),
        (format!("{d} {month} {y} {h:02}.{mi:02}.txt"), Minute),
        (
            format!("{month} {d}, {y} at {h12}.{mi:02} {half}.txt"),
            Minute,
        ),
        (format!("PTT-{compact}-WA0001.opus"), Day),
        (
            format!("PXL_{compact}_{h:02}{mi:02}{s:02}{ms:03}.jpg"),
            Millisecond,
        ),
        (
            format!(
                "截屏{dashes} {}{h12}.{mi:02}.{s:02}.png",
                if h < 12 { "上午" } else { "下午" }
            ),
            Second,
        ),
    ]
}

fn cut(time: DateTime, precision: Precision) -> DateTime {
    let unit = match precision {
        Precision::Day => return time.date().at(0, 0, 0, 0),
        Precision::Minute => return time.date().at(time.hour(), time.minute(), 0, 0),
        Precision::Second => 1_000_000_000,
        Precision::Millisecond => 1_000_000,
    };
    let nanosecond = time.subsec_nanosecond() / unit * unit;
    time.date()
        .at(time.hour(), time.minute(), time.second(), nanosecond)
}

/// Text in which digits, marks and words of times are frequent.
fn likely() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(vec![
        "2026",
        "01",
        "1",
        "10",
        "20260110",
        "120000",
        "12",
        "00",
        "-",
        "_",
        ".",
        ":",
        " ",
        "at",
        "t",
        "z",
        "+",
        "am",
        "PM",
        "january",
        "h",
        "m",
        "s",
        "\u{202f}",
        "é",
        "gmt",
        "v",
        "/",
        "9",
        "1767225600",
        "_grim",
        ",",
        "下午",
        "오후",
        "3gp",
    ]);
    proptest::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn each_shape_gives_its_time_back(time in time()) {
        for (name, precision) in names(time) {
            let found = name_time(&name);
            let expected = NameTime { wall: cut(time, precision), precision, zone: WrittenZone::Local };
            prop_assert_eq!(found, Some(expected), "{}", name);
        }
        let seconds = Zone::utc().resolve(time).unwrap().0.as_seconds();
        if seconds >= 1_000_000_000 {
            for name in [format!("{seconds}_grim.png"), format!("00aaff99_012_{seconds}.wav")] {
                let found = name_time(&name).and_then(|time| time.resolve(&Zone::utc()));
                prop_assert_eq!(found.map(|found| found.time.as_seconds()), Some(seconds), "{}", name);
            }
        }
    }

    #[test]
    fn any_name_is_read_without_harm(name in prop_oneof![any::<String>(), likely()]) {
        let found = name_time(&name);
        let _ = folder_time(&name);
        if let Some(found) = found {
            prop_assert!(YEARS.contains(&found.wall.year()));
            prop_assert!(found.resolve(&Zone::named("Europe/Berlin").unwrap()).is_some());
            // What is written as text is read back as the same.
            let again = name_time(found.text());
            prop_assert_eq!(again, Some(found));
        }
    }

    #[test]
    fn a_digit_more_makes_it_another_number(time in time(), digit in 0..10_u8) {
        let compact = format!("{}{:02}{:02}", time.year(), time.month(), time.day());
        for name in [format!("{digit}{compact}.png"), format!("{compact}{digit}.png")] {
            prop_assert_eq!(name_time(&name), None, "{}", name);
        }
    }
}
