//! Single files, through the plugin's own binary: rows, files, tags and scopes of a foreign plugin beside those of the
//! program's own.

use std::fs;

use crate::sources::{home, run};
use crate::support::Home;

const ENTRY: &str = r#"{"op":"entry","entry":"ENTRY","label":"red","file":{"name":"f.txt","text":"ENTRY"},"with":{"tags":["own"]}}
"#;
const SAMPLE: &str = "{\"timestamp\": 1736847600, \"pid\": 1}\n";

/// Ingests and expects the exit status; returns what was said.
#[track_caller]
fn ingest(home: &Home, code: i32, arguments: &[&str]) -> String {
    let all: Vec<&str> = std::iter::once("ingest")
        .chain(arguments.iter().copied())
        .collect();
    let (ended, said) = run(home.folder.path(), &all);
    assert_eq!(ended, Some(code), "{said}");
    said
}

fn write(home: &Home, name: &str, entry: &str) {
    fs::write(home.path(name), ENTRY.replace("ENTRY", entry)).unwrap();
}

fn lines(said: &str, home: &Home) -> Vec<String> {
    let folder = fs::canonicalize(home.folder.path()).unwrap();
    let lines = said
        .lines()
        .map(|line| line.replace(folder.to_str().unwrap(), "HOME"));
    let lines = lines.map(|line| line.replace(home.folder.path().to_str().unwrap(), "HOME"));
    lines.filter(|line| !line.starts_with("created ")).collect()
}

#[test]
fn a_foreign_plugin_takes_single_files_too() {
    let home = home();
    write(&home, "one", "e1");
    write(&home, "two", "e2");
    fs::write(home.path("log"), SAMPLE).unwrap();
    let said = ingest(&home, 0, &["two", "log", "one", "--tags", "a, b,,own"]);
    let told = lines(&said, &home);
    let [two, log, one, tags] = &told[..] else {
        panic!("{told:?}")
    };
    // Which of two files that are read side by side is stored first is nobody's business.
    for line in [one, two] {
        assert!(
            line.starts_with("ledger_entries ") && line.ends_with(".txt  (new)"),
            "{line}"
        );
        assert!(line.contains("  HOME/data/ledger/1970/01/01/f"), "{line}");
    }
    assert_eq!(
        (log.as_str(), tags.as_str()),
        (
            "memory_metrics  log  (new)",
            "log: its rows can have no tags"
        )
    );
    let shown: String = home.get("SELECT group_concat(DISTINCT tags) FROM ledger_entries");
    assert_eq!(shown, "a,b,own");
    home.check();
    let before = home.digest();
    let again = ingest(&home, 0, &["two", "log", "one", "--tags", "a"]);
    let again: Vec<String> = lines(&again, &home).into_iter().take(3).collect();
    assert!(
        again.iter().all(|line| line.ends_with("  (unchanged)")),
        "{again:?}"
    );
    assert_eq!(before, home.digest());
    // Without a word of it the tags are those of the only source of the kind.
    let more = lines(&ingest(&home, 0, &["one"]), &home);
    assert!(more[0].ends_with("  (changed)"), "{more:?}");
    let shown: String = home.get("SELECT tags FROM ledger_entries WHERE entry = 'e1'");
    assert_eq!(shown, "a,b,own,work");
    home.check();
}

/// What is ingested from the folder of a source is what the source makes of it.
#[test]
fn a_file_of_a_configured_folder_is_what_its_source_makes_of_it() {
    let home = home();
    for (name, entry) in [("in/one.ledger", "e1"), ("in/two.ledger", "e2")] {
        write(&home, name, entry);
    }
    ingest(&home, 0, &["in/one.ledger", "in/two.ledger"]);
    let ingested = home.digest();
    assert_eq!(
        home.get::<String>("SELECT group_concat(DISTINCT source) FROM checkpoints"),
        "@ingest/ledger/books"
    );
    assert_eq!(
        home.get::<String>("SELECT DISTINCT tags FROM ledger_entries"),
        "own,work"
    );
    assert_eq!(run(home.folder.path(), &["run"]).0, Some(0));
    home.check();
    let other = self::home();
    for (name, entry) in [("in/one.ledger", "e1"), ("in/two.ledger", "e2")] {
        write(&other, name, entry);
    }
    assert_eq!(run(other.folder.path(), &["run"]).0, Some(0));
    // All but what follows from the units together, which single files have not.
    let rows = |content: &str| -> Vec<String> {
        let lines = content
            .lines()
            .filter(|line| line.contains("ledger_entries"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(rows(&ingested), rows(&other.digest()));
    assert!(!rows(&ingested).is_empty());
}

#[test]
fn nothing_follows_from_single_files_together() {
    let home = home();
    for name in ["a.ledger", "b.ledger"] {
        fs::write(
            home.path("in").join(name),
            "{\"op\":\"book\",\"name\":\"b\"}\n",
        )
        .unwrap();
        fs::write(home.path(name), "{\"op\":\"book\",\"name\":\"c\"}\n").unwrap();
    }
    assert_eq!(run(home.folder.path(), &["run"]).0, Some(0));
    let pairs = "SELECT group_concat(one || '-' || other) FROM ledger_pairs";
    let before: String = home.get(pairs);
    ingest(&home, 0, &["a.ledger", "b.ledger"]);
    assert_eq!(home.get::<String>(pairs), before);
    home.check();
}

#[test]
fn files_that_fail_say_so_and_the_others_are_stored() {
    let home = home();
    write(&home, "good", "e1");
    write(&home, "late", "e2");
    for (name, line) in [
        ("skip", r#"{"op":"skip","why":"a shopping list"}"#),
        ("panic", r#"{"op":"panic"}"#),
        ("fail", r#"{"op":"fail"}"#),
        ("rejects", r#"{"op":"reject","why":"bad"}"#),
    ] {
        fs::write(home.path(name), format!("{line}\n")).unwrap();
    }
    let said = ingest(&home, 1, &["good", "skip", "panic", "rejects", "late"]);
    assert!(said.contains("error: skip: a shopping list"), "{said}");
    assert!(
        said.contains("error: panic: ") && said.contains("panicked: the line says so"),
        "{said}"
    );
    assert!(
        said.contains("rejects: 1 input could not be stored"),
        "{said}"
    );
    assert_eq!(home.get::<i64>("SELECT count(*) FROM ledger_entries"), 2);
    let said = ingest(&home, 1, &["fail"]);
    assert!(
        said.contains("error: fail: ") && said.contains("the line says so"),
        "{said}"
    );
    ingest(&home, 3, &["rejects"]);
    home.check();
}
