//! Files that are none, or cannot be read: each is a reject, and its neighbours are read.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use crate::support::context::TestContext;
use crate::support::system;

const LINE: &str = "{\"timestamp\": 1, \"pid\": 1}\n";

/// A folder with a good neighbour, and what `prepare` puts beside it.
fn beside(prepare: impl FnOnce(&TestContext)) -> TestContext {
    let cx = TestContext::new();
    cx.write("in/metrics.jsonl", LINE);
    prepare(&cx);
    cx
}

/// The run must end with 3 and this one reject, and the neighbour must be there; again and again.
#[track_caller]
fn one_reject(cx: &TestContext, unit: &str, code: &str) {
    for _ in 0..2 {
        let ran = cx.run("run").expect(3);
        assert_eq!(
            cx.rejects(),
            [(unit.to_owned(), 0, code.to_owned())],
            "{ran}"
        );
        assert_eq!(cx.counts().0, 1);
    }
}

#[test]
fn a_folder_in_its_place() {
    let cx = beside(|cx| fs::create_dir(cx.path("in/events.jsonl")).expect("it is new"));
    one_reject(&cx, "events.jsonl", "not-a-file");
}

/// Opening a pipe would wait for its writer for ever.
#[test]
fn a_pipe_in_its_place() {
    let cx = beside(|cx| system::make_fifo(&cx.path("in/events.jsonl")));
    one_reject(&cx, "events.jsonl", "not-a-file");
}

#[test]
fn a_pipe_named_by_the_configuration() {
    let cx = beside(|cx| {
        system::make_fifo(&cx.path("pipe"));
        cx.write(
            "datalake.toml",
            "[source.memory-jsonl]\npath = [\"pipe\", \"in\"]\n",
        );
    });
    one_reject(&cx, "pipe", "not-a-file");
}

#[test]
fn a_socket_in_its_place() {
    let cx = beside(|_| ());
    let _socket = UnixListener::bind(cx.path("in/events.jsonl")).expect("it is new");
    one_reject(&cx, "events.jsonl", "not-a-file");
}

#[test]
fn a_device_in_its_place() {
    let cx = beside(|cx| symlink("/dev/zero", cx.path("in/events.jsonl")).expect("it is new"));
    one_reject(&cx, "events.jsonl", "not-a-file");
}

#[test]
fn a_link_to_itself() {
    let cx = beside(|cx| symlink("events.jsonl", cx.path("in/events.jsonl")).expect("it is new"));
    one_reject(&cx, "events.jsonl", "link-loop");
}

#[test]
fn a_link_to_the_folder_it_lies_in() {
    let cx = beside(|cx| symlink(".", cx.path("in/loop")).expect("it is new"));
    let ran = cx.run("run");
    assert!(matches!(ran.code(), Some(0 | 3)), "{ran}");
    assert_eq!(cx.counts().0, 1);
}

#[test]
fn a_link_to_nothing() {
    let cx = beside(|cx| symlink("nothing", cx.path("in/events.jsonl")).expect("it is new"));
    one_reject(&cx, "events.jsonl", "not-a-file");
}

#[test]
fn a_link_to_a_file() {
    let cx = beside(|cx| {
        cx.write("elsewhere.jsonl", "{\"timestamp\": 2}\n");
        symlink("../elsewhere.jsonl", cx.path("in/events.jsonl")).expect("it is new");
    });
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (1, 1, 0));
}

#[test]
fn no_permission_for_a_file() {
    let cx = beside(|cx| cx.write("in/events.jsonl", LINE)).under_permissions();
    cx.give("");
    cx.mode("in/events.jsonl", 0o000);
    one_reject(&cx, "events.jsonl", "no-permission");
    // Once it may be read it is.
    cx.mode("in/events.jsonl", 0o644);
    cx.run("run").expect(0);
    assert_eq!(cx.counts().1, 1);
}

#[test]
fn no_permission_for_the_folder() {
    let cx = beside(|_| ()).under_permissions();
    cx.give("");
    cx.mode("in", 0o000);
    let ran = cx.run("run");
    cx.mode("in", 0o755);
    assert_eq!(ran.code(), Some(3), "{ran}");
    assert_eq!(
        cx.rejects(),
        [("in".into(), 0, "no-permission".into())],
        "{ran}"
    );
}

#[test]
fn an_empty_file() {
    let cx = beside(|cx| cx.write("in/events.jsonl", ""));
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (1, 0, 0));
    cx.write("in/events.jsonl", LINE);
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (1, 1, 0));
}

#[test]
fn blank_lines() {
    let cx = beside(|cx| cx.write("in/events.jsonl", "\n   \n\t\n\r\n\n{\"timestamp\": 1}\n\n"));
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (1, 1, 0));
}

#[test]
fn crlf() {
    let cx = beside(|cx| {
        cx.write(
            "in/events.jsonl",
            "{\"timestamp\": 1, \"message\": \"a\"}\r\nbad\r\n{\"timestamp\": 2}\r\n",
        )
    });
    cx.run("run").expect(3);
    assert_eq!(cx.counts(), (1, 2, 1));
    assert_eq!(cx.value::<Vec<u8>>("SELECT bytes FROM rejects"), b"bad");
}

#[test]
fn byte_order_mark() {
    let cx = beside(|cx| {
        cx.write(
            "in/events.jsonl",
            "\u{feff}{\"timestamp\": 1}\n{\"timestamp\": 2}\n",
        )
    });
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (1, 2, 0));
    // The mark belongs to the line: the place of the record is that of the file.
    assert_eq!(
        cx.column::<i64>("SELECT origin_start FROM memory_events ORDER BY timestamp"),
        [3, 20]
    );
}

/// Only at the start of a file is it a mark.
#[test]
fn byte_order_mark_in_the_middle() {
    let cx = beside(|cx| {
        cx.write(
            "in/events.jsonl",
            "{\"timestamp\": 1}\n\u{feff}{\"timestamp\": 2}\n",
        )
    });
    cx.run("run").expect(3);
    assert_eq!(cx.counts(), (1, 1, 1));
}

#[test]
fn file_names_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let cx = beside(|_| ());
    let name = std::ffi::OsStr::from_bytes(b"events-\xff.jsonl");
    fs::write(cx.path("in").join(name), LINE).expect("it is new");
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (1, 1, 0));
    cx.run("status").expect(0);
}

#[test]
fn other_files_are_none_of_its_business() {
    let cx = beside(|cx| {
        for name in [
            "notes.txt",
            "metrics.json",
            "old/deep.jsonl",
            "my-metrics.jsonl",
        ] {
            cx.write(&format!("in/{name}"), "not for us\n");
        }
    });
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (1, 0, 0));
}

/// A file that is named is read whatever its name; what each line is shows in its fields.
#[test]
fn a_named_file_of_both_kinds() {
    let cx = TestContext::new();
    cx.write(
        "datalake.toml",
        "[source.memory-jsonl]\npath = \"both.log\"\n",
    );
    cx.write(
        "both.log",
        "{\"timestamp\": 1, \"pid\": 1}\n{\"timestamp\": 2, \"type\": \"x\"}\n",
    );
    cx.run("run").expect(0);
    assert_eq!(cx.counts(), (1, 1, 0));
}
