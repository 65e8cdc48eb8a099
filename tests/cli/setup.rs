//! `init`, `check` and `config show`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::context::TestContext;

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

/// It only looks.
#[test]
fn check_changes_nothing() {
    let cx = TestContext::with_input();
    let before = cx.everything();
    cx.run("check").expect(0);
    assert_eq!(cx.everything(), before);
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
