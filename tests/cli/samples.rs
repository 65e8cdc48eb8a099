//! What becomes of good lines: times in every form, defaults, unknown fields, and what counts as the same.

use crate::support::context::TestContext;

/// Reads these lines as one file; all of them must be good.
#[track_caller]
fn read(file: &str, lines: &[&str]) -> TestContext {
    let cx = TestContext::new().with("DATALAKE_TIME_ZONE", "Asia/Kolkata");
    cx.write(&format!("in/{file}"), lines.join("\n") + "\n");
    cx.run("run").expect(0);
    cx
}

#[test]
fn forms_of_times() {
    for (written, stored) in [
        ("1736847600", "2025-01-14T09:40:00.000000Z"),
        ("1736847600.25", "2025-01-14T09:40:00.250000Z"),
        ("1736847600.0", "2025-01-14T09:40:00.000000Z"),
        ("1736847600123", "2025-01-14T09:40:00.123000Z"),
        ("1736847600123.5", "2025-01-14T09:40:00.123500Z"),
        ("1.7368476e9", "2025-01-14T09:40:00.000000Z"),
        // Where seconds end and milliseconds begin, on both sides of 1970.
        ("99999999999", "5138-11-16T09:46:39.000000Z"),
        ("100000000000", "1973-03-03T09:46:40.000000Z"),
        ("-100000000000", "1966-10-31T14:13:20.000000Z"),
        ("0", "1970-01-01T00:00:00.000000Z"),
        ("-1", "1969-12-31T23:59:59.000000Z"),
        ("-0.5", "1969-12-31T23:59:59.500000Z"),
        ("\"2025-01-14T09:40:00Z\"", "2025-01-14T09:40:00.000000Z"),
        (
            "\"2025-01-14T15:10:00+05:30\"",
            "2025-01-14T09:40:00.000000Z",
        ),
        (
            "\"2025-01-14T09:40:00.123456789Z\"",
            "2025-01-14T09:40:00.123456Z",
        ),
        // Without a zone it is the configured one.
        ("\"2025-01-14T15:10:00\"", "2025-01-14T09:40:00.000000Z"),
        ("\"2025-01-14 15:10:00.5\"", "2025-01-14T09:40:00.500000Z"),
    ] {
        let line = format!("{{\"timestamp\": {written}}}");
        let cx = read("metrics.jsonl", &[&line]);
        assert_eq!(
            cx.column::<String>("SELECT timestamp FROM memory_metrics"),
            [stored],
            "{written}"
        );
        let cx = read("events.jsonl", &[&line]);
        assert_eq!(
            cx.column::<String>("SELECT timestamp FROM memory_events"),
            [stored],
            "{written}"
        );
    }
}

#[test]
fn unix_seconds_go_down() {
    let cx = read(
        "metrics.jsonl",
        &["{\"timestamp\": -0.5}", "{\"timestamp\": 1.75}"],
    );
    assert_eq!(
        cx.column::<i64>("SELECT timestamp_unix FROM memory_metrics ORDER BY 1"),
        [-1, 1]
    );
}

#[test]
fn defaults_of_samples() {
    let cx = read(
        "metrics.jsonl",
        &["{\"timestamp\": 5, \"pid\": null, \"command\": null}"],
    );
    let sql = "SELECT pid || ' ' || rss_bytes || ' ' || rss_mb || ' ' || (memory_rate_mb_min IS NULL) || ' '
               || (session_id IS NULL) || ' ' || (command IS NULL) || ' ' || (metadata IS NULL) || ' ' || source_device
               FROM memory_metrics";
    assert_eq!(cx.column::<String>(sql), ["0 0 0.0 1 1 1 1 laptop"]);
}

