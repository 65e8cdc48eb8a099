//! The plugin as a source: through the adapters of the core, and through its own binary.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::Home;

const CONFIG: &str = "
[store]
db_file = \"lake.db\"
data_dir = \"data\"

[source.books]
type = \"ledger\"
path = [\"in\"]
commit_every = 2
tags = [\"work\"]
";

/// The plugin's binary in a folder of its own.
fn binary(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_datalake-ledger"));
    command
        .args(["--config", "datalake.toml"])
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("TZ", "UTC")
        .env("DATALAKE_DEVICE", "desk");
    command
}

/// Runs it; returns its exit status and what it said.
pub(crate) fn run(home: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let done = binary(home, arguments).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    (done.status.code(), said.into_owned())
}

pub(crate) fn home() -> Home {
    let home = Home::with(&datalake_ledger::DATASETS, datalake_ledger::SCHEMA);
    fs::write(home.path("datalake.toml"), CONFIG).unwrap();
    fs::create_dir(home.path("in")).unwrap();
    home
}

const TREE: &str = r#"{"op":"entry","entry":"e1","label":"red","amount":1,"accounts":["a"],"file":{"name":"f","text":"t"}}
{"op":"account","code":"a","title":"green","books":["b"],"with":{"aliases":["a"]}}
{"op":"book","name":"b","with":{"aliases":["b"]}}
{"op":"sample","name":"n","value":1.5}
{"op":"entry","entry":"e2","label":"blue","amount":2,"accounts":["a"]}
"#;

#[test]
fn the_binary_runs_the_foreign_plugin() {
    let home = home();
    fs::write(home.path("in/one.ledger"), TREE).unwrap();
    let (code, said) = run(home.folder.path(), &["run"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(home.get::<i64>("SELECT total FROM ledger_books"), 3);
    assert_eq!(home.get::<String>("SELECT tags FROM ledger_books"), "work");
    home.check();
    let before = home.digest();
    let (code, said) = run(home.folder.path(), &["run", "--full"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(before, home.digest());
    let (_, said) = run(home.folder.path(), &["plugins", "list"]);
    assert!(said.contains("ledger"), "{said}");
}

#[test]
fn rejects_skips_failures_and_panics_keep_what_was_read() {
    let home = home();
    let good = r#"{"op":"entry","entry":"ENTRY","label":"red"}"#;
    for (name, line) in [
        ("reject", r#"{"op":"reject","why":"bad"}"#),
        ("json", "no json"),
        ("skip", r#"{"op":"skip","why":"a shopping list"}"#),
        ("panic", r#"{"op":"panic"}"#),
        ("stop", r#"{"op":"fail"}"#),
    ] {
        let text = format!("{}\n{line}\n", good.replace("ENTRY", name));
        fs::write(home.path(&format!("in/{name}.ledger")), text).unwrap();
    }
    let (code, said) = run(home.folder.path(), &["run"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(home.get::<i64>("SELECT count(*) FROM ledger_entries") >= 3);
    assert_eq!(home.get::<i64>("SELECT count(*) FROM rejects"), 2);
    home.check();
}

#[test]
fn related_rows_are_replaced_as_a_set() {
    let home = home();
    let line = r#"{"op":"book","name":"b"}"#;
    for name in ["a", "b", "c"] {
        fs::write(home.path(&format!("in/{name}.ledger")), format!("{line}\n")).unwrap();
    }
    let pairs = || -> Option<String> {
        home.get("SELECT group_concat(one || '-' || other) FROM (SELECT * FROM ledger_pairs ORDER BY one)")
    };
    assert_eq!(run(home.folder.path(), &["run"]).0, Some(0));
    assert_eq!(
        pairs().as_deref(),
        Some("a.ledger-b.ledger,b.ledger-c.ledger")
    );
    fs::write(home.path("in/b.ledger"), format!("{line}\n{line}\n")).unwrap();
    assert_eq!(run(home.folder.path(), &["run"]).0, Some(0));
    assert_eq!(pairs().as_deref(), Some("a.ledger-c.ledger"));
    // What vanished still counts: it was there.
    fs::remove_file(home.path("in/c.ledger")).unwrap();
    assert_eq!(run(home.folder.path(), &["run"]).0, Some(0));
    assert_eq!(pairs().as_deref(), Some("a.ledger-c.ledger"));
    home.check();
}

/// What follows from the same units is there already; it is made again when somebody asks for it, or when what it
/// follows from is another.
#[test]
fn what_is_related_is_related_again_only_where_something_has_changed() {
    let home = home();
    for name in ["a", "b"] {
        fs::write(
            home.path(&format!("in/{name}.ledger")),
            "{\"op\":\"book\",\"name\":\"b\"}\n",
        )
        .unwrap();
    }
    let pairs = || home.get::<i64>("SELECT count(*) FROM ledger_pairs");
    let lose = || {
        home.outside()
            .execute("DELETE FROM ledger_pairs", [])
            .unwrap()
    };
    assert_eq!(run(home.folder.path(), &["run"]).0, Some(0));
    assert_eq!((pairs(), lose()), (1, 1));
    assert_eq!(run(home.folder.path(), &["run"]).0, Some(0));
    assert_eq!(pairs(), 0);
    assert_eq!(run(home.folder.path(), &["run", "--full"]).0, Some(0));
    assert_eq!((pairs(), lose()), (1, 1));
    fs::write(
        home.path("in/c.ledger"),
        "{\"op\":\"book\",\"name\":\"c\"}\n",
    )
    .unwrap();
    assert_eq!(run(home.folder.path(), &["run"]).0, Some(0));
    assert_eq!((pairs(), lose()), (2, 2));
    assert_eq!(
        run(home.folder.path(), &["run", "--set", "device=other"]).0,
        Some(0)
    );
    assert_eq!((pairs(), lose()), (2, 2));
    let lake = home.open();
    home.run(lake.store.reset_cursor("books".into(), None))
        .unwrap();
    drop(lake);
    assert_eq!(run(home.folder.path(), &["run"]).0, Some(0));
    assert_eq!(pairs(), 2);
    home.check();
}

/// Many small batches, each with files, links, totals and a reject.
fn many() -> String {
    let line = |n: u32| match n % 7 {
        0 => format!(
            r#"{{"op":"account","code":"a{n}","books":["b"],"with":{{"aliases":["a{}"]}}}}"#,
            n % 5
        ),
        1 => format!(r#"{{"op":"reject","why":"{n}"}}"#),
        2 => format!(r#"{{"op":"sample","name":"n","value":{n}}}"#),
        3 => String::from(r#"{"op":"book","name":"b","title":"red","with":{"aliases":["b"]}}"#),
        _ => {
            let file = format!(r#""file":{{"name":"f","text":"{n}"}},"with":{{"version":{n}}}"#);
            let (key, account) = (n % 300, n % 5);
            format!(
                r#"{{"op":"entry","entry":"e{key}","label":"l{n}","amount":{n},"accounts":["a{account}"],{file}}}"#
            )
        }
    };
    (0..600).map(|n| line(n) + "\n").collect()
}

#[test]
fn killed_again_and_again_it_is_as_if_it_had_never_been() {
    let (killed, whole) = (home(), home());
    for home in [&killed, &whole] {
        fs::write(home.path("in/many.ledger"), many()).unwrap();
    }
    let (code, said) = run(whole.folder.path(), &["run"]);
    assert_eq!(code, Some(3), "{said}");
    let mut live = 0;
    for round in 0..12_u64 {
        let mut child = binary(killed.folder.path(), &["run"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(40 + round * 29 % 90));
        live += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(live > 0, "every run had ended before it was killed");
    let (code, said) = run(killed.folder.path(), &["run"]);
    assert!(matches!(code, Some(0 | 3)), "{said}");
    killed.check();
    assert_eq!(killed.digest(), whole.digest());
    killed.nothing_staged();
}
