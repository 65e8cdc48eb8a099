//! What a killed process leaves is swept, and nothing that is another's.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use datalake_core::{Blob, Content, FileMode, FileRef, Timestamp, Zone, stage};

use super::names::{numbered, safe_name};
use super::*;

fn blob(name: &str, text: &str) -> Blob {
    Blob {
        content: Content::Bytes(Arc::from(text.as_bytes())),
        folder: "things",
        name: name.to_owned(),
        made: Timestamp::EPOCH,
        mode: FileMode::Copy,
    }
}

fn staged(tree: &Tree, blob: Blob) -> Result<FileRef> {
    stage(|| tree.aside(), blob)
}

fn files() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE files (path TEXT)")
        .unwrap();
    connection
}

fn choose(placing: &mut Placing, file: &FileRef) -> String {
    placing.place(file.staged(), &Zone::utc()).unwrap().unwrap()
}

fn place(placing: &mut Placing, file: &FileRef) -> String {
    let path = choose(placing, file);
    placing.settle().unwrap();
    path
}

/// Does `work` with a tree and leaves everything as a kill would: nothing is cleaned up, the lock is gone.
fn killed(root: &Path, work: impl FnOnce(&Arc<Tree>)) {
    let (tree, _) = Tree::open(root).unwrap();
    work(&tree);
    let left = tree.staging.with_file_name("dead");
    fs::create_dir(&left).unwrap();
    for entry in fs::read_dir(&tree.staging).unwrap().flatten() {
        fs::rename(entry.path(), left.join(entry.file_name())).unwrap();
    }
}

#[test]
fn an_orphan_is_swept_and_a_committed_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let db = files();
    killed(folder.path(), |tree| {
        let mut placing = tree.placing();
        let lost = staged(tree, blob("a.txt", "lost")).unwrap();
        let kept = staged(tree, blob("a.txt", "kept")).unwrap();
        assert_eq!(choose(&mut placing, &lost), "things/1970/01/01/a.txt");
        let path = place(&mut placing, &kept);
        db.execute("INSERT INTO files VALUES (?1)", [&path])
            .unwrap();
        placing.leave();
    });
    let (tree, made) = Tree::open(folder.path()).unwrap();
    assert!(!made);
    assert_eq!(tree.sweep(&db).unwrap(), 1);
    let day = folder.path().join("things/1970/01/01");
    let left: Vec<_> = fs::read_dir(&day).unwrap().flatten().collect();
    assert_eq!(left.len(), 1);
    assert_eq!(fs::read(left[0].path()).unwrap(), b"kept");
    assert_eq!(
        fs::read_dir(folder.path().join(STAGING)).unwrap().count(),
        1
    );
}

#[test]
fn a_living_process_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (one, _) = Tree::open(folder.path()).unwrap();
    let (two, _) = Tree::open(folder.path()).unwrap();
    let mut placing = one.placing();
    let file = staged(&one, blob("a", "a")).unwrap();
    let path = place(&mut placing, &file);
    assert_eq!(two.sweep(&files()).unwrap(), 0);
    assert!(folder.path().join(&path).exists());
    placing.done();
    assert!(folder.path().join(path).exists());
}

#[test]
fn a_name_that_somebody_else_took_is_not_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, _) = Tree::open(folder.path()).unwrap();
    let ours = staged(&tree, blob("a", "ours")).unwrap();
    let staged = ours.staged().staged.clone().unwrap();
    let day = folder.path().join("things/1970/01/01");
    fs::create_dir_all(&day).unwrap();
    fs::write(day.join("a"), "theirs").unwrap();
    // As if the process had died between its note and the link that failed.
    let path = String::from("things/1970/01/01/a");
    let intent = Intent {
        file: tree.staging.join("7.intent"),
        namings: vec![Naming { staged, path }],
    };
    assert_eq!(tree.unplace(&intent), 0);
    assert_eq!(fs::read(day.join("a")).unwrap(), b"theirs");
}