#[test]
fn megabytes_follow_from_bytes() {
    let lines = [
        "{\"timestamp\": 1, \"rss_bytes\": 1572864}",
        "{\"timestamp\": 2, \"rss_bytes\": 1572864, \"rss_mb\": 1.5}",
        "{\"timestamp\": 3, \"rss_bytes\": 1572864, \"rss_mb\": 1.57}",
        "{\"timestamp\": 4, \"rss_mb\": 7.125}",
        "{\"timestamp\": 5, \"rss_bytes\": 1, \"rss_mb\": 0.1234567890123}",
    ];
    let cx = read("metrics.jsonl", &lines);
    let stored = cx.column::<f64>("SELECT rss_mb FROM memory_metrics ORDER BY timestamp");
    assert_eq!(stored, [1.5, 1.5, 1.57, 7.125, 0.123_456_789_012_3]);
}

#[test]
fn defaults_of_events() {
    let cx = read("events.jsonl", &["{\"timestamp\": 5}"]);
    let sql = "SELECT event_type || ' ' || severity || ' ' || (pid IS NULL) || (message IS NULL) || (details IS NULL) FROM memory_events";
    assert_eq!(cx.column::<String>(sql), ["unknown info 111"]);
}

#[test]
fn details() {
    let lines = [
        "{\"timestamp\": 1, \"details\": {\"b\": 1.10, \"a\": [1, null]}}",
        "{\"timestamp\": 2, \"details\": \"plain \\\"text\\\"\"}",
        "{\"timestamp\": 3, \"details\": [1, {\"x\": true}]}",
        "{\"timestamp\": 4, \"details\": 7}",
        "{\"timestamp\": 5, \"details\": null}",
        "{\"timestamp\": 6, \"details\": \"\"}",
    ];
    let cx = read("events.jsonl", &lines);
    let stored =
        cx.column::<Option<String>>("SELECT details FROM memory_events ORDER BY timestamp");
    let stored: Vec<Option<&str>> = stored.iter().map(Option::as_deref).collect();
    let dictionary = Some("{\"b\": 1.10, \"a\": [1, null]}");
    assert_eq!(
        stored,
        [
            dictionary,
            Some("plain \"text\""),
            Some("[1, {\"x\": true}]"),
            Some("7"),
            None,
            Some("")
        ]
    );
    let is_json =
        "SELECT json_extract(details, '$.a[0]') FROM memory_events WHERE timestamp_unix = 1";
    assert_eq!(cx.column::<i64>(is_json), [1]);
}

#[test]
fn unknown_fields_are_kept() {
    let line = "{\"timestamp\": 1, \"zeta\": 1.50, \"host\": \"desk\", \"deep\": {\"a\": [1, 2]}, \"none\": null}";
    for (file, view) in [
        ("metrics.jsonl", "memory_metrics"),
        ("events.jsonl", "memory_events"),
    ] {
        let cx = read(file, &[line]);
        let metadata = cx.column::<String>(&format!("SELECT metadata FROM {view}"));
        let kept = "{\"deep\":{\"a\": [1, 2]},\"host\":\"desk\",\"none\":null,\"zeta\":1.50}";
        assert_eq!(metadata, [kept]);
    }
    // What an event has beyond its columns, and a sample beyond its own.
    let cx = read(
        "events.jsonl",
        &["{\"timestamp\": 1, \"rss_bytes\": 5, \"rss_mb\": 1.5, \"command\": \"c\"}"],
    );
    assert_eq!(
        cx.column::<String>("SELECT metadata FROM memory_events"),
        ["{\"command\":\"c\",\"rss_bytes\":5,\"rss_mb\":1.5}"]
    );
    let cx = read(
        "metrics.jsonl",
        &["{\"timestamp\": 1, \"type\": \"t\", \"message\": \"m\"}"],
    );
    assert_eq!(
        cx.column::<String>("SELECT metadata FROM memory_metrics"),
        ["{\"message\":\"m\",\"type\":\"t\"}"]
    );
}

/// Equal lines are one sample; the order of the fields and blanks between them are no difference.
#[test]
fn equal_samples_are_one() {
    let cx = read(
        "metrics.jsonl",
        &[
            "{\"timestamp\": 1, \"pid\": 2, \"x\": 1, \"y\": 2}",
            "{\"timestamp\": 1, \"pid\": 2, \"x\": 1, \"y\": 2}",
            "{ \"y\":2, \"x\":1, \"pid\":2.0, \"timestamp\":1.0 }",
            "{\"timestamp\": \"1970-01-01T00:00:01Z\", \"pid\": 2, \"x\": 1, \"y\": 2, \"command\": null}",
        ],
    );
    assert_eq!(cx.counts(), (1, 0, 0));
}

