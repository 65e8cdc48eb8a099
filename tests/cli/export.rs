//! `export`: what it says where there is nothing to give back. What it gives is tested with a plugin that keeps raw input,
//! in `tests/ledger/`.

use crate::support::context::TestContext;

#[test]
fn nothing_is_kept() {
    snap!(TestContext::filled(); "export --raw --list", "export --raw --list --json", "export --raw metrics.jsonl",
        "export --raw metrics --json", "export --raw memory_events 1", "export --raw nothing");
}

#[test]
fn bad_usage() {
    snap!(TestContext::filled(); "export x", "export --raw", "export --raw no_dataset 1", "export --raw memory_events 999",
        "export --raw x --source y", "export --raw --list --output x");
}

#[test]
fn without_a_database() {
    let cx = TestContext::with_input();
    snap!(cx; "export --raw --list", "export --raw x");
    assert!(!cx.path("datalake.db").exists());
}
