//! Files of rows: one on disk per content, every place it was seen, names that cannot hurt.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use datalake_ledger::Op;
use datalake_ledger::ops::{Common, Entry, File, Shown};

use crate::support::{Home, files_below};

fn entry(key: &str, version: u64, file: File) -> Op {
    Op::Entry(Box::new(Entry {
        entry: Some(key.to_owned()),
        label: Some(String::from("l")),
        file: Some(file),
        common: Common {
            version: Some(version),
            ..Common::default()
        },
        ..Entry::default()
    }))
}

fn text(name: &str, text: &str) -> File {
    File {
        name: name.to_owned(),
        text: Some(text.to_owned()),
        ..File::default()
    }
}

fn path_of(home: &Home, key: &str) -> String {
    home.get(&format!(
        "SELECT file_path FROM ledger_entries WHERE entry = '{key}'"
    ))
}

#[test]
fn one_file_for_one_content_and_one_name_for_each() {
    let home = Home::new();
    let lake = home.open();
    lake.feed(&[
        entry("a", 0, text("x.txt", "one")),
        entry("b", 0, text("y.txt", "one")),
        entry("c", 0, text("x.txt", "two")),
        entry("d", 0, text("x.txt", "three")),
    ]);
    assert_eq!(path_of(&home, "a"), "ledger/1970/01/01/x.txt");
    assert_eq!(path_of(&home, "b"), path_of(&home, "a"));
    assert_ne!(path_of(&home, "c"), path_of(&home, "d"));
    assert_eq!(files_below(&home.data()).len(), 3);
    home.nothing_staged();
    home.check();
}

#[test]
fn the_file_of_the_newest_version_is_shown_whichever_came_first() {
    let (old, new) = (
        entry("a", 1, text("f", "old")),
        entry("a", 2, text("f", "new")),
    );
    let (here, there) = (Home::new(), Home::new());
    here.open().feed(&[old.clone(), new.clone()]);
    there.open().feed(&[new, old]);
    for home in [&here, &there] {
        let bytes = fs::read(home.data().join(path_of(home, "a"))).unwrap();
        assert_eq!(bytes, b"new");
        home.check();
    }
    assert_eq!(here.digest(), there.digest());
}

#[test]
fn a_copy_leaves_the_original_and_notes_every_place() {
    let home = Home::new();
    let lake = home.open();
    let at = |name: &str| {
        let path = home.path(name);
        fs::write(&path, "same").unwrap();
        File {
            name: name.to_owned(),
            path: Some(path),
            ..File::default()
        }
    };
    lake.feed(&[entry("a", 0, at("one")), entry("b", 0, at("two"))]);
    lake.feed(&[entry("a", 0, at("one"))]);
    assert_eq!(home.get::<i64>("SELECT count(*) FROM places"), 2);
    assert_eq!(home.get::<i64>("SELECT count(*) FROM files"), 1);
    assert_eq!(fs::read(home.path("one")).unwrap(), b"same");
    home.check();
}

#[test]
fn a_reference_stays_where_it_is_until_somebody_wants_a_copy() {
    let home = Home::new();
    let lake = home.open();
    fs::write(home.path("far"), "far").unwrap();
    let mut file = File {
        name: String::from("far"),
        path: Some(home.path("far")),
        reference: true,
        ..File::default()
    };
    lake.feed(&[entry("a", 0, file.clone())]);
    assert_eq!(path_of(&home, "a"), home.path("far").display().to_string());
    assert!(files_below(&home.data()).is_empty());
    assert_eq!(home.get::<Option<String>>("SELECT path FROM files"), None);
    file.reference = false;
    lake.feed(&[entry("b", 0, file)]);
    assert_eq!(path_of(&home, "b"), "ledger/1970/01/01/far");
    home.check();
}

#[test]
fn a_file_that_has_gone_from_the_tree_is_put_back_when_it_comes_again() {
    let home = Home::new();
    let lake = home.open();
    lake.feed(&[entry("a", 0, text("x", "one"))]);
    fs::remove_dir_all(home.data().join("ledger")).unwrap();
    lake.feed(&[entry("a", 0, text("x", "one"))]);
    home.check();
}

#[test]
fn hostile_names_stay_inside() {
    let home = Home::new();
    let lake = home.open();
    let long = "n".repeat(300);
    let names = [
        "../x",
        "a/b",
        "/etc/passwd",
        "n\0ul",
        "new\nline",
        &long,
        "",
        ".",
        "..",
        "ü\u{202e}gnp.exe",
    ];
    for (number, name) in names.iter().enumerate() {
        let key = format!("e{number}");
        lake.feed(&[entry(&key, 0, text(name, &key))]);
    }
    assert_eq!(files_below(&home.data()).len(), names.len());
    let outside: Vec<_> = fs::read_dir(home.folder.path())
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("lake.db") && name != "data")
        .collect();
    assert!(outside.is_empty(), "{outside:?}");
    home.check();
}

