//! Databases that are not what they should be: one line says the cause and one the cure, the exit status is 1,
//! and nothing is changed or laid beside them.
#![expect(clippy::expect_used, reason = "in a test a panic is the report")]

use std::fs;

use rusqlite::Connection;

use crate::support::context::TestContext;
use crate::support::database::{seed_1, seed_2};
use crate::support::system;

const COMMANDS: [&str; 3] = ["run", "init", "status"];

/// A place whose database was filled and closed, and that `prepare` then did something to.
fn after(prepare: impl FnOnce(&TestContext)) -> TestContext {
    let cx = TestContext::filled().with("DATALAKE_STORE_BUSY_TIMEOUT", "200ms");
    assert!(
        !cx.path("datalake.db-wal").exists(),
        "the last one to close it empties the log"
    );
    prepare(&cx);
    cx
}

/// Runs each command and returns what they said. Each must fail in two lines and leave everything as it was.
#[track_caller]
fn refused(cx: &TestContext) -> String {
    COMMANDS.map(|line| refused_by(cx, line)).join("\n")
}

#[track_caller]
fn refused_by(cx: &TestContext, line: &str) -> String {
    let before = cx.everything();
    let said = fails(cx, line);
    let now = cx.everything();
    let names = before.keys().chain(now.keys());
    let changed: Vec<_> = names
        .filter(|name| before.get(*name) != now.get(*name))
        .collect();
    assert!(changed.is_empty(), "{line} changed {changed:?}");
    said
}

/// One line with the cause, one with the cure.
#[track_caller]
fn fails(cx: &TestContext, line: &str) -> String {
    let ran = cx.run(line);
    let said = cx.shown(&ran);
    assert_eq!(ran.code(), Some(1), "{said}");
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(
        lines[0].starts_with("error: ") && lines[1].starts_with("hint: "),
        "{said}"
    );
    assert_eq!(ran.stdout, "", "{said}");
    said
}

fn damage(cx: &TestContext, work: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(cx.path("datalake.db")).expect("it is there");
    work(&mut bytes);
    cx.write("datalake.db", bytes);
}

#[test]
fn header_overwritten() {
    let cx = after(|cx| damage(cx, |bytes| bytes[..100].fill(0xA5)));
    insta::assert_snapshot!(refused(&cx));
}

/// The mark of SQLite is right and what follows is not.
#[test]
fn header_overwritten_behind_its_mark() {
    let cx = after(|cx| damage(cx, |bytes| bytes[16..100].fill(0xA5)));
    insta::assert_snapshot!(refused(&cx));
}

#[test]
fn first_page_overwritten_behind_the_header() {
    let cx = after(|cx| damage(cx, |bytes| bytes[100..4096].fill(0xA5)));
    insta::assert_snapshot!(refused(&cx));
}

#[test]
fn cut_in_half() {
    let cx = after(|cx| damage(cx, |bytes| bytes.truncate(bytes.len() / 8192 * 4096)));
    insta::assert_snapshot!(refused(&cx));
}

#[test]
fn cut_in_the_middle_of_a_page() {
    let cx = after(|cx| damage(cx, |bytes| bytes.truncate(bytes.len() / 2 + 7)));
    insta::assert_snapshot!(refused(&cx));
}

#[test]
fn empty() {
    let cx = after(|cx| cx.write("datalake.db", ""));
    insta::assert_snapshot!(refused(&cx));
}

#[test]
fn a_few_bytes_only() {
    let cx = after(|cx| damage(cx, |bytes| bytes.truncate(50)));
    insta::assert_snapshot!(refused(&cx));
}

#[test]
fn newer() {
    let cx = after(|cx| {
        cx.database()
            .pragma_update(None, "user_version", 99)
            .expect("it is ours")
    });
    insta::assert_snapshot!(refused(&cx));
}

#[test]
fn of_the_seed_version_1() {
    let cx = TestContext::with_input();
    seed_1(&cx.path("datalake.db"));
    insta::assert_snapshot!(refused(&cx));
}

