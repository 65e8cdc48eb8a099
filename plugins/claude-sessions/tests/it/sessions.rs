//! What is made of what sessions say.

use std::fs;
use std::path::Path;

use crate::lake::Lake;

const A: &str = "4f1c2a5e-0b6d-4c1e-9f3a-2d7b8c9e0a11";
const B: &str = "6a2d9c3b-7e58-4f0a-8b1c-5e4f3d2c1b00";

/// The plugin's own fixtures.
fn fixtures() -> Vec<(&'static str, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let entry = datalake_core::registry::find("claude-sessions").unwrap();
    let files = entry.fixtures.files.iter();
    files
        .map(|(name, _)| (*name, fs::read(root.join(name)).unwrap()))
        .collect()
}

/// A lake with those of the fixtures whose names are wanted, read.
fn garden(wanted: impl Fn(&str) -> bool) -> Lake {
    let lake = Lake::new();
    for (name, bytes) in fixtures() {
        if wanted(name) {
            lake.put(name, bytes);
        }
    }
    lake.read();
    lake
}

/// Columns of the session of an id, as JSON.
fn session(lake: &Lake, id: &str, columns: &str) -> String {
    lake.get(&format!(
        "SELECT json_array({columns}) FROM claude_sessions WHERE session_id = '{id}'"
    ))
}

const TOTALS: &str = "responses, total_input_tokens, total_output_tokens, total_cache_creation_tokens, total_cache_read_tokens,
    total_cache_5m_tokens, total_cache_1h_tokens";

/// A line of a log.
fn line(kind: &str, uuid: &str, session: &str, time: &str, rest: &str) -> String {
    format!(
        r#"{{"type":"{kind}","uuid":"{uuid}","sessionId":"{session}","timestamp":"2026-02-01T{time}Z"{rest}}}"#
    ) + "\n"
}

