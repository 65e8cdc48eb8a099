//! Public logs against what another program counts in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use datalake_testkit::Random;

use crate::lake::Lake;

/// What is expected, as a table in a text.
const EXPECTED: &str = include_str!("expected.md");

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    lines: i64,
    bad: i64,
    no_object: i64,
    sessions: i64,
    /// user, assistant, system, attachment, progress, others
    uuids: [i64; 6],
    user_lines: i64,
    assistant_lines: i64,
    human: i64,
    keys: i64,
    /// input, output, cache creation, cache read
    tokens: [i64; 4],
}

fn public() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/public")
}

/// The rows with the names of the logs that each is about.
fn rows() -> Vec<(String, Vec<String>, Row)> {
    let all = logs(&public(), "");
    let table = EXPECTED.lines().filter(|line| line.starts_with("| "));
    let rows = table.skip(2).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let name = cells[0].trim_matches('*').replace("** (all)", " (all)");
        (name.clone(), named(&all, &name), row(&cells))
    });
    rows.collect()
}

fn row(cells: &[&str]) -> Row {
    let number = |text: &str| -> i64 { text.trim().parse().unwrap_or_else(|_| panic!("{text}")) };
    let numbers = |text: &str| -> Vec<i64> { text.split('/').map(number).collect() };
    let (bad, no_object) = match cells[2].split_once('+') {
        Some((bad, none)) => (number(bad), number(none.trim_end_matches("no"))),
        None => (number(cells[2]), 0),
    };
    let (uuids, others) = cells[4].split_once('+').unwrap_or((cells[4], "0"));
    let mut uuids = numbers(uuids);
    uuids.push(number(others));
    let lines = numbers(cells[5]);
    Row {
        lines: number(cells[1]),
        bad,
        no_object,
        sessions: number(cells[3]),
        uuids: uuids.try_into().unwrap(),
        user_lines: lines[0],
        assistant_lines: lines[1],
        human: number(cells[6]),
        keys: number(cells[7]),
        tokens: numbers(cells[8]).try_into().unwrap(),
    }
}

/// All logs below a folder, by their paths.
fn logs(folder: &Path, below: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(logs(folder, &format!("{name}/"))),
            false if name.ends_with(".jsonl") => found.push(name),
            false => {}
        }
    }
    found.sort_unstable();
    found
}

/// The logs that a row is about.
fn named(all: &[String], name: &str) -> Vec<String> {
    if name == "ALL" {
        return all.to_vec();
    }
    if let Some(repository) = name.strip_suffix(" (all)") {
        return all
            .iter()
            .filter(|log| log.starts_with(&format!("{repository}/")))
            .cloned()
            .collect();
    }
    let (short, name) = name.split_once(": ").unwrap();
    let owner = match short {
        "hg" => "handgemacht-ai",
        other => other,
    };
    let of_owner = all.iter().filter(|log| log.starts_with(owner));
    if let Some(folder) = name.strip_prefix("DIR ") {
        let found: Vec<String> = of_owner
            .filter(|log| {
                let parts: Vec<&str> = log.split('/').collect();
                parts.iter().any(|part| part.ends_with(folder))
            })
            .cloned()
            .collect();
        assert!(!found.is_empty(), "{name}");
        return found;
    }
    let wanted = name.trim_end_matches('…');
    let found: Vec<String> = of_owner
        .filter(|log| {
            let path = log.trim_end_matches(".jsonl");
            let file = path.rsplit('/').next().unwrap();
            match (name.ends_with('…'), wanted.contains('/')) {
                (true, _) => file.starts_with(wanted),
                (false, true) => path.ends_with(&format!("/{wanted}")),
                (false, false) => file == wanted,
            }
        })
        .cloned()
        .collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found
}

/// The bytes of a log. A program that is still running would finish its last line.
fn bytes(log: &str) -> Vec<u8> {
    let mut bytes = fs::read(public().join(log)).unwrap();
    if bytes.last().is_some_and(|byte| *byte != b'\n') {
        bytes.push(b'\n');
    }
    bytes
}

