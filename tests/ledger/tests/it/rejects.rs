//! What becomes of rejects: replayed, met again, dropped, and when they keep a scope open.

use datalake_core::UnitId;
use datalake_ledger::Op;
use datalake_store::StoredReject;

use crate::support::{Home, Lake, parse};

fn bad(whys: &[&str]) -> Vec<Op> {
    let op = |why: &&str| Op::Reject {
        why: (*why).to_owned(),
    };
    whys.iter().map(op).collect()
}

/// Each reject with its status, in the order in which they were met.
fn states(home: &Home) -> String {
    home.get("SELECT coalesce(group_concat(message || ' ' || status, ', '), '') FROM (SELECT * FROM rejects ORDER BY id)")
}

fn open(lake: &Lake<'_>, source: Option<&str>, ids: &[i64]) -> Vec<StoredReject> {
    let page = lake
        .store
        .open_rejects(source.map(Into::into), ids.to_vec(), 0);
    let page = lake.home.run(page).unwrap();
    let reader = datalake_store::Store::reader(&lake.home.settings()).unwrap();
    let soon = std::time::Duration::from_secs(5);
    assert_eq!(page, reader.open_rejects(source, ids, 0, soon).unwrap());
    page
}

/// Reads operations as a run that replays or reads again, and settles what came of it before it ends.
fn read(lake: &Lake<'_>, ops: &[Op], settle: impl FnOnce(i64) -> usize) -> usize {
    let run = lake.begin("one");
    lake.feed_in(run, ("one", "u", 0), ops).unwrap();
    let settled = settle(run);
    lake.end(run);
    settled
}

