//! `datalake plugins test`: runs the conformance kit on a plugin, a line for each check as it ends.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use datalake_core::{Error, Result, SourceEntry};
use datalake_testkit::{CHECKS, Check, ChildCommand, Effort, Failure, Kit, Report, child_main};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::Exit;
use super::print;

/// How often the terminal shows that it goes on.
const TICK: Duration = Duration::from_millis(100);

pub(super) fn run(entry: &'static SourceEntry, deep: bool, json: bool) -> Result<Exit> {
    let effort = if deep { Effort::DEEP } else { Effort::QUICK };
    let child = ChildCommand::with_arguments(&["plugins", "test", entry.name, "--child"]);
    let kit = Arc::new(
        Kit::with(entry)
            .effort(effort)
            .child(child.map_err(|failure| failed(&failure))?),
    );
    let bar = bar();
    let mut reports = Vec::new();
    for check in CHECKS {
        bar.set_message(check.name);
        let report = check.run(&kit);
        bar.inc(1);
        if !json {
            bar.suspend(|| print::stdout(|out| line(out, &report)))?;
        }
        reports.push(report);
    }
    bar.finish_and_clear();
    if json {
        print::json(&reports.iter().map(object).collect::<Vec<_>>())?;
    } else {
        print::stdout(|out| summary(out, entry.name, &reports))?;
    }
    let good = reports.iter().all(|report| report.result.is_ok());
    Ok(if good { Exit::Done } else { Exit::Failed })
}

/// What a process does that a check has started.
pub(super) fn child(folder: &Path) -> Result<()> {
    child_main(folder).map_err(|failure| failed(&failure))
}

fn failed(failure: &Failure) -> Error {
    Error::permanent(failure.to_string())
}

/// A bar on stderr, where that is a terminal.
fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(CHECKS.len() as u64);
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} {bar:22} {pos}/{len} {msg} {elapsed}")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}

fn line(out: &mut dyn Write, report: &Report) -> std::io::Result<()> {
    let Check { name, rule, .. } = report.check;
    let (outcome, time) = (report.outcome(), print::duration(report.elapsed));
    match report.reason() {
        None => writeln!(out, "{name:<14}{outcome:<16}{time:>8}"),
        Some(why) if report.result.is_ok() => {
            writeln!(
                out,
                "{name:<14}{outcome:<16}{time:>8}  {}",
                print::harmless(&why)
            )
        }
        Some(why) => {
            writeln!(out, "{name:<14}{outcome:<16}{time:>8}")?;
            for line in print::harmless(&why).lines() {
                writeln!(out, "    {line}")?;
            }
            writeln!(out, "    the rule: {rule}")
        }
    }
}

fn summary(out: &mut dyn Write, name: &str, reports: &[Report]) -> std::io::Result<()> {
    let count = |outcome: &str| {
        reports
            .iter()
            .filter(|report| report.outcome() == outcome)
            .count()
    };
    let time = reports.iter().map(|report| report.elapsed).sum();
    writeln!(
        out,
        "\n{name}: {} ok, {} failed, {} not applicable in {}",
        count("ok"),
        count("failed"),
        count("not applicable"),
        print::duration(time)
    )
}

fn object(report: &Report) -> serde_json::Value {
    json!({
        "check": report.check.name,
        "rule": report.check.rule,
        "outcome": report.outcome(),
        "seconds": report.elapsed.as_secs_f64(),
        "reason": report.reason(),
    })
}