/// What a lake has.
fn counted(lake: &Lake) -> Row {
    let lines = |condition: &str| -> i64 {
        lake.get(&format!(
            "SELECT count(*) FROM claude_lines WHERE {condition}"
        ))
    };
    let uuids = |condition: &str| -> i64 {
        lake.get(&format!(
            "SELECT count(*) FROM (SELECT DISTINCT message_type, message_uuid FROM claude_messages
             WHERE substr(message_uuid, 1, 5) != 'line-' AND {condition})"
        ))
    };
    let of_type = |kind: &str| uuids(&format!("message_type = '{kind}'"));
    let sum = |column: &str| -> i64 {
        let all: i64 = lake.get(&format!(
            "SELECT coalesce(sum({column}), 0) FROM claude_usage"
        ));
        let name = match column {
            "cache_read_tokens" | "cache_creation_tokens" => format!("total_{column}"),
            column => format!("total_{column}"),
        };
        let of_sessions: i64 = lake.get(&format!(
            "SELECT coalesce(sum({name}), 0) FROM claude_sessions"
        ));
        let of_days: i64 = lake.get(&format!(
            "SELECT coalesce(sum({column}), 0) FROM claude_usage_daily"
        ));
        assert_eq!(
            (of_sessions, of_days),
            (all, all),
            "{column} by session and by day"
        );
        all
    };
    Row {
        lines: lines("true"),
        bad: lines("state = 'no JSON'"),
        no_object: lines("state = 'no object'"),
        sessions: lake
            .get("SELECT count(*) FROM claude_sessions WHERE session_id NOT LIKE 'desktop:%'"),
        uuids: [
            of_type("user"),
            of_type("assistant"),
            of_type("system"),
            of_type("attachment"),
            of_type("progress"),
            uuids("message_type NOT IN ('user', 'assistant', 'system', 'attachment', 'progress')"),
        ],
        user_lines: lines("type = 'user'"),
        assistant_lines: lines("type = 'assistant'"),
        human: lines("is_human"),
        keys: lake.get("SELECT count(*) FROM claude_usage"),
        tokens: [
            sum("input_tokens"),
            sum("output_tokens"),
            sum("cache_creation_tokens"),
            sum("cache_read_tokens"),
        ],
    }
}

fn put(lake: &Lake, logs: &[String]) {
    for log in logs {
        lake.put(&format!("projects/{log}"), bytes(log));
    }
}

/// The rows that differ, in words.
fn report(wrong: &BTreeMap<String, (Row, Row)>) {
    let told = wrong.iter().map(|(name, (found, expected))| {
        format!("{name}\n  found    {found:?}\n  expected {expected:?}")
    });
    assert!(wrong.is_empty(), "{}", told.collect::<Vec<_>>().join("\n"));
}

fn check(read: impl Fn(&Lake, &[String])) {
    let mut wrong = BTreeMap::new();
    for (name, logs, expected) in rows() {
        let lake = Lake::new();
        read(&lake, &logs);
        let found = counted(&lake);
        if found != expected {
            wrong.insert(name, (found, expected));
        }
    }
    report(&wrong);
}

#[test]
fn the_table_has_all_rows() {
    let rows = rows();
    assert_eq!(rows.len(), 54);
    assert_eq!(rows.iter().map(|(_, logs, _)| logs.len()).max(), Some(99));
}

#[test]
fn each_row_is_exact() {
    check(|lake, logs| {
        put(lake, logs);
        lake.read();
    });
}

#[test]
fn in_any_order_and_ingested_twice() {
    check(|lake, logs| {
        put(lake, logs);
        let mut random = Random(logs.len() as u64 + 7);
        lake.run("claude", false, |units| random.shuffle(units));
        let before = counted(lake);
        lake.run("claude", true, |units| units.reverse());
        assert_eq!(counted(lake), before);
        lake.run("again", false, |units| random.shuffle(units));
    });
}

/// Reads a log as it grows: after each line and, where `torn`, in the middle of each.
fn grow(lake: &Lake, log: &str, step: usize) {
    let name = format!("projects/{log}");
    let bytes = bytes(log);
    lake.put(&name, "");
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    if lines.is_empty() {
        lines.push(b"");
    }
    for (number, line) in lines.iter().enumerate() {
        let (half, rest) = line.split_at(line.len() / 2);
        lake.append(&name, half);
        if number % step == step / 2 {
            lake.read();
        }
        lake.append(&name, rest);
        if number % step == 0 || number + 1 == lines.len() {
            lake.read();
        }
    }
}

#[test]
fn cut_at_every_line_and_resumed() {
    // A store and thousands of readings for each row: the long logs are cut at every line in the deep tests only.
    let mut wrong = BTreeMap::new();
    for (name, logs, expected) in rows() {
        if logs.len() > 12 && !datalake_testkit::deep() {
            continue;
        }
        let lake = Lake::new();
        for log in logs.iter().rev() {
            let step = match datalake_testkit::deep() {
                true => 1,
                false => 1 + bytes(log).len() / 40_000,
            };
            grow(&lake, log, step);
        }
        let found = counted(&lake);
        if found != expected {
            wrong.insert(name, (found, expected));
        }
    }
    report(&wrong);
}
