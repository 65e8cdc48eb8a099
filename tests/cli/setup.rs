//! `init`, `check` and `config show`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use datalake_core::{Clock, SystemClock, Timestamp};

use crate::support::context::{ONE_SOURCE, TestContext};

#[test]
fn init_says_what_it_makes() {
    snap!(TestContext::new(); "init", "init");
}

#[test]
fn init_json() {
    snap!(TestContext::new(); "init --json", "init --json");
}

/// Without any configuration everything lies in the person's data folder.
#[test]
fn init_without_configuration() {
    let cx = TestContext::bare();
    snap!(cx; "init", "status");
    assert!(cx.path(".local/share/datalake/datalake.db").exists());
}

/// The device is the machine's name where nobody says otherwise, and stays what it was at birth.
#[test]
fn the_device_is_the_host() {
    let cx = TestContext::new().unset("DATALAKE_DEVICE");
    let device = cx.run("init --json").expect(0).json()["device"].clone();
    let host = fs::read_to_string("/proc/sys/kernel/hostname");
    if let Ok(host) = host {
        assert_eq!(device, host.trim());
    }
    assert_ne!(device, "");
    let stored: String = cx.value("SELECT value FROM metadata WHERE key = 'device'");
    assert_eq!(device, stored.as_str());
}

#[test]
fn only_its_owner_reads_the_database() {
    let cx = TestContext::filled();
    let mode = |name: &str| fs::metadata(cx.path(name)).map(|it| it.permissions().mode() & 0o777);
    assert_eq!(mode("datalake.db").ok(), Some(0o600));
    assert_eq!(mode("data").ok(), Some(0o700));
}

#[test]
fn check() {
    snap!(TestContext::with_input(); "check", "check --json", "init", "check");
}

#[test]
fn check_of_places() {
    let cx = TestContext::bare();
    cx.write("file.jsonl", "");
    cx.write(
        "datalake.toml",
        "[source.a]\ntype = \"memory-jsonl\"\npath = [\"file.jsonl\", \"nowhere\"]\n\
         [source.b]\ntype = \"memory-jsonl\"\npath = \".\"\nenabled = false\nschedule = [\"watch\", \"every 15m\"]\n",
    );
    snap!(cx; "check", "check --json");
}

/// Each source with its next three runs, in the zone of the lake; they depend on the day.
#[test]
fn check_of_schedules() {
    let cx = TestContext::bare();
    let schedules = [
        "\"watch\"",
        "\"once\"",
        "\"manual\"",
        "\"every 1h 30m\"",
        "\"30 3 * * *\"",
        "[\"watch\", \"0 12 29 2 *\"]",
        "\"@daily\"\nenabled = false",
    ];
    let mut toml = String::from("[time]\nzone = \"Asia/Kolkata\"\n");
    for (number, schedule) in schedules.iter().enumerate() {
        toml += &format!(
            "[source.s{number}]\ntype = \"memory-jsonl\"\npath = \"in\"\nschedule = {schedule}\n"
        );
    }
    cx.write("datalake.toml", toml);
    let text = cx.transcript(&["check", "check --json"]);
    let times =
        regex::Regex::new(r"\[NOW\]|20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{6}Z)?").unwrap();
    insta::assert_snapshot!(times.replace_all(&text, "[TIME]"));

    let json = cx.run("check --json").expect(0).json();
    let runs = |number: usize| {
        json["sources"][number]["next_runs"]
            .as_array()
            .unwrap()
            .clone()
    };
    let ends =
        |time: &serde_json::Value, end| time.as_str().is_some_and(|time| time.ends_with(end));
    assert!(runs(4).iter().all(|time| ends(time, "T22:00:00.000000Z")));
    assert!(
        runs(5)
            .iter()
            .all(|time| ends(time, "-02-29T06:30:00.000000Z"))
    );
}

/// Once there is a database, distances are counted from the last run that a schedule started.
#[test]
fn check_knows_the_last_run() {
    let cx = TestContext::filled();
    cx.write(
        "datalake.toml",
        format!("{ONE_SOURCE}schedule = \"every 10h\"\n"),
    );
    let next = || -> Timestamp {
        let json = cx.run("check --json").expect(0).json();
        json["sources"][0]["next_runs"][0]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    };
    let ago = |hours: u64| {
        SystemClock
            .now()
            .checked_sub(Duration::from_secs(hours * 3600))
            .unwrap()
    };
    let change = |trigger: &str, started: Timestamp| {
        let sql = "UPDATE runs SET \"trigger\" = ?1, started_at = ?2";
        cx.database()
            .execute(sql, [trigger, &started.to_string()])
            .unwrap();
    };
    change("schedule", ago(9));
    let soon = next();
    assert!(soon > ago(0) && soon < ago(0).checked_add(Duration::from_secs(3601)).unwrap());
    // What is overdue is due now, and a run by hand does not count.
    for (trigger, started) in [("schedule", ago(11)), ("manual", ago(9))] {
        change(trigger, started);
        assert!(next() <= ago(0));
    }
}

/// It only looks.
#[test]
fn check_changes_nothing() {
    for cx in [TestContext::with_input(), TestContext::filled()] {
        let before = cx.everything();
        cx.run("check").expect(0);
        assert_eq!(cx.everything(), before);
    }
}

#[test]
fn config_show() {
    snap!(TestContext::new(); "config show");
}

#[test]
fn config_show_json() {
    snap!(TestContext::new(); "config show --json");
}

/// File, environment, the seed's short names, and a file that `--config` names.
#[test]
fn config_show_says_where_values_come_from() {
    let cx = TestContext::bare()
        .with("DATA_DIR", "elsewhere/data")
        .with("DB_FILE", "elsewhere/lake.db")
        .with("LOG_DIR", "$HOME/log")
        .with("DATALAKE_SERVER_API", "127.0.0.1:9000")
        .with("DATALAKE_SOURCE_DESK_PATH", "~/memory")
        .with("SCHEMA_FILE", "schema.sql");
    cx.write(
        "my.toml",
        "[time]\nzone = \"Asia/Kolkata\"\n[store]\ncache = \"8 MiB\"\n[source.desk]\ntype = \"memory-jsonl\"\n",
    );
    snap!(cx; "config show --config my.toml");
}
