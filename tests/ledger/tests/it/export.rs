//! `export --raw`: which file is meant, what is said of it, and where its bytes go.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::sources::{home, run};
use crate::support::Home;

/// Exports and expects the exit status; returns what was said.
#[track_caller]
fn export(home: &Home, code: i32, arguments: &[&str]) -> String {
    let all: Vec<&str> = ["export", "--raw"]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    let (ended, said) = run(home.folder.path(), &all);
    assert_eq!(ended, Some(code), "{said}");
    said
}

const BOOK: &str = "{\"op\":\"book\",\"name\":\"NAME\",\"title\":\"a title\"}\nno json\n{\"op\":\"commit\"}\r\ntorn \u{7}";

/// Ledgers with a book each, read once: one in a folder of another's name, one gone, one rewritten.
fn shelves() -> Home {
    let home = home();
    for (path, name) in [
        ("x/one", "first"),
        ("y/two", "second"),
        ("x/one/part", "third"),
        ("z", "last"),
    ] {
        let path = home.path("in").join(format!("{path}.ledger"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, BOOK.replace("NAME", name)).unwrap();
    }
    run(home.folder.path(), &["run"]);
    fs::write(home.path("in/z.ledger"), BOOK.replace("NAME", "anew")).unwrap();
    fs::remove_file(home.path("in/y/two.ledger")).unwrap();
    run(home.folder.path(), &["run"]);
    home
}

#[test]
fn files_are_found_by_name_and_by_what_came_of_them() {
    let home = shelves();
    let (first, second) = (
        BOOK.replace("NAME", "first"),
        BOOK.replace("NAME", "second"),
    );
    let note = "note: 1 more content lies in a folder of this name; --list shows them\n";
    // By its path, on the disk or below the folder; also when it has gone.
    let whole = home.path("in/y/two.ledger");
    for name in ["y/two.ledger", whole.to_str().unwrap()] {
        assert_eq!(export(&home, 0, &[name]), second);
    }
    // By the key of a row, and by its number.
    assert_eq!(export(&home, 0, &["first"]), first);
    let id: i64 = home.get("SELECT id FROM ledger_books WHERE name = 'second'");
    assert_eq!(export(&home, 0, &["ledger_books", &id.to_string()]), second);
    // By its name, where that is enough.
    assert_eq!(export(&home, 0, &["one"]), format!("{first}{note}"));
    assert_eq!(export(&home, 0, &["part"]), BOOK.replace("NAME", "third"));
    let said = export(&home, 2, &["z"]);
    let expected = "error: `z` can mean 2 contents
  --source books --unit z.ledger --generation 0  (77 B)
  --source books --unit z.ledger --generation 1  (77 B)
hint: add what tells them apart; --list shows what has become of each file
";
    assert_eq!(said, expected);
    for (generation, name) in [("0", "last"), ("1", "anew")] {
        let said = export(&home, 0, &["z", "--generation", generation]);
        assert_eq!(said, BOOK.replace("NAME", name));
    }
}

#[test]
fn what_is_kept_is_listed() {
    let home = shelves();
    let said = export(&home, 0, &["--list"]);
    let expected = "\
SOURCE  UNIT               GENERATION  BYTES  KEPT                           FILE
books   x/one.ledger                0     78  all, its last line has no end  there
books   x/one/part.ledger           0     78  all, its last line has no end  there
books   y/two.ledger                0     79  all, its last line has no end  gone
books   z.ledger                    0     77  all, its last line has no end  replaced
books   z.ledger                    1     77  all, its last line has no end  there
";
    assert_eq!(said, expected);
    let said = export(&home, 0, &["--list", "one", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    let units: Vec<&str> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["unit"].as_str().unwrap())
        .collect();
    assert_eq!(units, ["x/one.ledger", "x/one/part.ledger"]);
    let said = export(&home, 0, &["--list", "two", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    let expected = serde_json::json!({
        "source": "books", "unit": "y/two.ledger", "generation": 0, "bytes": 79,
        "complete": false, "read_to_its_end": true, "torn": true, "file": "gone",
    });
    assert_eq!(told[0], expected);
}

#[test]
fn what_is_not_there_is_said_to_be_so() {
    let home = shelves();
    let list = "`datalake export --raw --list` lists what is kept";
    let said = export(&home, 2, &["partt"]);
    assert_eq!(
        said,
        format!(
            "error: nothing that is kept is called `partt`\nhint: did you mean `part`? {list}\n"
        )
    );
    let said = export(&home, 2, &["z", "--generation", "7"]);
    let expected = "error: of what `z` can mean nothing has this source, unit and generation\n\
                    hint: `datalake export --raw --list z` lists all of it\n";
    assert_eq!(said, expected);
    let said = export(&home, 2, &["ledger_books", "77"]);
    let expected = "error: ledger_books has no row 77\n\
                    hint: `datalake list ledger_books` shows rows with their numbers\n";
    assert_eq!(said, expected);
    let said = export(&home, 2, &["--unit", "z.ledger", "--source", "boks"]);
    assert!(
        said.starts_with("error: there is no source `boks`\nhint: did you mean `books`?"),
        "{said}"
    );
}

#[test]
fn a_file_gets_its_name_when_it_is_whole() {
    let home = shelves();
    let said = export(&home, 0, &["first", "--output", "out.ledger"]);
    assert_eq!(said, "wrote out.ledger (78 B)\n");
    assert_eq!(
        fs::read_to_string(home.path("out.ledger")).unwrap(),
        BOOK.replace("NAME", "first")
    );
    let said = export(&home, 2, &["second", "--output", "out.ledger"]);
    let expected = "error: out.ledger: there is something of this name already\n\
                    hint: name another file, or take that one away; nothing was written\n";
    assert_eq!(said, expected);
    // Half of it would look like all of it.
    home.outside()
        .execute_batch("UPDATE raw_blocks SET content = zeroblob(9)")
        .unwrap();
    let said = export(&home, 1, &["second", "--output", "half.ledger"]);
    let expected = "error: books y/two.ledger (generation 0): the raw bytes that are kept are damaged from byte 0 on\n\
                    hint: restore a backup of the database\n";
    assert_eq!(said, expected);
    export(&home, 1, &["second"]);
    let names = fs::read_dir(home.folder.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let ours: Vec<String> = names
        .filter(|name| name.contains("half") || name.contains("export"))
        .collect();
    assert!(ours.is_empty(), "{ours:?}");
}

/// As `head` does.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = home();
    let ledger = "{\"op\":\"truncated\"}\n".repeat(20_000);
    fs::write(home.path("in/a.ledger"), ledger).unwrap();
    run(home.folder.path(), &["run"]);
    let mut export = command(home.folder.path(), &["export", "--raw", "a"])
        .spawn()
        .unwrap();
    let mut some = [0; 10];
    export.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let ended = export.wait_with_output().unwrap();
    assert!(
        ended.status.success() && ended.stderr.is_empty(),
        "{ended:?}"
    );
    assert_eq!(&some, b"{\"op\":\"tru");
}

fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_datalake-ledger"));
    command
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("TZ", "UTC");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The same bytes are stored once, whoever reads them, and go with the last who had them.
#[test]
fn equal_content_is_stored_once_and_goes_with_the_last_source() {
    let home = home();
    let line =
        |number: u32| format!("{{\"op\":\"entry\",\"entry\":\"e{number}\",\"label\":\"red\"}}\n");
    let ledger: String = (0..4_000).map(line).collect();
    for folder in ["in", "other"] {
        fs::create_dir_all(home.path(folder)).unwrap();
        fs::write(home.path(folder).join("a.ledger"), &ledger).unwrap();
    }
    let config = fs::read_to_string(home.path("datalake.toml")).unwrap();
    let config = config + "\n[source.shelf]\ntype = \"ledger\"\npath = [\"other\"]\n";
    fs::write(home.path("datalake.toml"), config).unwrap();
    let (code, said) = run(home.folder.path(), &["run"]);
    assert_eq!(code, Some(0), "{said}");
    let count = |table: &str| home.get::<i64>(&format!("SELECT count(*) FROM {table}"));
    assert_eq!(count("raw_parts"), 2 * count("raw_blocks"));
    home.check();
    // Of two that are the same it does not matter which is meant.
    let said = export(&home, 0, &["a"]);
    assert!(said == ledger);
    for (source, left) in [("books", 1), ("shelf", 0)] {
        run(home.folder.path(), &["forget", source, "--yes"]);
        assert_eq!(count("raw_contents"), left);
        home.check();
    }
    assert_eq!(count("raw_blocks"), 0);
}

/// A parser that has changed reads everything again, and so does one that is told to.
#[test]
fn a_file_that_is_gone_is_read_again_from_what_is_kept() {
    let home = home();
    fs::write(home.path("in/a.ledger"), BOOK.replace("NAME", "old")).unwrap();
    run(home.folder.path(), &["run"]);
    fs::remove_file(home.path("in/a.ledger")).unwrap();
    run(home.folder.path(), &["run"]);
    let before = home.digest();
    let lose = "DELETE FROM ledger_books; DELETE FROM aliases; DELETE FROM tags; DELETE FROM dirty";
    let outdate = "UPDATE checkpoints SET version = 9";
    for reset in [false, true] {
        home.outside().execute_batch(lose).unwrap();
        assert!(home.digest() != before);
        match reset {
            true => drop(run(
                home.folder.path(),
                &["cursor", "reset", "books", "a.ledger", "--yes"],
            )),
            false => home.outside().execute_batch(outdate).unwrap(),
        }
        // A preview lays nothing out.
        let (code, said) = run(home.folder.path(), &["preview", "books"]);
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = run(home.folder.path(), &["run"]);
        assert_eq!(code, Some(3), "{said}");
        assert_eq!(home.get::<String>("SELECT name FROM ledger_books"), "old");
        assert!(home.get::<bool>("SELECT missing FROM checkpoints WHERE unit = 'a.ledger'"));
        assert_eq!(home.digest(), before);
        home.check();
        home.nothing_staged();
        let (_, said) = run(home.folder.path(), &["run"]);
        assert!(
            said.contains("nothing new") || !said.contains("inserted"),
            "{said}"
        );
    }
}
