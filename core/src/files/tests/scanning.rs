//! What a search finds, and what it says of everything that is no file.

use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::files::opened::{Opened, Stop};
use crate::files::scan::{concerns, scan};
use crate::files::signals::Signals;
use crate::files::testing::*;
use crate::files::{Files, line_source};

/// The units by name, with the code of what is wrong with them.
fn found(files: &Files) -> Vec<(String, &'static str)> {
    let units = scan(files, None, &Signals::default()).unwrap();
    units
        .iter()
        .map(|unit| {
            (
                unit.id.to_string(),
                unit.problem.as_ref().map_or("", |why| why.code),
            )
        })
        .collect()
}

fn names(files: &Files) -> Vec<String> {
    found(files).into_iter().map(|(name, _)| name).collect()
}

/// Makes files with their folders.
fn make(root: &Path, names: &[&str]) {
    for name in names {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), "x\n").unwrap();
    }
}

#[test]
fn files_are_found_by_name_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    make(
        root,
        &[
            "b.jsonl",
            "a.jsonl",
            "sub/c.jsonl",
            "sub/deep/d.jsonl",
            "note.txt",
            "A.JSONL",
        ],
    );
    let files = Files::append_only([root]).named(["*.jsonl"]);
    assert_eq!(
        names(&files),
        ["a.jsonl", "b.jsonl", "sub/c.jsonl", "sub/deep/d.jsonl"]
    );
    assert_eq!(names(&files.clone().ignore_case()).len(), 5);
    assert_eq!(names(&files.clone().depth(1)), ["a.jsonl", "b.jsonl"]);
    assert_eq!(names(&files.named(["sub/*.jsonl"])), ["sub/c.jsonl"]);
    let unit = &scan(
        &Files::append_only([root.join("note.txt")]),
        None,
        &Signals::default(),
    )
    .unwrap()[0];
    assert_eq!(
        (unit.id.as_str(), unit.size, unit.problem.is_none()),
        ("note.txt", 2, true)
    );
    assert!(unit.modified.is_some());
}

#[test]
fn a_root_that_is_a_file_is_taken_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), &["odd.part"]);
    let files = Files::whole([
        folder.path().join("odd.part"),
        folder.path().join("missing"),
    ])
    .named(["*.wav"]);
    assert_eq!(names(&files), ["odd.part"]);
}

#[test]
fn unfinished_files_are_left_alone_where_files_are_read_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), &["a.wav", "a.wav.part", "b.tmp", "c.wav~"]);
    assert_eq!(names(&Files::whole([folder.path()])), ["a.wav"]);
    assert_eq!(names(&Files::append_only([folder.path()])).len(), 4);
}

#[test]
fn several_roots_tell_their_files_apart() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    make(
        root,
        &[
            "one/logs/a",
            "one/logs/b",
            "two/logs/a",
            "other/a",
            "other/c",
            "single/a",
        ],
    );
    let roots =
        ["one/logs", "two/logs", "other", "other/c", "single/a"].map(|name| root.join(name));
    let expected = ["b", "c", "logs#2/a", "logs/a", "other/a", "single/a"];
    assert_eq!(names(&Files::append_only(roots)), expected);
    // Under another root path the names stay.
    fs::create_dir(root.join("moved")).unwrap();
    for name in ["one", "two", "other", "single"] {
        fs::rename(root.join(name), root.join("moved").join(name)).unwrap();
    }
    let roots = ["one/logs", "two/logs", "other", "other/c", "single/a"]
        .map(|name| root.join("moved").join(name));
    assert_eq!(names(&Files::append_only(roots)), expected);
}

#[test]
fn names_that_are_not_text() {
    let folder = tempfile::tempdir().unwrap();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.jsonl");
    fs::write(folder.path().join(name), "x\n").unwrap();
    assert_eq!(
        names(&Files::append_only([folder.path()]).named(["*.jsonl"])),
        ["caf\\xE9.jsonl"]
    );
}

