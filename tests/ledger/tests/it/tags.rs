//! Tags: of the source, of its configuration, of the person.

use datalake_core::Output;
use datalake_store::Edit;

use crate::support::{Home, Lake, job, obey_all, parse};

const LINE: &str = r#"{"op":"entry","entry":"e","label":"l","with":{"tags":["x","y"]}}"#;

fn shown(home: &Home) -> Option<String> {
    home.get("SELECT tags FROM ledger_entries")
}

fn edit(lake: &Lake<'_>, edit: Edit) {
    lake.home
        .run(lake.store.edit("ledger_entries", 1, edit))
        .unwrap();
}

#[test]
fn a_removal_outlasts_the_next_reading_and_the_next_start() {
    let home = Home::new();
    {
        let lake = home.open();
        lake.lines(LINE);
        edit(&lake, Edit::RemoveTag(String::from("x")));
        edit(&lake, Edit::AddTag(String::from("mine")));
        lake.lines(LINE);
    }
    let lake = home.open();
    lake.lines(&LINE.replace("\"y\"", "\"y\",\"z\""));
    assert_eq!(shown(&home).as_deref(), Some("mine,y,z"));
    home.check();
}

#[test]
fn tags_of_the_configuration_come_with_every_record() {
    let home = Home::new();
    let lake = home.open();
    let run = lake.begin("one");
    home.run(async {
        let job = job("one", "u", run, &["work", "a, b"]);
        let mut out = Output::new(job, Default::default(), lake.store.clone());
        obey_all(&mut out, lake.store.as_ref(), &parse(LINE))
            .await
            .unwrap();
        out.finish().await.unwrap();
    });
    assert_eq!(shown(&home).as_deref(), Some("a,b,work,x,y"));
    home.check();
}

#[test]
fn a_list_that_somebody_wrote_with_sql_counts_as_theirs() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(LINE);
    home.outside()
        .execute("UPDATE ledger_entries SET tags = 'own,y'", [])
        .unwrap();
    lake.lines(LINE);
    assert_eq!(shown(&home).as_deref(), Some("own,y"), "nothing new came");
    lake.lines(&LINE.replace("\"y\"", "\"z\""));
    assert_eq!(shown(&home).as_deref(), Some("own,y,z"));
    home.check();
}

#[test]
fn tags_that_are_none_are_refused() {
    let home = Home::new();
    let lake = home.open();
    lake.lines(LINE);
    for tag in ["", " ", ","] {
        let edit = Edit::AddTag(tag.to_owned());
        assert!(
            home.run(lake.store.edit("ledger_entries", 1, edit))
                .is_err()
        );
    }
    let nowhere = Edit::AddTag(String::from("x"));
    assert!(
        home.run(lake.store.edit("ledger_entries", 9, nowhere))
            .is_err()
    );
    assert_eq!(shown(&home).as_deref(), Some("x,y"));
}
