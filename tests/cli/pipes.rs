//! Output that goes elsewhere than a terminal, or nowhere.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::context::TestContext;

/// `datalake … | head -1`: the reader takes a line and goes.
#[test]
fn a_closed_pipe_ends_quietly() {
    let cx = TestContext::filled();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) SELECT i FROM n";
    for line in [
        format!("query '{many}'"),
        format!("query --json '{many}'"),
        String::from("--help"),
        String::from("run --json"),
        String::from("run"),
        String::from("status"),
        String::from("runs"),
        String::from("stats"),
        String::from("plugins list"),
        String::from("config show"),
        String::from("check"),
        String::from("list memory_events --json"),
    ] {
        let mut child = cx.command(&line).spawn().expect("it starts");
        let mut first = String::new();
        BufReader::new(child.stdout.take().expect("it is a pipe"))
            .read_line(&mut first)
            .expect("it says something");
        let ended = child.wait_with_output().expect("it ends");
        assert_eq!(ended.status.code(), Some(0), "{line}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{line}");
    }
}

/// The pipe has no reader from the start.
#[test]
fn a_pipe_without_a_reader() {
    let cx = TestContext::filled();
    for line in [
        "run",
        "run --json",
        "status",
        "stats --json",
        "query 'SELECT 1'",
        "query 'SELECT 1' --json",
        "check",
        "--help",
    ] {
        let (reader, writer) = std::io::pipe().expect("there are pipes");
        drop(reader);
        let mut command = cx.command(line);
        let child = command.stdout(writer).spawn().expect("it starts");
        drop(command);
        let ended = child.wait_with_output().expect("it ends");
        assert_eq!(ended.status.code(), Some(0), "{line}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{line}");
    }
}

/// A disk that is full below a redirected output is a failure, and is said.
#[test]
fn an_output_that_cannot_be_written() {
    let cx = TestContext::filled();
    for line in [
        "status",
        "status --json",
        "query 'SELECT 1'",
        "query 'SELECT 1' --json",
        "runs",
        "list memory_events",
    ] {
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("it is always there");
        let child = cx
            .command(line)
            .stdout(full)
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let ended = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{line}: {said}");
        assert!(
            said.contains("no space left") || said.contains("storage"),
            "{line}: {said}"
        );
    }
}

/// Nobody but a terminal gets colours or bars.
#[test]
fn no_colours() {
    let cx = TestContext::with_input();
    cx.write("in/metrics-2.jsonl", "bad\n");
    for line in [
        "--help",
        "run --verbose",
        "runs",
        "status",
        "rejects list",
        "run --source x",
        "query 'SELECT'",
        "bad",
    ] {
        let ran = cx.run(line);
        assert!(
            !ran.text().contains('\u{1b}') && !ran.text().contains('\r'),
            "{ran}"
        );
    }
}
