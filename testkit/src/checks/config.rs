//! Mistakes in the configuration are shown where they stand.

use std::path::Path;
use std::sync::Arc;

use datalake_core::config::{Field, Problem};

use crate::failure::{Outcome, Result, Verdict, ensure};
use crate::kit::{Kit, build, config_text, section};
use crate::suite::Check;

pub(super) const CHECK: Check = Check {
    name: "config",
    rule: "an unknown key, a value of a wrong type and a missing key are refused, each with its name, line and column",
    run,
};

/// What no key is called.
const UNKNOWN: &str = "no-such-key";
/// What no key takes.
const WRONG: &str = "{ not = \"this\" }";

fn run(kit: &Arc<Kit>) -> Outcome {
    let good = config_text(&kit.config, Path::new("/base"));
    let mut right = section(&good);
    let built = build(kit.entry, &mut right);
    ensure!(
        built.is_some(),
        "the configuration of the test is refused:\n{good}\n{}",
        right.report_text()
    );
    // A comment first, so that the line is not 1 anyway.
    let text = format!("# a test\n{good}{UNKNOWN} = 1\n");
    placed(kit, &text, UNKNOWN, line_of(&text, UNKNOWN))?;
    for field in kit.entry.fields {
        let others = without(&good, field.name);
        let text = format!("# a test\n{others}{} = {WRONG}\n", field.name);
        placed(kit, &text, field.name, line_of(&text, field.name))?;
        if field.required {
            missing(kit, &others, field)?;
        }
    }
    Ok(Verdict::Passed)
}

/// The configuration without a key.
fn without(text: &str, key: &str) -> String {
    let is_key = |line: &str| {
        line.split_once('=')
            .is_some_and(|(name, _)| name.trim() == key)
    };
    let kept = text.lines().filter(|line| !is_key(line));
    kept.map(|line| format!("{line}\n")).collect()
}

fn line_of(text: &str, key: &str) -> usize {
    let starts = |line: &str| line.starts_with(key);
    text.lines().position(starts).map_or(0, |place| place + 1)
}

/// The plugin refuses the text, and a problem names the key and the line.
fn placed(kit: &Kit, text: &str, key: &str, line: usize) -> Result {
    let problems = refused(kit, text)?;
    // Where the key stands, or where its value does.
    let columns = [1, key.chars().count() + " = ".len() + 1];
    let at = |problem: &&Problem| {
        problem.place().is_some_and(|place| {
            let (found, column) = place.line_column();
            found == line && columns.contains(&column)
        })
    };
    let told = problems
        .iter()
        .filter(at)
        .any(|problem| problem.message().contains(key));
    let shown: Vec<String> = problems.iter().map(Problem::render).collect();
    let shown = shown.join("\n");
    ensure!(
        told,
        "a mistake in `{key}` at line {line} is not told with its name and place:\n{text}\n{shown}"
    );
    Ok(())
}

fn missing(kit: &Kit, text: &str, field: &Field) -> Result {
    let name = field.name;
    let problems = refused(kit, text)?;
    let told = problems
        .iter()
        .any(|problem| problem.message().contains(name));
    ensure!(
        told,
        "`{name}` must be given, and its absence is not told by name"
    );
    Ok(())
}

fn refused(kit: &Kit, text: &str) -> Result<Vec<Problem>> {
    let mut section = section(text);
    let built = build(kit.entry, &mut section);
    ensure!(
        built.is_none(),
        "a wrong configuration is taken for a good one:\n{text}"
    );
    Ok(section.problems().to_vec())
}