/// Any difference makes two, in each field.
#[test]
fn any_difference_makes_two_samples() {
    let fields = [
        ("timestamp", "1", "1.000001"),
        ("pid", "1", "2"),
        ("rss_bytes", "1048576", "1048577"),
        ("rss_mb", "1.0", "1.0001"),
        ("rate_mb_min", "1.5", "-1.5"),
        ("rate_mb_min", "0", "null"),
        ("command", "\"a\"", "\"A\""),
        ("command", "\"\"", "null"),
        ("session_id", "\"a\"", "\"b\""),
        ("session_id", "\"\"", "null"),
        ("note", "1", "2"),
        ("note", "1", "1.0"),
    ];
    for (field, one, two) in fields {
        let line = |value: &str| {
            let time = if field == "timestamp" {
                ""
            } else {
                "\"timestamp\": 1, "
            };
            format!("{{{time}\"{field}\": {value}}}")
        };
        let cx = read("metrics.jsonl", &[&line(one), &line(two), &line(one)]);
        assert_eq!(cx.counts(), (2, 0, 0), "{field}: {one} and {two}");
    }
}

#[test]
fn any_difference_makes_two_events() {
    let fields = [
        ("timestamp", "1", "1.000001"),
        ("type", "\"a\"", "\"b\""),
        ("pid", "0", "null"),
        ("severity", "\"a\"", "\"b\""),
        ("message", "\"\"", "null"),
        ("details", "{\"a\": 1}", "{\"a\": 2}"),
        ("session_id", "\"a\"", "null"),
        ("note", "1", "2"),
    ];
    for (field, one, two) in fields {
        let line = |value: &str| {
            let time = if field == "timestamp" {
                ""
            } else {
                "\"timestamp\": 1, "
            };
            format!("{{{time}\"{field}\": {value}}}")
        };
        let cx = read("events.jsonl", &[&line(one), &line(two), &line(one)]);
        assert_eq!(cx.counts(), (0, 2, 0), "{field}: {one} and {two}");
    }
}

#[test]
fn another_device_is_another_sample() {
    let cx = TestContext::new();
    let source = |name: &str| {
        format!("[source.{name}]\ntype = \"memory-jsonl\"\npath = \"in\"\ndevice = \"{name}\"\n")
    };
    cx.write("datalake.toml", source("desk") + &source("lap"));
    cx.write("in/metrics.jsonl", "{\"timestamp\": 1}\n");
    cx.write("in/events.jsonl", "{\"timestamp\": 1}\n");
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (2, 2, 0));
    assert_eq!(
        cx.column::<String>("SELECT source_device FROM memory_metrics ORDER BY 1"),
        ["desk", "lap"]
    );
}

/// The same files under another name of the source and at another place are nothing new.
#[test]
fn another_source_and_place_change_nothing() {
    let cx = TestContext::filled();
    std::fs::rename(cx.path("in"), cx.path("moved")).expect("it is there");
    cx.write(
        "datalake.toml",
        "[source.again]\ntype = \"memory-jsonl\"\npath = \"moved\"\n",
    );
    let ran = cx.run("run --json").expect(0).json();
    assert_eq!(ran["sources"][0]["inserted"], 0, "{ran}");
    assert_eq!(ran["sources"][0]["unchanged"], 11, "{ran}");
    assert_eq!(cx.counts(), (7, 4, 0));
}

