//! The checks by name, and how one is run: with a deadline, and so that a panic is a failure like any other.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::checks::CHECKS;
use crate::child::ChildCommand;
use crate::failure::{Failure, Outcome, Result, Verdict};
use crate::kit::{Effort, Kit};

/// A rule that every plugin keeps, and how to see whether it does.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its name: that of the test.
    pub name: &'static str,
    /// The rule, in one line.
    pub rule: &'static str,
    pub(crate) run: fn(&Arc<Kit>) -> Outcome,
}

/// What came of a check.
#[derive(Debug, Clone)]
pub struct Report {
    /// The check.
    pub check: Check,
    /// Whether the rule holds.
    pub result: Result<Verdict>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Report {
    /// `ok`, `failed` or `not applicable`.
    pub fn outcome(&self) -> &'static str {
        match &self.result {
            Ok(Verdict::Passed) => "ok",
            Ok(Verdict::NotApplicable(_)) => "not applicable",
            Err(_) => "failed",
        }
    }

    /// Why, where it is not simply good.
    pub fn reason(&self) -> Option<String> {
        match &self.result {
            Ok(Verdict::Passed) => None,
            Ok(Verdict::NotApplicable(why)) => Some(why.clone()),
            Err(failure) => Some(failure.to_string()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Check { name, rule, .. } = self.check;
        write!(f, "{name}: {}", self.outcome())?;
        if let Some(why) = self.reason() {
            write!(f, ": {why}")?;
        }
        if self.result.is_err() {
            write!(f, "\nthe rule: {rule}")?;
        }
        Ok(())
    }
}

impl Check {
    /// The check of this name.
    pub fn find(name: &str) -> Option<Self> {
        CHECKS.iter().find(|check| check.name == name).copied()
    }

    /// Runs the check. One that panics or does not end has failed.
    pub fn run(self, kit: &Arc<Kit>) -> Report {
        let begun = Instant::now();
        let (answer, wait) = mpsc::channel();
        let (work, subject) = (self.run, kit.clone());
        let started = std::thread::Builder::new().spawn(move || {
            let done = catch_unwind(AssertUnwindSafe(|| work(&subject)));
            // Nobody waits any more after the deadline.
            let _ = answer.send(done.unwrap_or_else(|panic| Err(panicked(&*panic))));
        });
        let limit = kit.effort.check;
        let result = match started {
            Ok(_) => wait.recv_timeout(limit).unwrap_or_else(|_| {
                Err(Failure::new(format!(
                    "it has not ended after {limit:?}: the plugin hangs"
                )))
            }),
            Err(error) => Err(Failure::from(error)),
        };
        Report {
            check: self,
            result,
            elapsed: begun.elapsed(),
        }
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure::new(format!(
        "the plugin panicked: {}",
        text.unwrap_or("without a message")
    ))
}

/// Runs one check of a plugin as a test: what [`conformance!`](crate::conformance!) calls.
///
/// `crate_folder` is that of the plugin; `inputs` is a folder below it with inputs, for a plugin that carries
/// none; `child` is the name of the hidden test that calls [`child_test`](crate::child_test).
///
/// # Errors
/// The rule does not hold.
pub fn test(
    check: &str,
    plugin: &str,
    crate_folder: &str,
    inputs: Option<&str>,
    child: &str,
) -> Result {
    let kit = Kit::of(plugin)?
        .folder(crate_folder)
        .effort(Effort::of_tests())
        .child(ChildCommand::of_test(child)?);
    let kit = match inputs {
        Some(folder) => kit.inputs_in(&Path::new(crate_folder).join(folder))?,
        None => kit,
    };
    let check =
        Check::find(check).ok_or_else(|| Failure::new(format!("there is no check `{check}`")))?;
    let report = check.run(&Arc::new(kit));
    if let Ok(Verdict::NotApplicable(why)) = &report.result {
        say(&format!("not applicable: {why}"));
    }
    match &report.result {
        Ok(_) => Ok(()),
        Err(_) => Err(Failure::new(report.to_string())),
    }
}

/// Tells whoever runs the test; it is shown with `--nocapture`, or where the test fails.
#[expect(
    clippy::print_stdout,
    reason = "a test's own words, which the test runner collects"
)]
fn say(text: &str) {
    println!("{text}");
}

/// The tests of a plugin: one for each check of the conformance kit, so that a failure names the rule.
///
/// It stands in the plugin's `tests/conformance.rs`, after a line that names the plugin's crate:
///
/// ```ignore
/// use datalake_memory_jsonl as _;
/// datalake_testkit::conformance!("memory-jsonl");
/// ```
///
/// A plugin that carries no fixtures names a folder of its crate: `conformance!("notes", "examples/notes")`.
#[macro_export]
macro_rules! conformance {
    ($plugin:literal) => {
        $crate::conformance!(@all $plugin, None);
    };
    ($plugin:literal, $inputs:literal) => {
        $crate::conformance!(@all $plugin, Some($inputs));
    };
    (@all $plugin:literal, $inputs:expr) => {
        $crate::conformance!(@tests $plugin, $inputs;
            registry config golden rerun stop kill damage append files order batches surroundings
            source_name memory cancel cursor empty_run ties sink telemetry secrets docs
        );

        /// Does one reading in a process of its own, for the checks that kill it; nothing otherwise.
        #[test]
        fn kit_child() -> Result<(), $crate::Failure> {
            $crate::child_test()
        }
    };
    (@tests $plugin:literal, $inputs:expr; $($check:ident)+) => {
        $(
            #[test]
            fn $check() -> Result<(), $crate::Failure> {
                // The name of the test program is not part of a test's name.
                let child = concat!(module_path!(), "::kit_child");
                let child = child.split_once("::").map_or(child, |(_, name)| name);
                let folder = env!("CARGO_MANIFEST_DIR");
                $crate::test(stringify!($check), $plugin, folder, $inputs, child)
            }
        )+

        #[test]
        fn every_check_has_its_test() {
            let tests = [$(stringify!($check)),+];
            assert!($crate::CHECKS.iter().map(|check| check.name).eq(tests));
        }
    };
}
