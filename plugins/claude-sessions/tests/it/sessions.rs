//! What is made of what sessions say.

use std::fs;

use crate::garden::{A, B, TOTALS, garden, line, response, session};
use crate::lake::Lake;

#[test]
fn a_session_knows_itself() {
    let lake = garden(|_| true);
    assert_eq!(
        session(
            &lake,
            A,
            "summary, title_source, project_path, path_source, model_primary, claude_version, git_branch"
        ),
        r#"["Garden","custom-title","/home/me/garden","record","claude-sonnet-4-5-20250929","2.1.114","main"]"#
    );
    assert_eq!(
        session(
            &lake,
            A,
            "started_at, ended_at, duration_seconds, source_file, project_encoded, subagents, compactions"
        ),
        format!(
            r#"["2026-01-10T06:30:00.123000Z","2026-01-10T06:34:01.000000Z",240.877,"-home-me-garden/{A}.jsonl","-home-me-garden",2,1]"#
        )
    );
    // With the messages of its agent.
    assert_eq!(
        session(
            &lake,
            A,
            "total_messages, user_messages, assistant_messages, human_messages"
        ),
        "[11,6,5,3]"
    );
    assert_eq!(session(&lake, A, TOTALS), "[3,21,125,290,2200,240,50]");
    assert_eq!(session(&lake, B, TOTALS), "[2,4,10,0,400,0,0]");
}

#[test]
fn cost_is_that_of_the_day_and_unknown_without_a_price() {
    let lake = garden(|_| true);
    let cost = (21.0 * 3.0 + 125.0 * 15.0 + 240.0 * 3.75 + 50.0 * 6.0 + 2200.0 * 0.3) / 1e6;
    let found: f64 = lake.get(&format!(
        "SELECT cost_usd FROM claude_sessions WHERE session_id = '{A}'"
    ));
    assert!((found - cost).abs() < 1e-9, "{found} {cost}");
    assert_eq!(session(&lake, B, "cost_usd"), "[null]");
    let days: String = lake.get(
        "SELECT json_group_array(json_array(day, model, responses, cost_usd IS NULL))
         FROM (SELECT * FROM v_claude_usage ORDER BY model)",
    );
    assert_eq!(
        days,
        r#"[["2026-01-10","claude-nonesuch-9",1,1],["2026-01-10","claude-sonnet-4-5-20250929",4,0]]"#
    );
}

#[test]
fn prices_change_with_the_day_and_the_length_and_can_be_added() {
    let folder = tempfile::tempdir().unwrap();
    let prices = folder.path().join("prices.csv");
    fs::write(&prices, "# ours\nmodel,from_day,above_tokens,speed,input,output,cache_write_5m,cache_write_1h,cache_read,web_search\n\
        m,2026-01-01,0,,1,10,0,0,0,0\nm,2026-01-01,2000000,,5,50,0,0,0,0\nm,2026-02-02,0,,2,20,0,0,0,0\n").unwrap();
    let lake = Lake::configured(&format!("prices = {prices:?}\n"));
    lake.put(
        "projects/-a/s.jsonl",
        [
            response("1", "s", "10:00:00", "a", "m", 100_000),
            response("2", "s", "10:00:01", "b", "m", 100_000).replace("1000000", "3000000"),
            response("3", "s", "10:00:02", "c", "m", 100_000).replace("2026-02-01", "2026-02-02"),
        ]
        .concat(),
    );
    lake.read();
    let days = "SELECT json_group_array(json_array(day, cost_usd)) FROM (SELECT * FROM claude_usage_daily ORDER BY day)";
    assert_eq!(
        lake.get::<String>(days),
        r#"[["2026-02-01",22.0],["2026-02-02",4.0]]"#
    );
    // A price that comes later counts for what is there.
    lake.put(
        "projects/-a/t.jsonl",
        response("4", "t", "10:00:00", "d", "later", 0),
    );
    lake.read();
    assert_eq!(session(&lake, "t", "cost_usd"), "[null]");
    fs::write(&prices, "later,2026-01-01,0,,7,0,0,0,0,0\n").unwrap();
    lake.put(
        "projects/-a/u.jsonl",
        response("5", "u", "10:00:00", "e", "<synthetic>", 0),
    );
    lake.read();
    assert_eq!(session(&lake, "t", "cost_usd"), "[7.0]");
    assert_eq!(session(&lake, "u", "cost_usd"), "[0.0]");
}