/// Equal times, the time 0, one far ahead with normal ones after it, and lines that come late: all of them.
#[test]
fn every_order_of_times() {
    let cx = TestContext::new();
    let line = |time: i64, pid: i64| format!("{{\"timestamp\": {time}, \"pid\": {pid}}}\n");
    let far = 4_102_444_800; // the year 2100
    let first = [
        line(100, 1),
        line(100, 2),
        line(0, 3),
        line(far, 4),
        line(101, 5),
        line(99, 6),
    ]
    .concat();
    cx.write("in/metrics.jsonl", first);
    cx.run("run").expect(0);
    assert_eq!(cx.counts().0, 6);
    // Later lines, of the same times and of before.
    cx.append(
        "in/metrics.jsonl",
        [
            line(100, 7),
            line(0, 8),
            line(50, 9),
            line(102, 10),
            line(far, 11),
        ]
        .concat(),
    );
    cx.run("run").expect(0);
    let pids = cx.column::<i64>("SELECT pid FROM memory_metrics ORDER BY pid");
    assert_eq!(pids, (1..=11).collect::<Vec<_>>());
}

/// The seed lost the samples that shared the second of the last one it had: 3 of these 6.
#[test]
fn torn_while_being_written() {
    let cx = TestContext::new();
    let line = |pid: i64| format!("{{\"timestamp\": 100, \"pid\": {pid}}}\n");
    let torn = line(3);
    cx.write("in/metrics.jsonl", line(1) + &line(2) + &torn[..10]);
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (2, 0, 0));
    cx.append(
        "in/metrics.jsonl",
        format!("{}{}{}{}", &torn[10..], line(4), line(5), line(6)),
    );
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (6, 0, 0));
}

/// A torn line is taken back by its writer, who writes another.
#[test]
fn torn_line_that_becomes_another() {
    let cx = TestContext::new();
    cx.write(
        "in/metrics.jsonl",
        "{\"timestamp\": 1}\n{\"timestamp\": 2, \"pid\":",
    );
    cx.run("run").expect(0);
    cx.write(
        "in/metrics.jsonl",
        "{\"timestamp\": 1}\n{\"timestamp\": 3}\n",
    );
    cx.run("run").expect(0);
    assert_eq!(
        cx.column::<i64>("SELECT timestamp_unix FROM memory_metrics ORDER BY 1"),
        [1, 3]
    );
}

/// metrics.jsonl becomes metrics.jsonl.1 and a new one begins, with lines between the last run and that.
#[test]
fn rotation() {
    let cx = TestContext::new();
    let lines = |range: std::ops::Range<i64>| -> String {
        range
            .map(|time| {
                format!("{{\"timestamp\": {time}, \"pid\": 4711, \"command\": \"claude\"}}\n")
            })
            .collect()
    };
    let mut last = 0;
    cx.write("in/metrics.jsonl", lines(0..50));
    cx.run("run").expect(0);
    for round in 1..=3_i64 {
        let begin = round * 100;
        cx.append("in/metrics.jsonl", lines(begin - 50..begin));
        for old in (1..round).rev() {
            let name = |number: i64| cx.path(&format!("in/metrics.jsonl.{number}"));
            std::fs::rename(name(old), name(old + 1)).expect("it is there");
        }
        std::fs::rename(cx.path("in/metrics.jsonl"), cx.path("in/metrics.jsonl.1"))
            .expect("it is there");
        cx.write("in/metrics.jsonl", lines(begin..begin + 50));
        let ran = cx.run("run --json").expect(0).json();
        let report = &ran["sources"][0];
        // Only what is new was read: the renamed files go on where they stopped.
        assert_eq!(
            (report["inserted"].as_i64(), report["unchanged"].as_i64()),
            (Some(100), Some(0)),
            "{report}"
        );
        last = begin + 50;
        assert_eq!(cx.counts().0, last);
    }
    let stored = cx.column::<i64>("SELECT timestamp_unix FROM memory_metrics ORDER BY 1");
    assert_eq!(stored, (0..last).collect::<Vec<_>>());
}

