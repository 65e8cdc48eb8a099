//! Reading again from the start: after a reset a run does what `run --full` does.

use std::fs;
use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

use datalake_core::UnitId;

use crate::search::lines;
use crate::sources::{home, run};
use crate::support::Home;

/// Where rows come from and what is known of the units, by names that mean the same in every store.
fn provenance(home: &Home) -> Vec<String> {
    let db = home.outside();
    let mut told = lines(
        &db,
        "SELECT source, unit, generation FROM origins ORDER BY 1, 2, 3",
    );
    told.extend(lines(
        &db,
        "SELECT e.entry, o.unit, o.generation, e.origin_start FROM ledger_entries AS e JOIN origins AS o ON o.id = e.origin
         ORDER BY e.entry",
    ));
    told.extend(lines(
        &db,
        "SELECT unit, generation, size, missing, cursor IS NULL FROM checkpoints WHERE unit NOT LIKE 'gone%' ORDER BY unit",
    ));
    told
}

fn entries(names: std::ops::Range<u32>) -> String {
    names
        .map(|n| {
            format!("{{\"op\":\"entry\",\"entry\":\"e{n}\",\"label\":\"red {n}\",\"amount\":1}}\n")
        })
        .collect()
}

/// A lake with a file that was renamed, one that was rewritten, and one that has only grown. No entry stands in
/// two of them: files are read side by side, and of two equal copies the first to arrive is the origin.
fn history() -> Home {
    let home = home();
    let write = |name: &str, text: String| {
        let file = fs::File::create(home.path("in").join(name)).unwrap();
        (&file).write_all(text.as_bytes()).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000))
            .unwrap();
    };
    let run = || assert_eq!(run(home.folder.path(), &["run"]).0, Some(0));
    write("gone.ledger", entries(0..40));
    write("rewritten.ledger", entries(40..60));
    write("grown.ledger", entries(60..80));
    run();
    fs::rename(home.path("in/gone.ledger"), home.path("in/renamed.ledger")).unwrap();
    write("rewritten.ledger", entries(120..140));
    write("grown.ledger", entries(60..120));
    run();
    // Rows that only reading again from the start brings back.
    let db = home.outside();
    db.execute_batch(
        "CREATE TEMP TABLE some AS SELECT id FROM ledger_entries WHERE CAST(substr(entry, 2) AS INTEGER) % 7 = 0;
         DELETE FROM tags WHERE row_id IN some;
         DELETE FROM ledger_entries WHERE id IN some;",
    )
    .unwrap();
    home
}

/// What a lake holds after its input was read again, by a full run or after a reset of all units or some.
fn again(full: bool, units: &[&str]) -> Vec<String> {
    let home = history();
    if full {
        assert_eq!(run(home.folder.path(), &["run", "--full"]).0, Some(0));
    } else {
        let lake = home.open();
        let reset = |unit| {
            home.run(lake.store.reset_cursor("books".into(), unit))
                .unwrap()
        };
        match units {
            [] => assert_eq!(reset(None), 3),
            units => {
                for unit in units {
                    assert_eq!(reset(Some(UnitId::new(*unit))), 1);
                    assert_eq!(reset(Some(UnitId::new(*unit))), 0, "it is reset already");
                }
            }
        }
        drop(lake);
        assert_eq!(run(home.folder.path(), &["run"]).0, Some(0));
    }
    let mut told = provenance(&home);
    told.extend(home.digest().lines().map(String::from));
    told
}

#[test]
fn after_a_reset_rows_origins_and_generations_are_those_of_a_full_run() {
    let full = again(true, &[]);
    is_same(&again(false, &[]), &full);
    let each = ["renamed.ledger", "rewritten.ledger", "grown.ledger"];
    is_same(&again(false, &each), &full);
}

fn is_same(one: &[String], other: &[String]) {
    let differs = one.iter().zip(other).find(|(one, other)| one != other);
    assert_eq!(differs, None);
    assert_eq!(one.len(), other.len());
}

#[test]
fn one_unit_alone_is_read_again() {
    let home = history();
    let lake = home.open();
    let lost: i64 = home.get("SELECT count(*) FROM ledger_entries");
    let reset = lake
        .store
        .reset_cursor("books".into(), Some(UnitId::new("renamed.ledger")));
    assert_eq!(home.run(reset).unwrap(), 1);
    let other = lake.store.reset_cursor("other".into(), None);
    assert_eq!(home.run(other).unwrap(), 0);
    drop(lake);
    assert_eq!(run(home.folder.path(), &["run"]).0, Some(0));
    // Though its old name, which is gone, was read to its end: all its lines are back, and no others.
    let of_it = "SELECT count(*) FROM ledger_entries WHERE CAST(substr(entry, 2) AS INTEGER) < 40";
    assert_eq!(home.get::<i64>(of_it), 40);
    assert!(home.get::<i64>("SELECT count(*) FROM ledger_entries") > lost);
    assert!(home.get::<i64>("SELECT count(*) FROM ledger_entries") < 140);
    home.check();
}