#[test]
fn a_replay_settles_what_was_not_met_again() {
    let home = Home::new();
    let lake = home.open();
    lake.feed(&bad(&["a", "b", "c"]));
    lake.feed_as("two", "u", &bad(&["z"]));
    let all = open(&lake, Some("one"), &[]);
    assert_eq!(all.len(), 3);
    assert_eq!((&*all[1].source, all[1].unit.as_str()), ("one", "u"));
    assert_eq!(all[1].kept.bytes(), Some(&b"b"[..]));
    assert_eq!((all[1].kept.origin.start, all[1].kept.origin.end), (1, 2));
    assert_eq!(
        (all[1].code.as_str(), all[1].message.as_str()),
        ("asked-for", "b")
    );
    let some = [all[0].id, all[1].id];
    assert_eq!(open(&lake, None, &some).len(), 2);
    // Of the two that are read again one is good now; nobody has asked about the third.
    let mut again = parse(r#"{"op":"book","name":"a"}"#);
    again.extend(bad(&["b"]));
    let settle = |run| {
        home.run(lake.store.settle_replay(some.to_vec(), run))
            .unwrap()
    };
    assert_eq!(read(&lake, &again, settle), 1);
    assert_eq!(states(&home), "a replayed, b open, c open, z open");
    assert_eq!(open(&lake, None, &some).len(), 1);
    // A replay that meets nothing at all leaves no row behind before it ends.
    assert_eq!(read(&lake, &[], settle), 1);
    assert_eq!(states(&home), "a replayed, b replayed, c open, z open");
}

#[test]
fn met_again_it_is_open_again_but_what_was_dropped_stays_dropped() {
    let home = Home::new();
    let lake = home.open();
    lake.feed(&bad(&["a", "b"]));
    let ids: Vec<i64> = open(&lake, None, &[])
        .iter()
        .map(|reject| reject.id)
        .collect();
    let length: i64 = home.get("SELECT sum(length) FROM rejects");
    assert_eq!(
        home.run(lake.store.drop_rejects(vec![ids[1], 99])).unwrap(),
        1
    );
    assert_eq!(home.run(lake.store.drop_rejects(vec![ids[1]])).unwrap(), 0);
    let settle = |run| {
        home.run(lake.store.settle_replay(ids.clone(), run))
            .unwrap()
    };
    assert_eq!(read(&lake, &[], settle), 1);
    assert_eq!(states(&home), "a replayed, b dropped");
    assert!(open(&lake, None, &[]).is_empty());
    let receipt = lake.feed(&bad(&["a", "b"]));
    assert_eq!(receipt.rejected, 1, "what was dropped counts for nothing");
    assert_eq!(states(&home), "a open, b dropped");
    assert_eq!(
        home.get::<i64>("SELECT count(DISTINCT last_run) FROM rejects"),
        1
    );
    let bytes = "SELECT group_concat(length(bytes)) FROM rejects";
    assert_eq!(home.get::<String>(bytes), "1,0");
    assert_eq!(home.get::<i64>("SELECT sum(length) FROM rejects"), length);
    assert_eq!(
        home.get::<i64>("SELECT count(*) FROM rejects WHERE length(hash) = 32"),
        2
    );
}

#[test]
fn only_open_rejects_keep_a_scope_open() {
    let complete = r#"{"op":"entry","entry":"e","label":"l","with":{"scope":["s",1]}}
                      {"op":"complete","scope":"s","version":1}"#;
    let known =
        |home: &Home| -> i64 { home.get("SELECT count(*) FROM scopes WHERE complete != ''") };
    for drops in [false, true] {
        let home = Home::new();
        let lake = home.open();
        lake.feed(&bad(&["a"]));
        lake.lines(complete);
        assert_eq!(known(&home), 0);
        let ids = vec![open(&lake, None, &[])[0].id];
        if drops {
            home.run(lake.store.drop_rejects(ids)).unwrap();
        } else {
            let settle = |run| home.run(lake.store.settle_replay(ids, run)).unwrap();
            assert_eq!(read(&lake, &[], settle), 1);
        }
        lake.lines(complete);
        assert_eq!(known(&home), 1, "dropped: {drops}");
    }
}

/// Only of the content that was read: an earlier one may have gone with an input that would be good by now, and
/// then what was kept of it is all there is.
#[test]
fn what_a_full_reading_does_not_meet_is_settled() {
    let home = Home::new();
    let lake = home.open();
    let run = lake.begin("one");
    lake.feed_in(run, ("one", "u", 0), &bad(&["earlier"]))
        .unwrap();
    lake.feed_in(run, ("one", "u", 1), &bad(&["old", "both"]))
        .unwrap();
    lake.feed_in(run, ("one", "v", 0), &bad(&["elsewhere"]))
        .unwrap();
    lake.end(run);
    let run = lake.begin("one");
    let now = parse(r#"{"op":"book","name":"a"}"#);
    let now = [now, bad(&["both", "new"])].concat();
    lake.feed_in(run, ("one", "u", 1), &now).unwrap();
    let unit = UnitId::new("u");
    let resolve = || lake.store.resolve_unmet("one".into(), unit.clone(), run);
    assert_eq!(home.run(resolve()).unwrap(), 1);
    assert_eq!(home.run(resolve()).unwrap(), 0);
    lake.end(run);
    assert_eq!(
        states(&home),
        "earlier open, old replayed, both open, elsewhere open, new open"
    );
}

#[test]
fn the_values_of_a_refused_record_are_no_input() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(r#"{"op":"entry","entry":"e","label":"l","amount":13}"#);
    let found = open(&lake, None, &[]);
    assert_eq!(found[0].code, "cannot-store");
    assert_eq!(
        found[0].kept.bytes(),
        None,
        "no parser of lines would know them"
    );
    assert!(found[0].kept.sample.length > 0);
}

#[test]
fn many_rejects_come_in_pages() {
    let home = Home::new();
    let lake = home.open();
    let long = "x".repeat(60_000);
    let whys: Vec<String> = (0..700)
        .map(|n| {
            if n < 100 {
                format!("{n} {long}")
            } else {
                n.to_string()
            }
        })
        .collect();
    lake.feed(&bad(&whys.iter().map(String::as_str).collect::<Vec<_>>()));
    let (mut after, mut sizes, mut seen) = (0, Vec::new(), 0);
    loop {
        let page = home
            .run(lake.store.open_rejects(None, Vec::new(), after))
            .unwrap();
        let Some(last) = page.last() else { break };
        after = last.id;
        seen += page.len();
        sizes.push(
            page.iter()
                .map(|reject| reject.kept.sample.head.len())
                .sum::<usize>(),
        );
    }
    assert_eq!(seen, 700);
    assert!(
        sizes.len() >= 3 && sizes.iter().all(|size| *size < 5 << 20),
        "{sizes:?}"
    );
}
