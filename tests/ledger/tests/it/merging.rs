//! How states of a row become one.

use crate::support::Home;

const ENTRY: &str = "SELECT {} FROM ledger_entries WHERE entry = 'e'";

fn column(home: &Home, column: &str) -> Option<String> {
    home.get(&ENTRY.replace("{}", &format!("CAST({column} AS TEXT)")))
}

/// The store after lines in this order, and in the other: they must agree.
fn both_ways(one: &str, two: &str) -> Home {
    let (here, there) = (Home::new(), Home::new());
    for line in [one, two] {
        here.open().lines(line);
    }
    for line in [two, one] {
        there.open().lines(line);
    }
    assert_eq!(here.digest(), there.digest());
    here.check();
    there.check();
    here
}

#[test]
fn the_newer_version_wins_and_the_loser_is_kept() {
    let old = r#"{"op":"entry","entry":"e","label":"old red","body":"x","with":{"version":1}}"#;
    let new = r#"{"op":"entry","entry":"e","label":"new green","body":"x","with":{"version":2}}"#;
    let home = both_ways(old, new);
    assert_eq!(column(&home, "label").as_deref(), Some("new green"));
    let lost: String = home.get("SELECT group_concat(column_name || '=' || text) FROM revisions");
    assert_eq!(lost, "label=old red");
}

#[test]
fn a_text_that_is_current_again_is_no_revision() {
    let lines = [
        r#"{"op":"entry","entry":"e","label":"l","body":"red","with":{"version":1}}"#,
        r#"{"op":"entry","entry":"e","label":"l","with":{"version":2}}"#,
        r#"{"op":"entry","entry":"e","label":"l","body":"red","with":{"version":3}}"#,
    ];
    let (here, there) = (Home::new(), Home::new());
    here.open().lines(&lines.join("\n"));
    there
        .open()
        .lines(&[lines[2], lines[0], lines[1]].join("\n"));
    assert_eq!(here.get::<i64>("SELECT count(*) FROM revisions"), 0);
    assert_eq!(here.digest(), there.digest());
}

