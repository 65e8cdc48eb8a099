//! The help of every command.

use crate::support::context::TestContext;

#[test]
fn program() {
    snap!(TestContext::bare(); "--help", "-h", "--version");
}

#[test]
fn making_and_checking() {
    snap!(TestContext::bare(); "init --help", "check --help", "config --help", "config show --help",
        "config schema --help");
}

#[test]
fn running() {
    snap!(TestContext::bare(); "run --help", "ingest --help", "preview --help", "status --help", "runs --help");
}

#[test]
fn rejects() {
    snap!(TestContext::bare(); "rejects --help", "rejects list --help", "rejects show --help",
        "rejects replay --help", "rejects drop --help");
}

#[test]
fn cursors_and_forgetting() {
    snap!(TestContext::bare(); "cursor --help", "cursor show --help", "cursor reset --help", "forget --help",
        "export --help");
}

#[test]
fn shells() {
    snap!(TestContext::bare(); "completions --help", "completions csh");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let cx = TestContext::bare();
        let ran = cx.run(&format!("completions {shell}")).expect(0);
        for command in [
            "datalake", "ingest", "preview", "forget", "rejects", "cursor", "export",
        ] {
            assert!(ran.stdout.contains(command), "{shell}: {command}");
        }
        let json = cx
            .run(&format!("completions {shell} --json"))
            .expect(0)
            .json();
        assert_eq!(json["script"], ran.stdout.as_str());
        assert!(cx.everything().is_empty());
    }
}

/// What editors are given is what the reference has, whatever the configuration.
#[test]
fn the_schema() {
    let cx = TestContext::bare();
    cx.write("datalake.toml", "nonsense");
    let printed = cx.run("config schema").expect(0).json();
    let file = include_str!("../../docs/reference/datalake.schema.json");
    assert_eq!(
        printed,
        serde_json::from_str::<serde_json::Value>(file).expect("it is JSON")
    );
}

#[test]
fn plugins() {
    snap!(TestContext::bare(); "plugins --help", "plugins list --help", "plugins describe --help");
}

#[test]
fn reading() {
    snap!(TestContext::bare(); "list --help", "query --help", "stats --help");
}

/// Help and versions need nothing of the machine, and leave nothing behind.
#[test]
fn help_touches_nothing() {
    let cx = TestContext::bare();
    cx.run("--help").expect(0);
    cx.run("run --help").expect(0);
    cx.run("plugins list").expect(0);
    assert!(cx.everything().is_empty());
    assert!(!cx.path("logs").exists());
}