#[test]
fn of_the_seed_version_2() {
    let cx = TestContext::with_input();
    seed_2(&cx.path("datalake.db"));
    insta::assert_snapshot!(refused(&cx));
}

/// Its last writer was killed: what is new stands in the log beside it.
#[test]
fn of_the_seed_with_a_log() {
    let cx = TestContext::with_input();
    seed_2(&cx.path("elsewhere.db"));
    let open = Connection::open(cx.path("elsewhere.db")).expect("it opens");
    open.execute_batch("INSERT INTO metadata (key, value) VALUES ('a', 'b')")
        .expect("it is ours");
    for ending in ["", "-wal"] {
        fs::copy(
            cx.path(&format!("elsewhere.db{ending}")),
            cx.path(&format!("datalake.db{ending}")),
        )
        .expect("it is there");
    }
    refused(&cx);
}

#[test]
fn of_another_program() {
    let cx = TestContext::with_input();
    let other = Connection::open(cx.path("datalake.db")).expect("a new one");
    other
        .execute_batch("CREATE TABLE notes (body TEXT); INSERT INTO notes VALUES ('mine');")
        .expect("it is new");
    drop(other);
    insta::assert_snapshot!(refused(&cx));
}

/// It says in its header whose it is.
#[test]
fn of_another_program_with_a_mark() {
    let cx = TestContext::with_input();
    let other = Connection::open(cx.path("datalake.db")).expect("a new one");
    other
        .execute_batch("PRAGMA application_id = 1196444487; CREATE TABLE tiles (a);")
        .expect("it is new");
    drop(other);
    insta::assert_snapshot!(refused(&cx));
}

#[test]
fn a_text() {
    let cx = TestContext::with_input();
    cx.write("datalake.db", "my notes\n");
    insta::assert_snapshot!(refused(&cx));
}

#[test]
fn a_folder() {
    let cx = TestContext::with_input();
    cx.write("datalake.db/file", "");
    insta::assert_snapshot!(refused(&cx));
}

#[test]
fn a_pipe() {
    let cx = TestContext::with_input();
    system::make_fifo(&cx.path("datalake.db"));
    insta::assert_snapshot!(refused(&cx));
}

/// Its disk may not be mounted: a new database would take the link's place.
#[test]
fn a_link_to_nowhere() {
    let cx = TestContext::with_input();
    std::os::unix::fs::symlink("away/datalake.db", cx.path("datalake.db")).expect("it is new");
    insta::assert_snapshot!(refused(&cx));
    assert!(cx.path("datalake.db").is_symlink());
}

#[test]
fn a_link_to_a_database() {
    let cx = TestContext::with_input().with("DATALAKE_STORE_BUSY_TIMEOUT", "200ms");
    cx.run("run --set store.db_file=away/datalake.db").expect(0);
    std::os::unix::fs::symlink("away/datalake.db", cx.path("datalake.db")).expect("it is new");
    cx.run("run").expect(0);
    cx.run("status").expect(0);
    assert_eq!(cx.counts(), (7, 4, 0));
}

/// The database is a file of someone else.
#[test]
fn read_only_file() {
    let cx = after(|_| ())
        .with("LOG_DIR", "own/logs")
        .under_permissions();
    cx.mode("datalake.db", 0o444);
    fs::create_dir_all(cx.path("own/logs")).expect("it is new");
    cx.give("own");
    cx.mode("data", 0o755);
    insta::assert_snapshot!([refused_by(&cx, "run"), refused_by(&cx, "init")].join("\n"));
}