#[test]
fn a_union_is_sorted_from_its_first_record_on() {
    let home = Home::new();
    let lake = home.open();
    let line = r#"{"op":"entry","entry":"e","label":"l","flags":["b","a","b"]}"#;
    lake.lines(line);
    assert_eq!(column(&home, "flags").as_deref(), Some(r#"["a","b"]"#));
    assert_eq!(lake.lines(line).unchanged, 1);
    lake.lines(r#"{"op":"entry","entry":"e","label":"l","flags":["c"]}"#);
    assert_eq!(column(&home, "flags").as_deref(), Some(r#"["a","b","c"]"#));
}

#[test]
fn the_better_found_time_wins_then_the_earlier_and_its_offset_comes_with_it() {
    let name = r#"{"op":"entry","entry":"e","label":"l","made_at":"2026-01-02T00:00:00Z","time_source":"name","offset_seconds":1}"#;
    let mtime = r#"{"op":"entry","entry":"e","label":"l","made_at":"2026-01-01T00:00:00Z","time_source":"mtime","offset_seconds":2}"#;
    let home = both_ways(name, mtime);
    assert_eq!(column(&home, "offset_seconds").as_deref(), Some("1"));
    // The same instant found as well with another offset: some order decides, and not that of arrival.
    let other = name.replace(":1}", ":7}");
    both_ways(name, &other);
    // No time at all is worse than any.
    let none = r#"{"op":"entry","entry":"e","label":"l","time_source":"embedded"}"#;
    let home = both_ways(mtime, none);
    assert_eq!(column(&home, "offset_seconds").as_deref(), Some("2"));
}

#[test]
fn first_is_the_least_time_and_not_the_first_to_arrive() {
    let early = r#"{"op":"entry","entry":"e","label":"l","made_at":"2026-01-01T00:00:00Z","first_body":"early"}"#;
    let late = r#"{"op":"entry","entry":"e","label":"l","made_at":"2026-01-02T00:00:00Z","first_body":"late"}"#;
    let never = r#"{"op":"entry","entry":"e","label":"l","first_body":"never"}"#;
    for other in [late, never] {
        let home = both_ways(early, other);
        assert_eq!(column(&home, "first_body").as_deref(), Some("early"));
    }
}

#[test]
fn least_and_greatest_pass_over_what_is_absent() {
    let one = r#"{"op":"entry","entry":"e","label":"l","low":3,"high":3}"#;
    let two = r#"{"op":"entry","entry":"e","label":"l","low":-3}"#;
    let home = both_ways(one, two);
    assert_eq!(column(&home, "low || '/' || high").as_deref(), Some("-3/3"));
}

#[test]
fn a_number_of_the_other_sort_is_no_change() {
    use datalake_core::{Column, Dataset, Record};
    static PLAIN: Dataset = Dataset::rows("ledger_books", "Books")
        .columns(&[
            Column::text("name"),
            Column::text("title"),
            Column::time("opened_at"),
        ])
        .key(&["name"])
        .time("opened_at");
    #[derive(serde::Serialize)]
    struct Row {
        name: &'static str,
        title: i64,
    }
    let home = Home::with(&[&PLAIN], datalake_ledger::SCHEMA);
    let lake = home.open();
    let receipts: Vec<_> = (0..2)
        .map(|_| {
            let run = lake.begin("one");
            home.run(async {
                let job = crate::support::job("one", "u", run, &[]);
                let mut out =
                    datalake_core::Output::new(job, Default::default(), lake.store.clone());
                let row = Row {
                    name: "n",
                    title: 5,
                };
                out.push(Record::new(&PLAIN, &row)).await.unwrap();
                out.finish().await.unwrap().receipt
            })
        })
        .collect();
    assert_eq!(
        (receipts[0].inserted, receipts[1].unchanged),
        (1, 1),
        "{receipts:?}"
    );
}

#[test]
fn equal_samples_are_one_and_any_difference_is_two() {
    let home = Home::new();
    let lake = home.open();
    let lines = r#"
        {"op":"sample","time":"2026-01-01T00:00:00Z","name":"a","value":0.5}
        {"op":"sample","time":"2026-01-01T00:00:00Z","name":"a","value":0.5}
        {"op":"sample","time":"2026-01-01T00:00:00Z","name":"a","value":0.5001}
        {"op":"sample","time":"2026-01-01T00:00:00Z","name":"b","value":1e13}
        {"op":"sample","time":"2026-01-01T00:00:00Z"}
    "#;
    let receipt = lake.lines(lines);
    assert_eq!((receipt.inserted, receipt.unchanged), (4, 1));
    assert_eq!(lake.lines(lines).unchanged, 5);
    let sum: f64 = home.get("SELECT sum(value) FROM ledger_samples");
    assert!((sum - 1e13 - 1.0001).abs() < 0.01, "{sum}");
}

#[test]
fn what_is_the_persons_own_is_never_touched() {
    use datalake_core::Value;
    use datalake_store::Edit;
    let home = Home::new();
    let lake = home.open();
    lake.lines(r#"{"op":"entry","entry":"e","label":"l","with":{"version":1}}"#);
    let set = |text: &str| {
        let edit = Edit::Set(String::from("note"), Value::Text(text.to_owned()));
        home.run(lake.store.edit("ledger_entries", 1, edit))
    };
    set("mine alpha").unwrap();
    lake.lines(r#"{"op":"entry","entry":"e","label":"other","body":"red","with":{"version":2}}"#);
    assert_eq!(column(&home, "note").as_deref(), Some("mine alpha"));
    home.check();
    let wrong = Edit::Set(String::from("label"), Value::Null);
    assert!(
        home.run(lake.store.edit("ledger_entries", 1, wrong))
            .is_err()
    );
}