/// Makes a pipe.
fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn what_is_no_file_is_named_and_its_neighbours_are_read() {
    let world = World::with(|root| {
        let files = Files::append_only([root]).named(["*.jsonl"]);
        line_source(TextLines(files))
    });
    make(
        world.folder.path(),
        &[
            "good.jsonl",
            "folder.jsonl/inside.jsonl",
            "plain/deep.jsonl",
        ],
    );
    pipe(&world.path("pipe.jsonl"));
    pipe(&world.path("pipe.txt"));
    let _socket = UnixListener::bind(world.path("socket.jsonl")).unwrap();
    symlink("/dev/null", world.path("device.jsonl")).unwrap();
    symlink("nowhere", world.path("dangling.jsonl")).unwrap();
    symlink("nowhere", world.path("dangling.txt")).unwrap();
    symlink("..", world.path("plain/loop")).unwrap();
    symlink("self.jsonl", world.path("self.jsonl")).unwrap();
    symlink("good.jsonl", world.path("link.jsonl")).unwrap();
    let ran = world.run();
    assert_eq!(ran.rows, ["x"; 4]);
    let expected = [
        ("dangling.jsonl", "not-a-file"),
        ("device.jsonl", "not-a-file"),
        ("folder.jsonl", "not-a-file"),
        ("pipe.jsonl", "not-a-file"),
        ("plain/loop", "link-loop"),
        ("self.jsonl", "link-loop"),
        ("socket.jsonl", "not-a-file"),
    ];
    assert_eq!(
        ran.rejects,
        expected.map(|(name, code)| (name.to_owned(), code))
    );
}

#[test]
fn links_are_followed_only_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), &["real/a", "other/b"]);
    symlink("../other", folder.path().join("real/link")).unwrap();
    symlink("../other/b", folder.path().join("real/c")).unwrap();
    let files = Files::append_only([folder.path().join("real")]);
    assert_eq!(names(&files), ["a", "c", "link/b"]);
    assert_eq!(names(&files.follow_links(false)), ["a"]);
}

#[test]
fn a_pipe_in_the_place_of_a_root_or_of_a_file_found_is_never_opened() {
    let world = World::of_lines();
    pipe(&world.path("pipe"));
    assert_eq!(
        found(&Files::append_only([world.path("pipe")])),
        [("pipe".to_owned(), "not-a-file")]
    );
    // Found as a file, and then swapped.
    let opened = Opened::open(&world.path("pipe"));
    assert!(matches!(opened, Err(Stop::Problem(why)) if why.code == "not-a-file"));
}

#[test]
fn changes_that_concern_a_source() {
    let world = World::of_lines();
    let files = Files::append_only([world.path("logs")]).named(["*.jsonl"]);
    fs::create_dir_all(world.path("logs/new")).unwrap();
    world.write("logs/a.jsonl", "");
    for (path, expected) in [
        ("logs", true),
        ("logs/a.jsonl", true),
        ("logs/gone.jsonl", true),
        ("logs/new", true),
        ("logs/.a.jsonl.swp", false),
        ("logs/gone", false),
        ("elsewhere/a.jsonl", false),
    ] {
        assert_eq!(concerns(&files, &world.path(path)), expected, "{path}");
    }
}

/// Where the tests run as root, permissions bind only a process of another user: this test runs
/// itself again as nobody.
#[test]
fn what_may_not_be_read() {
    const FOLDER: &str = "DATALAKE_TEST_FORBIDDEN";
    #[expect(
        clippy::disallowed_methods,
        reason = "how the test finds out that it is its own child"
    )]
    if let Some(folder) = std::env::var_os(FOLDER) {
        return check_forbidden(Path::new(&folder));
    }
    let world = World::of_lines();
    make(world.folder.path(), &["good", "secret", "locked/inside"]);
    fs::set_permissions(world.path("secret"), Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(world.path("locked"), Permissions::from_mode(0o000)).unwrap();
    if fs::read(world.path("secret")).is_err() {
        check_forbidden(world.folder.path());
    } else {
        as_nobody(&world, FOLDER);
    }
    // Or the folder could not be removed.
    fs::set_permissions(world.path("locked"), Permissions::from_mode(0o755)).unwrap();
}

fn as_nobody(world: &World, variable: &str) {
    fs::set_permissions(world.folder.path(), Permissions::from_mode(0o755)).unwrap();
    // The test itself may lie where only root can reach it.
    let copy = world.path("good-test");
    fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    fs::set_permissions(&copy, Permissions::from_mode(0o755)).unwrap();
    let mut child = Command::new(&copy);
    child.args(["--exact", "files::tests::scanning::what_may_not_be_read"]);
    child
        .env(variable, world.folder.path())
        .current_dir("/")
        .uid(65534)
        .gid(65534);
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{output:?}"
    );
}

fn check_forbidden(folder: &Path) {
    let files = Files::append_only([folder]).named(["good", "secret", "inside"]);
    assert_eq!(
        found(&files)
            .into_iter()
            .filter(|(_, code)| *code == "no-permission")
            .count(),
        1
    );
    let mut world = World::of_lines();
    world.source = line_source(TextLines(files));
    let ran = world.run();
    assert_eq!(ran.rows, ["x"]);
    let forbidden = ["locked", "secret"].map(|name| (name.to_owned(), "no-permission"));
    assert_eq!(ran.rejects, forbidden);
}