#[test]
fn a_name_that_is_taken_after_it_was_chosen_is_not_chosen_again() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, _) = Tree::open(folder.path()).unwrap();
    let day = folder.path().join("things/1970/01/01");
    fs::create_dir_all(&day).unwrap();
    let files = ["one", "two"].map(|text| staged(&tree, blob("a", text)).unwrap());
    {
        let mut placing = tree.placing();
        assert_eq!(choose(&mut placing, &files[0]), "things/1970/01/01/a");
        assert_ne!(choose(&mut placing, &files[1]), "things/1970/01/01/a");
        fs::write(day.join("a"), "theirs").unwrap();
        assert!(matches!(placing.settle(), Err(NotPlaced::Taken(_))));
    }
    let left = fs::read_dir(&day).unwrap().flatten();
    assert_eq!(
        left.map(|entry| entry.file_name()).collect::<Vec<_>>(),
        ["a"]
    );
    fs::remove_file(day.join("a")).unwrap();
    let mut placing = tree.placing();
    let path = place(&mut placing, &files[0]);
    assert_ne!(path, "things/1970/01/01/a");
    placing.done();
    assert_eq!(fs::read(folder.path().join(path)).unwrap(), b"one");
}

#[test]
fn names_that_differ_in_case_alone_are_not_given_together() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, _) = Tree::open(folder.path()).unwrap();
    let mut placing = tree.placing();
    let [one, two] = ["a.png", "A.PNG"].map(|name| {
        let file = staged(&tree, blob(name, name)).unwrap();
        choose(&mut placing, &file).to_lowercase()
    });
    assert_ne!(one, two);
}

#[test]
fn a_note_that_was_cut_off_names_only_what_stands_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("1.intent");
    for (text, names) in [
        ("", 0),
        ("1.tmp", 0),
        ("1.tmp\nx/a", 1),
        ("1.tmp\nx/a\n2.tmp\n", 1),
    ] {
        fs::write(&file, text).unwrap();
        let read = Intent::read(file.clone()).unwrap();
        assert_eq!(read.namings.len(), names, "{text:?}");
    }
}

#[test]
fn what_is_not_done_is_undone() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, _) = Tree::open(folder.path()).unwrap();
    let file = staged(&tree, blob("a", "a")).unwrap();
    let path = {
        let mut placing = tree.placing();
        let path = place(&mut placing, &file);
        assert!(folder.path().join(&path).exists());
        path
    };
    assert!(!folder.path().join(path).exists());
}

#[test]
fn permissions_let_nobody_in_at_the_root_and_do_not_depend_on_the_umask() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    let (tree, made) = Tree::open(&root).unwrap();
    assert!(made);
    let file = staged(&tree, blob("a", "a")).unwrap();
    let mut placing = tree.placing();
    let path = place(&mut placing, &file);
    placing.done();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&root), 0o700);
    assert_eq!(mode(&root.join(&path)), 0o644);
    for folder in [
        "things",
        "things/1970",
        "things/1970/01",
        "things/1970/01/01",
    ] {
        assert_eq!(mode(&root.join(folder)), 0o755, "{folder}");
    }
}

#[test]
fn names_are_safe() {
    let long = format!("{}.wav", "ä".repeat(150));
    let cases = [
        ("../x", "x"),
        ("a/b", "b"),
        ("a\\b", "b"),
        ("", "file"),
        (".", "file"),
        ("..", "file"),
        ("/", "file"),
        ("...", "file"),
        (" . ", "file"),
        ("a\0b\nc", "a_b_c"),
        ("a:b?.txt", "a_b_.txt"),
        (".hidden", "hidden"),
        ("ok.tar.gz", "ok.tar.gz"),
    ];
    for (name, safe) in cases {
        assert_eq!(safe_name(name), safe, "{name:?}");
    }
    let safe = safe_name(&long);
    assert!(safe.len() <= 200 && safe.ends_with("ä.wav"), "{safe}");
    assert!(safe_name(&format!("x.{}", "e".repeat(300))).len() <= 200);
    assert_eq!(numbered("a.txt", "0123456789", 1), "a-01234567.txt");
    assert_eq!(numbered("a", "0123456789", 2), "a-01234567-2");
}

#[test]
fn half_a_copy_does_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, _) = Tree::open(folder.path()).unwrap();
    let blob = Blob {
        content: Content::Path(folder.path().join("is not there")),
        ..blob("a", "")
    };
    assert!(staged(&tree, blob).is_err());
    let left = fs::read_dir(&tree.staging).unwrap().flatten();
    assert_eq!(
        left.map(|entry| entry.file_name()).collect::<Vec<_>>(),
        ["alive"]
    );
}
