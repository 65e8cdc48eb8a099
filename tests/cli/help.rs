//! The help of every command.

use crate::support::context::TestContext;

#[test]
fn program() {
    snap!(TestContext::bare(); "--help", "-h", "--version");
}

#[test]
fn making_and_checking() {
    snap!(TestContext::bare(); "init --help", "check --help", "config --help", "config show --help");
}

#[test]
fn running() {
    snap!(TestContext::bare(); "run --help", "status --help", "runs --help");
}

#[test]
fn rejects() {
    snap!(TestContext::bare(); "rejects --help", "rejects list --help", "rejects show --help");
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