#[test]
fn a_session_that_grows_is_followed() {
    let lake = Lake::new();
    let log = "projects/-a/s.jsonl";
    lake.put(
        log,
        line(
            "user",
            "u1",
            "s",
            "10:00:00",
            r#","message":{"content":"go"}"#,
        ),
    );
    lake.read();
    assert_eq!(
        session(&lake, "s", "total_messages, ended_at, duration_seconds"),
        r#"[1,"2026-02-01T10:00:00.000000Z",0.0]"#
    );
    lake.append(
        log,
        response("u2", "s", "10:00:05", "m1", "claude-opus-4-5", 1),
    );
    lake.append(
        log,
        response("u3", "s", "10:00:06", "m1", "claude-opus-4-5", 40),
    );
    lake.read();
    assert_eq!(
        session(&lake, "s", "total_messages, total_output_tokens, cost_usd"),
        "[3,40,5.001]"
    );
    let before: i64 = lake.get("SELECT count(*) FROM batches");
    lake.append(log, "{\"type\":\"user\",\"uuid\":\"u4\"");
    lake.read();
    assert_eq!(lake.get::<i64>("SELECT count(*) FROM claude_lines"), 3);
    assert_eq!(lake.get::<i64>("SELECT count(*) FROM batches"), before);
    fs::remove_file(lake.root().join(log)).unwrap();
    lake.read();
    let gone =
        "SELECT json_array(session_id, total_messages, source_gone) FROM v_recent_claude_sessions";
    assert_eq!(lake.get::<String>(gone), r#"["s",3,1]"#);
}

#[test]
fn what_lies_beside_the_logs() {
    let lake = garden(|_| true);
    let all = |sql: &str| lake.get::<String>(sql);
    assert_eq!(
        all(
            "SELECT json_group_array(json_array(display, project, timestamp, pasted_contents IS NULL)) FROM claude_history"
        ),
        concat!(
            r#"[["Plan the beds for spring","/home/me/garden","2026-01-10T06:30:00.123000Z",1],"#,
            r#"["Now the herbs","/home/me/garden","2026-01-10T06:51:00.000000Z",0]]"#
        )
    );
    assert_eq!(
        all(
            "SELECT json_group_array(json_array(session_id, agent_id, total, completed, text)) FROM claude_todos"
        ),
        format!(r#"[["{A}","",2,1,"Draw the beds\nBuy seeds"]]"#)
    );
    assert_eq!(
        all(
            "SELECT json_group_array(json_array(session_id, name, size_bytes, content)) FROM claude_tool_results"
        ),
        format!(r#"[["{A}","toolu_05.txt",19,"0 compost\n1 gravel\n"]]"#)
    );
    let path = all("SELECT file_path FROM claude_images");
    let picture = fs::read(lake.data().join(path)).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    assert_eq!(
        all(
            "SELECT json_group_array(json_array(kind, value)) FROM (SELECT * FROM claude_notes WHERE kind = 'pr-link')"
        ),
        r#"[["pr-link","https://example.com/garden/pull/7"]]"#
    );
}

#[test]
fn messages_are_found_by_what_they_say() {
    let lake = garden(|_| true);
    let found = |words: &str| -> String {
        lake.get(&format!(
            "SELECT json_group_array(json_array(substr(message_uuid, 35), session)) FROM (SELECT * FROM claude_messages WHERE id IN
             (SELECT rowid FROM claude_messages_fts WHERE claude_messages_fts MATCH '{words}') ORDER BY id)"))
    };
    assert_eq!(
        found("content_thinking: tomatoes"),
        format!(r#"[["02","{A}"],["02","{B}"]]"#)
    );
    assert_eq!(
        found("content_tools: \"south wall\""),
        format!(r#"[["06","{A}"]]"#)
    );
    assert_eq!(found("herbs AND door"), format!(r#"[["08","{A}"]]"#));
    assert_eq!(found("half AND flower"), format!(r#"[["0a","{A}"]]"#));
}

#[test]
fn a_log_without_a_session_is_one_by_its_path() {
    let lake = Lake::new();
    let text = concat!(
        r#"{"type":"user","message":{"content":"hi"}}"#,
        "\n",
        r#"{"type":"assistant","message":{"usage":{"output_tokens":4}}}"#,
        "\n"
    );
    lake.put("projects/-a/odd name.jsonl", text);
    lake.put("projects/-a/other.jsonl", text);
    lake.read();
    lake.run("again", false, |_| {});
    assert_eq!(
        session(
            &lake,
            "desktop:-a/odd name",
            "total_messages, total_output_tokens, time_source"
        ),
        r#"[2,4,"mtime"]"#
    );
    assert_eq!(
        lake.get::<i64>("SELECT sum(total_output_tokens) FROM claude_sessions"),
        8
    );
}

#[test]
fn a_forgotten_source_leaves_nothing_and_takes_nothing_along() {
    let lake = garden(|_| true);
    let before = lake.digest();
    lake.forget("claude");
    let rows = "SELECT (SELECT count(*) FROM claude_lines) + (SELECT count(*) FROM claude_messages) + (SELECT count(*) FROM claude_usage)
        + (SELECT count(*) FROM claude_sessions) + (SELECT count(*) FROM texts)";
    assert_eq!(lake.get::<i64>(rows), 0);
    lake.read();
    assert_eq!(lake.digest(), before);
    // What two sources have read is not lost with one of them.
    lake.run("other", false, |_| {});
    assert_eq!(lake.digest(), before);
    lake.forget("other");
    lake.read();
    assert_eq!(lake.digest(), before);
}

#[test]
fn totals_add_up_whatever_a_session_is_called() {
    let lake = Lake::new();
    lake.put(
        "projects/-a/s.jsonl",
        [
            response("1", r"a\tb", "10:00:00", "1", "c", 4),
            response("2", "a", "10:00:00", "2", r"b\tc", 5),
            response("3", r"a\u0000\n", "10:00:00", "3", r#"\"c"#, 6),
        ]
        .concat(),
    );
    lake.read();
    assert_eq!(
        lake.get::<i64>("SELECT sum(total_output_tokens) FROM claude_sessions"),
        15
    );
    assert_eq!(
        lake.get::<i64>(
            "SELECT total_output_tokens FROM claude_sessions WHERE session_id = 'a' || char(9) || 'b'"
        ),
        4
    );
    lake.digest();
}

#[test]
fn a_list_of_tasks_that_is_emptied_is_empty() {
    let lake = Lake::new();
    let tasks = || {
        lake.get::<String>(
            "SELECT json_group_array(json_array(total, completed, todos, text)) FROM claude_todos",
        )
    };
    lake.put(
        "todos/s-agent-s.json",
        r#"[{"content":"Dig","status":"pending"}]"#,
    );
    lake.read();
    assert!(tasks().starts_with(r#"[[1,0,"#), "{}", tasks());
    lake.put("todos/s-agent-s.json", "[]");
    lake.read();
    assert_eq!(tasks(), r#"[[0,0,"[]",""]]"#);
}

#[test]
fn half_characters_cost_no_prompt_and_no_agent() {
    let lake = Lake::new();
    lake.put(
        "history.jsonl",
        "{\"display\":\"cut \\ud83d\",\"timestamp\":1768026600123,\"project\":\"/p\"}\n",
    );
    let call = concat!(
        r#","message":{"content":[{"type":"tool_use","id":"t","name":"Task","#,
        r#""input":{"subagent_type":"Explore","prompt":"cut \ud83d"}}]}"#
    );
    lake.put(
        "projects/-a/s.jsonl",
        line("assistant", "1", "s", "10:00:00", call),
    );
    lake.read();
    assert_eq!(
        lake.get::<String>("SELECT display FROM claude_history"),
        "cut \u{fffd}"
    );
    assert_eq!(
        lake.get::<String>("SELECT json_array(subagent_type, prompt) FROM claude_agent_calls"),
        "[\"Explore\",\"cut \u{fffd}\"]"
    );
    assert_eq!(lake.get::<i64>("SELECT count(*) FROM rejects"), 0);
}

#[test]
fn a_long_output_of_a_tool_is_kept_and_its_start_is_found() {
    let lake = Lake::new();
    let output = "é compost\n".repeat((16 << 20) / 11 + 10);
    assert!(output.len() > 16 << 20);
    lake.put("projects/-a/s/tool-results/long.txt", &output);
    lake.read();
    let row: String = lake.get(
        "SELECT json_array(size_bytes, length(CAST(content AS BLOB))) FROM claude_tool_results",
    );
    let searched = (64 << 10) - usize::from(!output.is_char_boundary(64 << 10));
    assert_eq!(row, format!("[{},{searched}]", output.len()));
    let kept: String = lake.get("SELECT file_path FROM claude_tool_results");
    assert!(fs::read(lake.data().join(kept)).unwrap() == output.as_bytes());
    assert_eq!(lake.get::<i64>("SELECT count(*) FROM rejects"), 0);
}

#[test]
fn the_prices_that_are_in_the_file_now_count() {
    let folder = tempfile::tempdir().unwrap();
    let prices = folder.path().join("prices.csv");
    let lake = Lake::configured(&format!("prices = {prices:?}\n"));
    let log = |id: &str, model: &str| response(id, id, "10:00:00", id, model, 0);
    lake.put("projects/-a/m.jsonl", log("m", "m"));
    lake.put("projects/-a/h.jsonl", log("h", "claude-haiku-4-5"));
    let cost = |text: &str| {
        fs::write(&prices, text).unwrap();
        lake.read();
        let costs: String = lake.get("SELECT json_group_array(cost_usd) FROM (SELECT * FROM claude_sessions ORDER BY session_id)");
        costs
    };
    // No file beside it changes: the prices alone are other ones.
    assert_eq!(cost("m,2026-01-01,0,,7,0,0,0,0,0\n"), "[1.0,7.0]");
    assert_eq!(cost("m,2026-01-01,0,,3,0,0,0,0,0\n"), "[1.0,3.0]");
    assert_eq!(cost("m,2026-01-01,0,,5,0,0,0,0,0\n"), "[1.0,5.0]");
    let day: String = lake.get("SELECT max(from_day) FROM claude_prices WHERE model = 'claude-haiku-4-5' AND from_day <= '2026-02-01'");
    let own = format!("claude-haiku-4-5,{day},0,,9,0,0,0,0,0\n");
    assert_eq!(cost(&own), "[9.0,null]");
    // One that is taken out leaves the one that is known.
    assert_eq!(cost("# none\n"), "[1.0,null]");
    lake.digest();
    let written: i64 = lake.get("SELECT count(*) FROM batches");
    lake.read();
    assert_eq!(lake.get::<i64>("SELECT count(*) FROM batches"), written);
}