/// A response of the model.
fn response(uuid: &str, session: &str, time: &str, id: &str, model: &str, output: u32) -> String {
    let usage = format!(r#"{{"input_tokens":1000000,"output_tokens":{output}}}"#);
    line(
        "assistant",
        uuid,
        session,
        time,
        &format!(
            r#","requestId":"r","message":{{"id":"{id}","role":"assistant","model":"{model}","content":[],"usage":{usage}}}"#
        ),
    )
}

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
    let days: String = lake.get("SELECT json_group_array(json_array(day, model, responses, cost_usd IS NULL)) FROM (SELECT * FROM v_claude_usage ORDER BY model)");
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
fn forks_are_complete_and_counted_once() {
    let both = garden(|_| true);
    let link = "forked_from, continued_from, continued_in, shared_messages, shares_with";
    assert_eq!(
        session(&both, A, link),
        format!(r#"[null,null,"{B}",3,"{B}"]"#)
    );
    assert_eq!(
        session(&both, B, link),
        format!(r#"["{A}","{A}",null,3,"{A}"]"#)
    );
    assert_eq!(session(&both, B, "total_messages"), "[7]");

    // The fork comes first: what both have is its own until the other one comes.
    let lake = garden(|name| name.contains(B));
    assert_eq!(session(&lake, B, TOTALS), "[3,16,97,200,1400,150,50]");
    assert_eq!(
        session(&lake, B, link),
        format!(r#"["{A}",null,null,0,null]"#)
    );
    for (name, bytes) in fixtures() {
        lake.put(name, bytes);
    }
    lake.read();
    for id in [A, B] {
        for columns in [TOTALS, link, "total_messages, cost_usd, model_primary"] {
            assert_eq!(session(&lake, id, columns), session(&both, id, columns));
        }
    }
}

#[test]
fn the_session_of_a_response_is_that_of_its_first_line() {
    let lake = Lake::new();
    lake.put(
        "projects/-a/b.jsonl",
        response("1", "b", "10:00:02", "x", "m", 5),
    );
    lake.read();
    lake.put(
        "projects/-a/c.jsonl",
        response("1", "c", "10:00:01", "x", "m", 9),
    );
    lake.read();
    assert_eq!(session(&lake, "b", TOTALS), "[0,0,0,0,0,0,0]");
    assert_eq!(session(&lake, "c", TOTALS), "[1,1000000,9,0,0,0,0]");
    // Of the same time the least id.
    lake.put(
        "projects/-a/a.jsonl",
        response("1", "a", "10:00:01", "x", "m", 7),
    );
    lake.read();
    assert_eq!(session(&lake, "a", TOTALS), "[1,1000000,9,0,0,0,0]");
    assert_eq!(session(&lake, "c", TOTALS), "[0,0,0,0,0,0,0]");
}

#[test]
fn agents_are_tied_to_their_call_in_three_ways() {
    let tie = "SELECT json_array(tool_use_id, tool_link, subagent_type, description, total_messages, responses, output_tokens,
        (SELECT message_uuid FROM claude_messages AS m WHERE m.message_key = a.call_message_key AND m.session = a.session_id))
        FROM claude_subagents AS a WHERE subagent_id = 'a1b2c3d'";
    let tied = |lake: &Lake| lake.get::<String>(tie);
    let call = "0b6d4c1e-9f3a-4d7b-8c9e-000000000004";
    let meta = garden(|_| true);
    assert_eq!(
        tied(&meta),
        format!(r#"["toolu_01","meta","Explore","Read the map",2,1,17,"{call}"]"#)
    );
    let result = garden(|name| !name.ends_with(".meta.json"));
    assert_eq!(
        tied(&result),
        format!(r#"["toolu_01","result",null,null,2,1,17,"{call}"]"#)
    );

    let lake = Lake::new();
    for (name, bytes) in fixtures() {
        let text = String::from_utf8(bytes).unwrap();
        if name.ends_with(".jsonl") {
            lake.put(
                name,
                text.replace(r#""agentId":"a1b2c3d","totalTokens""#, r#""totalTokens""#),
            );
        }
    }
    lake.read();
    assert_eq!(
        tied(&lake),
        format!(r#"["toolu_01","progress",null,null,2,1,17,"{call}"]"#)
    );
    let workflow = "SELECT json_array(workflow, workflow_key, result) FROM claude_subagents WHERE subagent_id = 'd4e5f6a'";
    assert_eq!(lake.get::<String>(workflow), r#"["wf1","k1","\"done\""]"#);
}

#[test]
fn titles_by_rank() {
    let lake = Lake::new();
    let log = "projects/-a/s.jsonl";
    let title = || session(&lake, "s", "summary, title_source");
    let says = |text: &str| {
        lake.append(log, format!("{text}\n"));
        lake.read();
    };
    says(
        line(
            "user",
            "u0",
            "s",
            "10:00:00",
            r#","isMeta":true,"message":{"content":"meta"}"#,
        )
        .trim_end(),
    );
    says(
        line(
            "user",
            "u1",
            "s",
            "10:00:01",
            r#","message":{"content":"<command-name>/clear</command-name>"}"#,
        )
        .trim_end(),
    );
    assert_eq!(title(), "[null,null]");
    says(
        line(
            "user",
            "u2",
            "s",
            "10:00:02",
            r#","message":{"content":"Fix the pump"}"#,
        )
        .trim_end(),
    );
    assert_eq!(title(), r#"["Fix the pump","prompt"]"#);
    says(r#"{"type":"summary","summary":"About a pump","leafUuid":"u2"}"#);
    assert_eq!(title(), r#"["About a pump","summary"]"#);
    says(r#"{"type":"last-prompt","lastPrompt":"and the hose","sessionId":"s"}"#);
    says(r#"{"type":"last-prompt","lastPrompt":null,"sessionId":"s"}"#);
    assert_eq!(title(), r#"["and the hose","last-prompt"]"#);
    says(r#"{"type":"ai-title","aiTitle":"Pump","sessionId":"s"}"#);
    assert_eq!(title(), r#"["Pump","ai-title"]"#);
    lake.put(
        "projects/-a/s/custom-title.json",
        r#"{"customTitle":"My pump"}"#,
    );
    lake.read();
    assert_eq!(title(), r#"["My pump","custom-title.json"]"#);
    for name in ["One", "Two", "One", ""] {
        says(&format!(
            r#"{{"type":"custom-title","customTitle":"{name}","sessionId":"s"}}"#
        ));
    }
    assert_eq!(title(), r#"["One","custom-title"]"#);
    let found = "SELECT count(*) FROM claude_sessions_fts WHERE claude_sessions_fts MATCH 'One'";
    assert_eq!(lake.get::<i64>(found), 1);
}

#[test]
fn a_summary_may_stand_in_the_log_of_another_session() {
    let lake = Lake::new();
    lake.put(
        "projects/-a/t.jsonl",
        "{\"type\":\"summary\",\"summary\":\"The other one\",\"leafUuid\":\"u1\"}\n",
    );
    lake.read();
    lake.put(
        "projects/-a/s.jsonl",
        line(
            "user",
            "u1",
            "s",
            "10:00:01",
            r#","message":{"content":"hi"}"#,
        ),
    );
    lake.read();
    assert_eq!(
        session(&lake, "s", "summary, title_source"),
        r#"["The other one","summary"]"#
    );
    assert_eq!(lake.get::<i64>("SELECT count(*) FROM claude_sessions"), 1);
}

#[test]
fn folders_are_what_records_say() {
    let lake = Lake::new();
    let path = |id: &str| session(&lake, id, "project_path, path_source");
    lake.put(
        "projects/-home-me-my-app/s.jsonl",
        line("user", "u1", "s", "10:00:01", ""),
    );
    lake.read();
    assert_eq!(path("s"), r#"["-home-me-my-app","slug"]"#);
    lake.put(
        "projects/-home-me-my-app/t.jsonl",
        line("user", "u2", "t", "10:00:01", r#","cwd":"/home/me/my.app""#)
            + &line("user", "u3", "t", "10:00:02", r#","cwd":"/tmp""#),
    );
    lake.read();
    assert_eq!(path("t"), r#"["/home/me/my.app","record"]"#);
    assert_eq!(path("s"), r#"["/home/me/my.app","sibling"]"#);
    lake.append(
        "projects/-home-me-my-app/t.jsonl",
        "{\"type\":\"relocated\",\"relocatedCwd\":\"/srv/app\",\"sessionId\":\"t\"}\n",
    );
    lake.read();
    assert_eq!(path("t"), r#"["/srv/app","relocated"]"#);
    assert_eq!(path("s"), r#"["/home/me/my.app","sibling"]"#);
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
        r#"[["Plan the beds for spring","/home/me/garden","2026-01-10T06:30:00.123000Z",1],["Now the herbs","/home/me/garden","2026-01-10T06:51:00.000000Z",0]]"#
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
    let text = "{\"type\":\"user\",\"message\":{\"content\":\"hi\"}}\n{\"type\":\"assistant\",\"message\":{\"usage\":{\"output_tokens\":4}}}\n";
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
fn a_fork_that_is_forgotten_gives_back_what_it_owned() {
    let lake = Lake::new();
    lake.put(
        "projects/-a/b.jsonl",
        response("1", "b", "10:00:01", "x", "m", 5),
    );
    lake.read();
    lake.put(
        "projects/-a/a.jsonl",
        response("1", "a", "10:00:01", "x", "m", 7),
    );
    lake.run("other", false, |units| {
        units.retain(|unit| unit.id.as_str().ends_with("a.jsonl"))
    });
    assert_eq!(
        session(&lake, "b", "total_output_tokens, shared_messages"),
        "[0,1]"
    );
    fs::remove_file(lake.root().join("projects/-a/a.jsonl")).unwrap();
    lake.forget("other");
    lake.read();
    assert_eq!(
        session(
            &lake,
            "b",
            "total_output_tokens, shared_messages, shares_with"
        ),
        "[5,0,null]"
    );
}