#[test]
fn permissions() {
    let home = Home::with(&datalake_ledger::DATASETS, datalake_ledger::SCHEMA);
    let lake = home.open();
    lake.feed(&[entry("a", 0, text("x", "one"))]);
    let mode = |path: std::path::PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(home.data()), 0o700);
    assert_eq!(mode(home.database()), 0o600);
    assert_eq!(mode(home.path("lake.db-wal")), 0o600);
    assert_eq!(mode(home.data().join("ledger/1970/01/01/x")), 0o644);
    assert_eq!(mode(home.data().join("ledger/1970")), 0o755);
}

#[test]
fn what_a_dead_process_left_is_swept_at_the_next_start() {
    let home = Home::new();
    home.open().feed(&[entry("a", 0, text("x", "kept"))]);
    let kept = path_of(&home, "a");
    let dead = home.data().join(".staging/1-0");
    fs::create_dir(&dead).unwrap();
    let orphan = home.data().join("ledger/1970/01/01/orphan");
    fs::write(dead.join("3.tmp"), "orphan").unwrap();
    fs::hard_link(dead.join("3.tmp"), &orphan).unwrap();
    fs::write(dead.join("4.intent"), "3.tmp\nledger/1970/01/01/orphan").unwrap();
    // Killed after the commit, before the note was taken away.
    fs::write(dead.join("6.intent"), format!("5.tmp\n{kept}")).unwrap();
    fs::write(dead.join("7.intent"), "8.tmp\n../../lake.db").unwrap();
    let lake = home.open();
    assert!(!orphan.exists() && !dead.exists());
    assert!(home.database().exists());
    drop(lake);
    home.check();
}

/// The places of the only file, and whether each is empty.
fn places(home: &Home) -> Vec<String> {
    let sql = "SELECT path, missing FROM places ORDER BY path DESC";
    let db = home.outside();
    let mut statement = db.prepare(sql).unwrap();
    let told = statement.query_map([], |row| {
        let (path, missing): (String, bool) = (row.get(0)?, row.get(1)?);
        let name = path.rsplit('/').next().unwrap().to_owned();
        Ok(format!("{name}{}", if missing { " gone" } else { "" }))
    });
    told.unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_place_that_is_empty_is_marked_and_its_name_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let home = Home::new();
    let lake = home.open();
    let at = |name: &[u8]| home.path("").join(std::ffi::OsStr::from_bytes(name));
    let (plain, odd) = (at(b"plain"), at(b"caf\xe9"));
    for place in [&plain, &odd] {
        fs::write(place, "same").unwrap();
        let file = File {
            path: Some(place.clone()),
            reference: true,
            ..text("f", "")
        };
        lake.feed(&[entry("a", 0, file), Op::Commit]);
    }
    assert_eq!(places(&home), ["caf%E9", "plain"]);
    fs::remove_file(&odd).unwrap();
    // The unit that brought it has gone: that is when its places are looked at.
    let gone = || lake.store.mark_missing("one".into(), Vec::new());
    home.run(gone()).unwrap();
    assert_eq!(places(&home), ["caf%E9 gone", "plain"]);
    fs::write(&odd, "same").unwrap();
    let unit = vec![datalake_core::UnitId::new("u")];
    home.run(lake.store.mark_missing("one".into(), unit))
        .unwrap();
    assert_eq!(places(&home), ["caf%E9", "plain"]);
    home.check();
}

fn shown(name: &str, previews: &[(bool, u32, &str)]) -> File {
    let shown = |&(other, version, text): &(bool, u32, &str)| Shown {
        other,
        version,
        text: text.to_owned(),
    };
    File {
        shown: previews.iter().map(shown).collect(),
        ..text(name, name)
    }
}

fn previews(home: &Home) -> Vec<String> {
    crate::search::lines(
        &home.outside(),
        "SELECT kind, media_type, version, CAST(content AS TEXT) FROM previews ORDER BY file, kind",
    )
}

#[test]
fn what_shows_a_file_is_kept_with_its_content_and_the_best_stays() {
    let with = [
        entry("a", 0, shown("f", &[(false, 1, "old"), (true, 1, "else")])),
        entry("b", 0, shown("f", &[(false, 2, "new")])),
        entry("c", 0, shown("f", &[(false, 2, "less")])),
        entry("d", 0, text("f", "f")),
    ];
    let mut backwards = with.clone();
    backwards.reverse();
    let told = [with, backwards].map(|ops| {
        let home = Home::new();
        home.open().feed(&ops);
        home.check();
        previews(&home)
    });
    assert_eq!(told[0].len(), 2);
    assert!(
        told[0][0].contains("2") && told[0][0].contains("new"),
        "{told:?}"
    );
    assert_eq!(told[0], told[1]);
}

#[test]
fn a_preview_without_a_file_is_refused_with_its_record() {
    let home = Home::new();
    let lake = home.open();
    let receipt =
        lake.lines(r#"{"op":"entry","entry":"a","label":"l","previews":[{"text":"of nothing"}]}"#);
    assert_eq!((receipt.inserted, receipt.rejected), (0, 1));
    let why: String = home.get("SELECT message FROM rejects");
    assert_eq!(
        why,
        "ledger_entries: it has a preview of a file, and no file"
    );
    home.check();
}
