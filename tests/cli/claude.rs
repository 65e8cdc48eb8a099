//! Claude Code's sessions through the program: a log that grows, tears and is deleted.

use std::fs;

use crate::support::context::TestContext;

const SESSION: &str = "4f1c2a5e-0b6d-4c1e-9f3a-2d7b8c9e0a11";

/// A line of the session with this type, time and whatever else it says.
fn line(kind: &str, time: &str, rest: &str) -> String {
    format!(
        "{{\"type\":\"{kind}\",\"sessionId\":\"{SESSION}\",\"timestamp\":\"2026-01-10T06:30:{time}.000Z\",{rest}}}\n"
    )
}

/// A line of the answer: each names all of it as far as it has come.
fn answer(uuid: &str, time: &str, text: &str, tokens: u64) -> String {
    let content = format!(r#""content":[{{"type":"text","text":"{text}"}}]"#);
    let usage = format!(r#""usage":{{"input_tokens":10,"output_tokens":{tokens}}}"#);
    let message = format!(
        r#"{{"id":"m1","role":"assistant","model":"claude-sonnet-4-5",{content},{usage}}}"#
    );
    let rest = format!(r#""uuid":"{uuid}","requestId":"r1","message":{message}"#);
    line("assistant", time, &rest)
}

/// What was written first: a line without a time, a prompt, half of the answer, and a line that is none.
fn first() -> String {
    let untimed =
        format!("{{\"type\":\"mode\",\"sessionId\":\"{SESSION}\",\"mode\":\"normal\"}}\n");
    let prompt = r#""uuid":"u1","cwd":"/home/me/my-garden","message":{"role":"user","content":"Where do they go?"}"#;
    let prompt = line("user", "00", prompt);
    format!(
        "{untimed}{prompt}{}no JSON at all\n",
        answer("a1", "05", "Beside", 2)
    )
}

/// A line that was never finished, and ends within a letter.
const TORN: &[u8] = b"{\"type\":\"user\",\"uuid\":\"u2\",\"message\":{\"content\":\"caf\xc3";

fn log() -> String {
    format!("claude/projects/-home-me-my-garden/{SESSION}.jsonl")
}

fn begun() -> TestContext {
    let cx = TestContext::new();
    cx.write(
        "datalake.toml",
        "device = \"desk\"\n[source.claude-sessions]\npath = \"claude\"\n",
    );
    cx.write(&log(), first());
    cx.run("run").expect(3);
    cx
}

#[test]
fn a_session_follows_its_log_and_outlives_it() {
    let cx = begun();
    cx.append(&log(), answer("a2", "09", "Beside the wall.", 40));
    cx.append(&log(), TORN);
    cx.run("run").expect(0);
    let whole = fs::read(cx.path(&log())).unwrap();
    fs::remove_file(cx.path(&log())).unwrap();
    cx.run("run").expect(0);
    assert_eq!(
        cx.value::<String>(
            "SELECT concat_ws('|', s.total_messages, s.total_input_tokens, s.total_output_tokens, s.project_path,
                 s.ended_at, v.source_gone)
             FROM claude_sessions AS s JOIN v_recent_claude_sessions AS v ON v.id = s.id"
        ),
        "3|10|40|/home/me/my-garden|2026-01-10T06:30:09.000000Z|1"
    );
    let lines = "SELECT count(*) FROM claude_lines";
    assert_eq!(cx.value::<i64>(lines), 5);
    cx.run(&format!("export --raw {SESSION} --output back.jsonl"))
        .expect(0);
    assert!(fs::read(cx.path("back.jsonl")).unwrap() == whole);
}

/// A line that names no time is behind all others where times are compared as they stand.
#[test]
fn lines_without_a_time_do_not_count_as_the_last() {
    let told = begun().run("stats --json").expect(0).json();
    let lines = &told["datasets"]["claude_lines"];
    assert_eq!(lines["rows"], 4);
    assert_eq!(lines["first"], "2026-01-10T06:30:00Z");
    assert_eq!(lines["last"], "2026-01-10T06:30:05Z");
}