#[test]
fn read_only_folder() {
    let cx = TestContext::with_input()
        .with("LOG_DIR", "own/logs")
        .with("DB_FILE", "shelf/datalake.db");
    cx.run("run").expect(0);
    let cx = cx.under_permissions();
    for name in ["data", "shelf", "shelf/datalake.db", "own"] {
        cx.give(name);
    }
    cx.mode("shelf", 0o555);
    let said = COMMANDS.map(|line| {
        let before = cx.everything();
        let ran = cx.run(line);
        assert_eq!(cx.everything(), before, "{ran}");
        cx.shown(&ran)
    });
    cx.mode("shelf", 0o755);
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn unreadable_file() {
    let cx = after(|_| ())
        .with("LOG_DIR", "own/logs")
        .under_permissions();
    fs::create_dir_all(cx.path("own/logs")).expect("it is new");
    cx.give("own");
    cx.mode("datalake.db", 0o000);
    insta::assert_snapshot!(refused(&cx));
}

/// There is no database, and no right to make one.
#[test]
fn no_right_to_make_one() {
    let cx = TestContext::with_input()
        .with("LOG_DIR", "own/logs")
        .under_permissions();
    fs::create_dir_all(cx.path("own/logs")).expect("it is new");
    cx.give("own");
    cx.mode("", 0o555);
    let said = ["run", "init"].map(|line| refused_by(&cx, line)).join("\n");
    cx.mode("", 0o755);
    insta::assert_snapshot!(said);
}

/// Reading goes on beside a writer; writing waits, then says why it does not.
#[test]
fn locked_by_a_writer() {
    let cx = after(|cx| cx.append("in/metrics.jsonl", "{\"timestamp\": 7}\n"));
    let before = cx.everything();
    let other = cx.database();
    other
        .execute_batch("BEGIN EXCLUSIVE")
        .expect("nobody has it");
    insta::assert_snapshot!(fails(&cx, "init"));
    insta::assert_snapshot!(cx.transcript(&["run"]));
    cx.run("status").expect(0);
    drop(other);
    assert_eq!(cx.everything()["datalake.db"], before["datalake.db"]);
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (8, 4, 0));
}

/// A program that lets nobody else in, as some browsers of databases do.
#[test]
fn locked_whole() {
    let cx = after(|_| ());
    let before = cx.everything();
    let other = cx.database();
    other
        .execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; SELECT count(*) FROM runs",
        )
        .expect("nobody has it");
    insta::assert_snapshot!(COMMANDS.map(|line| fails(&cx, line)).join("\n"));
    // It says all it can without the database.
    insta::assert_snapshot!(cx.transcript(&["check"]));
    drop(other);
    assert_eq!(cx.everything()["datalake.db"], before["datalake.db"]);
    cx.run("run").expect(0);
}

/// A log that holds nothing of use is what a crash may leave; the database itself is whole.
#[test]
fn garbage_for_a_log() {
    let cx = after(|cx| cx.write("datalake.db-wal", [0xA5; 10_000]));
    cx.run("status").expect(0);
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (7, 4, 0));
}

/// Whichever page is damaged: each command either works or says that the database is damaged, and never
/// panics, hangs or gives SQLite's words alone.
#[test]
fn any_page_overwritten() {
    let whole = after(|_| ());
    let good = fs::read(whole.path("datalake.db")).expect("it is there");
    let line = "{\"timestamp\": 1736900000, \"pid\": 5}\n";
    let mut refusals = 0;
    for page in 1..good.len() / 4096 {
        let cx = TestContext::with_input();
        let mut bytes = good.clone();
        let mut random = crate::support::input::Random(page as u64);
        bytes[page * 4096..(page + 1) * 4096].fill_with(|| random.draw() as u8);
        cx.write("datalake.db", bytes);
        cx.append("in/metrics.jsonl", line);
        for command in ["status", "run"] {
            let ran = cx.run(command);
            let damaged = ran
                .stderr
                .contains("the database is damaged\nhint: restore a backup");
            assert!(
                ran.code() == Some(0) || ran.code() == Some(1) && damaged,
                "page {page}: {ran}"
            );
            refusals += usize::from(damaged);
        }
    }
    assert!(refusals > 10, "{refusals} of all damages were noticed");
}
