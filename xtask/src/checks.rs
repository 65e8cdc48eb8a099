//! The verbs `test` and `check`: which steps they have and what each one runs.

use crate::run::{Outcome, cargo, on_ci, run, succeeds};
use crate::steps::{Step, run_all};
use crate::{generate, licences, new_plugin, setup, tidy};

/// What the developer asked of `test` or `check`.
#[derive(Debug, Default, PartialEq)]
struct Options {
    setup: bool,
    deep: bool,
    keep_going: bool,
    filters: Vec<String>,
}

/// `cargo xtask test`: everything that has to pass before a change is merged.
pub(crate) fn test(arguments: &[String]) -> Outcome {
    let options = parse(arguments)?;
    let mut steps = vec![if options.setup || on_ci() {
        Step::new("setup", setup::install)
    } else {
        Step::new("tools", setup::verify)
    }];
    steps.extend(quick_steps());
    steps.push(Step::new("docs", docs));
    steps.push(Step::new("generated", generate::check));
    steps.extend(test_steps(&options));
    if options.filters.is_empty() {
        steps.push(Step::new("plugins", new_plugin::run_all));
    }
    run_all(&steps, options.keep_going)
}

/// `cargo xtask check`: the steps that are quick enough to run after every edit.
pub(crate) fn check(arguments: &[String]) -> Outcome {
    let options = parse(arguments)?;
    let only_keep_going = Options {
        keep_going: options.keep_going,
        ..Options::default()
    };
    if options != only_keep_going {
        return Err("`check` knows only --keep-going; the tests are in `cargo xtask test`".into());
    }
    run_all(&quick_steps(), options.keep_going)
}

fn parse(arguments: &[String]) -> Outcome<Options> {
    let mut options = Options::default();
    for argument in arguments {
        match argument.as_str() {
            "--setup" => options.setup = true,
            "--deep" => options.deep = true,
            "--keep-going" => options.keep_going = true,
            flag if flag.starts_with('-') => {
                return Err(format!("unknown option `{flag}`; see `cargo xtask help`"));
            }
            filter => options.filters.push(filter.to_owned()),
        }
    }
    Ok(options)
}

fn quick_steps() -> Vec<Step<'static>> {
    vec![
        Step::new("format", || run(&mut cargo(&["fmt", "--all", "--check"]))),
        Step::new("tidy", tidy::run),
        Step::new("licences", licences::run),
        Step::new("clippy", || {
            let arguments = ["clippy", "--workspace", "--all-targets", "--locked"];
            run(cargo(&arguments).args(["--", "-D", "warnings"]))
        }),
    ]
}

fn docs() -> Outcome {
    let arguments = [
        "doc",
        "--workspace",
        "--no-deps",
        "--locked",
        "--document-private-items",
    ];
    run(cargo(&arguments).env("RUSTDOCFLAGS", "-D warnings"))
}

/// The tests. Doctests come first, so that the runner's own summary of all other tests stands
/// directly above our table.
fn test_steps(options: &Options) -> Vec<Step<'_>> {
    vec![
        Step::new("doctests", || {
            let arguments = ["test", "--doc", "--workspace", "--locked"];
            run_tests(&arguments, &["--"], options)
        }),
        Step::new("tests", || {
            if succeeds(&mut cargo(&["nextest", "--version"])) {
                let profile = match on_ci() {
                    _ if options.deep => "deep",
                    true => "ci",
                    false => "default",
                };
                let arguments = [
                    "nextest",
                    "run",
                    "--workspace",
                    "--locked",
                    "--profile",
                    profile,
                ];
                return run_tests(&arguments, &[], options);
            }
            println!("    cargo-nextest is not installed: a test that hangs will not be ended");
            let arguments = [
                "test",
                "--lib",
                "--bins",
                "--tests",
                "--workspace",
                "--locked",
            ];
            run_tests(&arguments, &["--no-fail-fast", "--"], options)
        }),
    ]
}

fn run_tests(arguments: &[&str], separator: &[&str], options: &Options) -> Outcome {
    let mut command = cargo(arguments);
    command.args(separator).args(&options.filters);
    // The one place that says so: the tests ask `deep()` in tests/support/chance.rs.
    if options.deep {
        command.env("DATALAKE_TEST_DEEP", "1");
    }
    run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Outcome<Options> {
        parse(
            &words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn options_and_filters_mix() {
        let options = parsed(&["ingest", "--deep", "--setup", "query"]).unwrap();
        assert!(options.deep && options.setup && !options.keep_going);
        assert_eq!(options.filters, ["ingest", "query"]);
    }

    #[test]
    fn an_unknown_option_is_refused() {
        assert!(parsed(&["--depe"]).unwrap_err().contains("--depe"));
    }

    #[test]
    fn check_takes_no_filters() {
        assert!(check(&["ingest".to_owned()]).is_err());
    }
}