/// The same with compression, as logrotate does it: at once or one round later.
#[test]
fn rotation_with_compression() {
    let cx = TestContext::new();
    let lines = |range: std::ops::Range<i64>| -> String {
        let line =
            |time| format!("{{\"timestamp\": {time}, \"pid\": 4711, \"command\": \"claude\"}}\n");
        range.map(line).collect()
    };
    let pack = |from: &str, to: &str| {
        let file = std::fs::File::create(cx.path(to)).expect("a new file");
        let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        let text = std::fs::read(cx.path(from)).expect("it is there");
        std::io::Write::write_all(&mut packed, &text).expect("there is room");
        let file = packed.finish().expect("there is room");
        file.set_modified(std::time::UNIX_EPOCH).expect("a time");
        std::fs::remove_file(cx.path(from)).expect("it is there");
    };
    cx.write("in/metrics.jsonl", lines(0..50));
    cx.run("run").expect(0);
    cx.append("in/metrics.jsonl", lines(50..60));
    pack("in/metrics.jsonl", "in/metrics.jsonl.1.gz");
    cx.write("in/metrics.jsonl", lines(60..70));
    let ran = cx.run("run --json").expect(0).json();
    let report = &ran["sources"][0];
    assert_eq!(
        (report["inserted"].as_i64(), report["unchanged"].as_i64()),
        (Some(20), Some(0))
    );
    std::fs::rename(
        cx.path("in/metrics.jsonl.1.gz"),
        cx.path("in/metrics.jsonl.2.gz"),
    )
    .expect("it is there");
    pack("in/metrics.jsonl", "in/metrics.jsonl.1.gz");
    let ran = cx.run("run --json").expect(0).json();
    let report = &ran["sources"][0];
    assert_eq!(
        (report["inserted"].as_i64(), report["unchanged"].as_i64()),
        (Some(0), Some(0))
    );
    let stored = cx.column::<i64>("SELECT timestamp_unix FROM memory_metrics ORDER BY 1");
    assert_eq!(stored, (0..70).collect::<Vec<_>>());
    // A row leads to its line in the unpacked file, wherever that is now.
    let origins = cx.column::<String>("SELECT unit FROM origins ORDER BY 1");
    assert_eq!(origins, ["metrics.jsonl.1.gz", "metrics.jsonl.2.gz"]);
}

/// Rotation by copying and cutting the original to nothing.
#[test]
fn copied_and_truncated() {
    let cx = TestContext::new();
    let lines = |range: std::ops::Range<i64>| -> String {
        range
            .map(|time| {
                format!("{{\"timestamp\": {time}, \"pid\": 4711, \"command\": \"claude\"}}\n")
            })
            .collect()
    };
    cx.write("in/metrics.jsonl", lines(0..50));
    cx.run("run").expect(0);
    cx.append("in/metrics.jsonl", lines(50..60));
    std::fs::copy(cx.path("in/metrics.jsonl"), cx.path("in/metrics.jsonl.1")).expect("it is there");
    cx.write("in/metrics.jsonl", lines(60..65));
    cx.run("run").expect(0);
    assert_eq!(
        cx.column::<i64>("SELECT timestamp_unix FROM memory_metrics ORDER BY 1"),
        (0..65).collect::<Vec<_>>()
    );
}

/// What was read stays when the file goes.
#[test]
fn vanished_file() {
    let cx = TestContext::filled();
    std::fs::remove_dir_all(cx.path("in")).expect("it is there");
    cx.run("run").expect(0);
    std::fs::create_dir(cx.path("in")).expect("it is new");
    cx.run("run").expect(0);
    cx.run("run --full").expect(0);
    assert_eq!(cx.counts(), (7, 4, 0));
}

/// Every row leads back to its line.
#[test]
fn rows_lead_to_their_lines() {
    let cx = TestContext::filled();
    let places = "SELECT o.unit || ' ' || s.origin_start FROM memory_metrics AS s
                  JOIN origins AS o ON o.id = s.origin ORDER BY s.origin_start";
    let text = std::fs::read_to_string(cx.path("in/metrics.jsonl")).expect("it is text");
    let mut start = 0;
    let mut expected = Vec::new();
    for line in text.split_inclusive('\n') {
        if line != "\n" {
            expected.push(format!("metrics.jsonl {start}"));
        }
        start += line.len();
    }
    assert_eq!(cx.column::<String>(places), expected);
    let events = "SELECT count(*) FROM memory_events WHERE origin_end > origin_start";
    assert_eq!(cx.value::<i64>(events), 4);
}
