//! How sessions, their agents and their names hang together.

use std::fs;

use crate::garden::{A, B, TOTALS, fixtures, garden, line, response, session};
use crate::lake::Lake;

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

#[test]
fn the_model_the_price_and_the_agent_of_a_response_are_those_of_its_first_line() {
    let first = response("1", "a", "10:00:01", "x", "claude-haiku-4-5", 5);
    let later = response("2", "b", "10:00:02", "x", "claude-opus-4-5", 9).replace(
        r#""requestId""#,
        r#""agentId":"ag","isSidechain":true,"requestId""#,
    );
    let usage =
        "SELECT json_array(session_id, model, priced_as, agent, output_tokens) FROM claude_usage";
    for [early, late] in [[&first, &later], [&later, &first]] {
        let lake = Lake::new();
        lake.put("projects/-a/a.jsonl", early);
        lake.read();
        lake.put("projects/-a/b.jsonl", late);
        lake.read();
        assert_eq!(
            lake.get::<String>(usage),
            r#"["a","claude-haiku-4-5","claude-haiku-4-5",null,9]"#
        );
        assert_eq!(
            session(&lake, "a", "cost_usd, model_primary"),
            r#"[1.000045,"claude-haiku-4-5"]"#
        );
        lake.digest();
    }
}

#[test]
fn a_model_that_answered_nothing_here_is_not_that_of_the_session() {
    let lake = Lake::new();
    let shared = |session: &str| response("1", session, "10:00:01", "x", "a-model", 5);
    let none = line("user", "2", "b", "10:00:02", "");
    lake.put("projects/-a/b.jsonl", shared("b") + &none);
    lake.read();
    lake.put("projects/-a/a.jsonl", shared("a"));
    lake.append(
        "projects/-a/b.jsonl",
        response("3", "b", "10:00:03", "y", "b-model", 5),
    );
    lake.read();
    assert_eq!(
        session(&lake, "a", "model_primary, responses"),
        r#"["a-model",1]"#
    );
    assert_eq!(
        session(&lake, "b", "model_primary, responses"),
        r#"["b-model",1]"#
    );
    // Without a response of its own it has the model that spoke last.
    lake.put("projects/-a/c.jsonl", {
        let copies = response("1", "c", "10:00:01", "x", "a-model", 5);
        copies + &response("3", "c", "10:00:03", "y", "b-model", 5)
    });
    lake.read();
    assert_eq!(
        session(&lake, "c", "model_primary, responses"),
        r#"["b-model",0]"#
    );
}

#[test]
fn a_guessed_time_gives_way_to_one_that_is_known() {
    let lake = Lake::new();
    let said = |content: &str, model: &str| {
        format!(
            r#","cwd":"/{model}","gitBranch":"{model}","version":"{model}","message":{{"content":"{content}","model":"{model}"}}"#
        )
    };
    let of = |uuid: &str, time: &str, name: &str| line("user", uuid, "s", time, &said(name, name));
    // The first lines have no time: the file's own is that of a copy, long after.
    let untimed =
        of("0", "10:00:00", "guessed").replace(r#""timestamp":"2026-02-01T10:00:00Z","#, "");
    assert!(!untimed.contains("timestamp"));
    lake.put("projects/-a/s.jsonl", &untimed);
    lake.read();
    let columns = "summary, project_path, model_primary, claude_version, git_branch";
    assert_eq!(
        session(&lake, "s", columns),
        r#"["guessed","/guessed","guessed","guessed","guessed"]"#
    );
    lake.append(
        "projects/-a/s.jsonl",
        of("1", "10:00:01", "first") + &of("2", "10:00:09", "last"),
    );
    lake.read();
    assert_eq!(
        session(&lake, "s", columns),
        r#"["first","/first","last","last","last"]"#
    );
    assert_eq!(
        session(&lake, "s", "started_at, ended_at, duration_seconds"),
        r#"["2026-02-01T10:00:01.000000Z","2026-02-01T10:00:09.000000Z",8.0]"#
    );
}

#[test]
fn an_empty_relocation_is_none_and_the_last_title_counts_whatever_the_clock_did() {
    let lake = Lake::new();
    let title = |name: &str| {
        format!("{{\"type\":\"custom-title\",\"customTitle\":\"{name}\",\"sessionId\":\"s\"}}\n")
    };
    let log = [
        line("user", "1", "s", "12:00:00", r#","cwd":"/srv/app""#),
        title("One"),
        // The clock was set back.
        line("user", "2", "s", "11:00:00", ""),
        title("Two"),
        r#"{"type":"relocated","relocatedCwd":" ","sessionId":"s"}"#.to_owned() + "\n",
    ];
    // Read at once, and line by line.
    lake.put("projects/-a/s.jsonl", log.concat());
    lake.read();
    let pieces = Lake::new();
    for line in &log {
        pieces.append("projects/-a/s.jsonl", line);
        pieces.read();
    }
    for lake in [lake, pieces] {
        assert_eq!(
            session(&lake, "s", "summary, project_path, path_source"),
            r#"["Two","/srv/app","record"]"#
        );
    }
}

#[test]
fn ties_between_sessions_do_not_depend_on_which_comes_first() {
    let goes_on = r#","subtype":"compact_boundary","logicalParentUuid":"u1","content":"Compacted""#;
    let logs = [
        (
            "a",
            line("user", "u1", "a", "10:00:01", "") + &line("user", "u2", "a", "10:00:02", ""),
        ),
        (
            "b",
            line("user", "u2", "b", "10:00:02", "") + &line("user", "u3", "b", "10:00:03", ""),
        ),
        (
            "c",
            line("user", "u2", "c", "10:00:02", "")
                + &line("system", "u4", "c", "10:00:04", goes_on)
                + &line("user", "u3", "c", "10:00:03", ""),
        ),
    ];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let lake = Lake::new();
        for place in order {
            let (name, log) = &logs[place];
            lake.put(&format!("projects/-a/{name}.jsonl"), log);
            lake.read();
        }
        let ties = |id: &str| session(&lake, id, "continued_from, shares_with, shared_messages");
        assert_eq!(ties("a"), r#"[null,"b",1]"#, "{order:?}");
        assert_eq!(ties("b"), r#"[null,"a",2]"#, "{order:?}");
        assert_eq!(ties("c"), r#"["a","a",2]"#, "{order:?}");
    }
}

#[test]
fn a_session_comes_from_its_own_log_and_not_from_its_agents() {
    for order in [
        ["s.jsonl", "s/subagents/agent-1.jsonl"],
        ["s/subagents/agent-1.jsonl", "s.jsonl"],
    ] {
        let lake = Lake::new();
        for name in order {
            let rest = if name == "s.jsonl" {
                ""
            } else {
                r#","isSidechain":true,"agentId":"1""#
            };
            let text = line("user", name, "s", "10:00:01", rest);
            lake.put(&format!("projects/-a/{name}"), text);
            lake.read();
        }
        let gone = || lake.get::<i64>("SELECT source_gone FROM v_recent_claude_sessions");
        fs::remove_file(lake.root().join("projects/-a/s/subagents/agent-1.jsonl")).unwrap();
        lake.read();
        assert_eq!(gone(), 0, "{order:?}");
        fs::remove_file(lake.root().join("projects/-a/s.jsonl")).unwrap();
        lake.read();
        assert_eq!(gone(), 1, "{order:?}");
    }
}
