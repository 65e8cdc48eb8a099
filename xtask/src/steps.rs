//! Runs named steps one after another, times them and prints the closing table.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::run::Outcome;

/// One named part of a longer check.
pub(crate) struct Step<'a> {
    name: &'static str,
    work: Box<dyn Fn() -> Outcome + 'a>,
}

impl<'a> Step<'a> {
    pub(crate) fn new(name: &'static str, work: impl Fn() -> Outcome + 'a) -> Self {
        Self {
            name,
            work: Box::new(work),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Passed(Duration),
    Failed(Duration),
    NotRun,
}

/// Runs the steps in order and stops at the first failure, unless told to keep going.
pub(crate) fn run_all(steps: &[Step<'_>], keep_going: bool) -> Outcome {
    let start = Instant::now();
    let mut states: Vec<(&str, State)> = Vec::new();
    let mut stopped = false;
    for (index, step) in steps.iter().enumerate() {
        let state = if stopped {
            State::NotRun
        } else {
            println!("==> [{}/{}] {}", index + 1, steps.len(), step.name);
            run_one(step)
        };
        stopped |= matches!(state, State::Failed(_)) && !keep_going;
        states.push((step.name, state));
    }
    print!("\n{}", table(&states));
    verdict(&states, start.elapsed())
}

fn run_one(step: &Step<'_>) -> State {
    let start = Instant::now();
    let outcome = (step.work)();
    let spent = start.elapsed();
    match outcome {
        Ok(()) => {
            println!("<== {}: ok, {:.1} s", step.name, spent.as_secs_f64());
            State::Passed(spent)
        }
        Err(message) => {
            println!(
                "<== {}: FAILED, {:.1} s\n{message}",
                step.name,
                spent.as_secs_f64()
            );
            State::Failed(spent)
        }
    }
}

fn table(states: &[(&str, State)]) -> String {
    let width = states
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0)
        .max(4);
    let mut text = format!("{:width$}  {:7}  {:>7}\n", "step", "result", "seconds");
    for (name, state) in states {
        let (result, seconds) = match state {
            State::Passed(spent) => ("ok", format!("{:.1}", spent.as_secs_f64())),
            State::Failed(spent) => ("FAILED", format!("{:.1}", spent.as_secs_f64())),
            State::NotRun => ("not run", "-".to_owned()),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:width$}  {result:7}  {seconds:>7}");
    }
    text
}

fn verdict(states: &[(&str, State)], total: Duration) -> Outcome {
    let failed: Vec<&str> = states
        .iter()
        .filter(|(_, state)| matches!(state, State::Failed(_)))
        .map(|(name, _)| *name)
        .collect();
    let seconds = total.as_secs_f64();
    if failed.is_empty() {
        println!("xtask: all {} steps passed in {seconds:.1} s", states.len());
        return Ok(());
    }
    Err(format!(
        "FAILED after {seconds:.1} s: {} of {} steps failed: {}",
        failed.len(),
        states.len(),
        failed.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn run_three(keep_going: bool) -> (Vec<&'static str>, Outcome) {
        let ran = RefCell::new(Vec::new());
        let outcome = {
            let log = |name, result: Outcome| {
                ran.borrow_mut().push(name);
                result
            };
            let steps = [
                Step::new("one", || log("one", Ok(()))),
                Step::new("two", || log("two", Err("broken".to_owned()))),
                Step::new("three", || log("three", Ok(()))),
            ];
            run_all(&steps, keep_going)
        };
        (ran.into_inner(), outcome)
    }

    #[test]
    fn the_first_failure_stops_the_run() {
        let (ran, outcome) = run_three(false);
        assert_eq!(ran, ["one", "two"]);
        assert!(outcome.unwrap_err().contains("1 of 3 steps failed: two"));
    }

    #[test]
    fn keep_going_runs_the_rest_and_still_fails() {
        let (ran, outcome) = run_three(true);
        assert_eq!(ran, ["one", "two", "three"]);
        assert!(outcome.is_err());
    }

    #[test]
    fn the_table_has_a_line_for_every_step() {
        let text = table(&[
            ("format", State::Passed(Duration::from_millis(1250))),
            ("tests", State::Failed(Duration::from_secs(2))),
            ("later", State::NotRun),
        ]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "step    result   seconds");
        assert_eq!(lines[1], "format  ok           1.2");
        assert_eq!(lines[2], "tests   FAILED       2.0");
        assert_eq!(lines[3], "later   not run        -");
    }
}
