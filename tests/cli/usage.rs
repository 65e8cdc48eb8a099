//! Wrong command lines and wrong configurations: exit status 2, and a hint.

use crate::support::context::TestContext;

#[test]
fn command_lines() {
    let cx = TestContext::new();
    snap!(cx; "", "nothing", "statsu", "run --sorce x", "run extra", "config", "rejects", "plugins", "rejects show",
        "rejects show x", "list", "runs --limit -1", "--json", "run --set", "query a b");
    assert!(!cx.path("datalake.db").exists());
}

#[test]
fn settings_on_the_command_line() {
    let cx = TestContext::new();
    snap!(cx; "run --set path", "run --set pth=x --source memory-jsonl", "run --set pth=x", "run --set api=x",
        "run --set serve.api=x", "run --set a.b.c.d=1", "run --set store.cache=lots", "run --set =x");
    assert!(!cx.path("datalake.db").exists());
}

/// All of it, each with its place, not only the first.
#[test]
fn everything_wrong_at_once() {
    let cx = TestContext::new();
    cx.write(
        "datalake.toml",
        "[stroe]\ndata_dir = \"data\"\n\n[store]\ndb_fiel = \"x.db\"\nbusy_timeout = 5\n\n[server]\napi = \"nowhere\"\n\n\
         [time]\nzone = \"Asia/Calcuta\"\n\n[source.memory-jsonl]\npaht = \"in\"\nschedule = \"sometimes\"\n\n\
         [source.x]\ntype = \"memory-json\"\n",
    );
    snap!(cx; "run", "check", "config show --json");
    assert!(!cx.path("datalake.db").exists());
}

#[test]
fn wrong_types() {
    let cx = TestContext::new();
    cx.write(
        "datalake.toml",
        "[source.memory-jsonl]\npath = 7\nenabled = \"yes\"\ntags = \"a\"\n",
    );
    snap!(cx; "run");
}

#[test]
fn no_toml() {
    let cx = TestContext::new();
    cx.write("datalake.toml", "[source.memory-jsonl\npath = \"in\"\n");
    snap!(cx; "run");
    cx.write("datalake.toml", b"a = \"\xff\"\n");
    insta::assert_snapshot!("no_text", cx.transcript(&["run"]));
}

#[test]
fn configuration_that_is_not_there() {
    let cx = TestContext::bare();
    snap!(cx; "run --config nowhere.toml", "status --config .");
    let cx = cx.with("DATALAKE_CONFIG", "away.toml");
    insta::assert_snapshot!("named_by_the_environment", cx.transcript(&["run"]));
}

#[test]
fn environment() {
    let cx = TestContext::new()
        .with("DATALAKE_STORE_CACHE", "lots")
        .with("DATALAKE_SORE_CACHE", "8 MiB")
        .with("DATALAKE_TIME_ZONE", "Mars/Olympus");
    snap!(cx; "run");
}

#[test]
fn variables_that_mean_nothing_are_said() {
    let cx = TestContext::with_input()
        .with("DATALAKE_STOER_CACHE", "8 MiB")
        .with("SCHEMA_FILE", "schema.sql");
    snap!(cx; "run");
}

#[test]
fn no_home() {
    let mut cx = TestContext::bare();
    cx.set("HOME", "");
    snap!(cx; "status");
    // With a folder for the data, what is below nobody's home is not there, and nobody has made a mistake.
    cx.set("PROJECT_ROOT", ".");
    let said = cx.transcript(&["check", "run --source audio"]);
    insta::assert_snapshot!("no_home_but_a_project", said);
    cx.write("datalake.toml", "[source.audio]\npath = \"~/Recordings\"\n");
    insta::assert_snapshot!("no_home_that_was_written", cx.transcript(&["check"]));
}

/// A wish for help is no mistake, whatever the configuration.
#[test]
fn a_broken_configuration_stops_only_what_needs_it() {
    let cx = TestContext::new();
    cx.write("datalake.toml", "nonsense");
    cx.run("run").expect(2);
    cx.run("run --help").expect(0);
    cx.run("plugins list").expect(0);
    cx.run("plugins describe memory-jsonl").expect(0);
}
