//! The project's own build tool: `cargo xtask <verb>` checks, tests, measures and packages.
//!
//! It is a plain program instead of a pile of scripts, so that the checks are themselves
//! type-checked and tested, and so that every machine runs exactly the same ones.
//! It depends on next to nothing, because everybody waits for it to build.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool for developers: its output is the terminal"
)]

mod checks;
mod generate;
mod licences;
mod metadata;
mod new_plugin;
mod release;
mod run;
mod setup;
mod spdx;
mod steps;
mod tidy;

use std::process::ExitCode;

use run::Outcome;

const USAGE: &str = "\
usage: cargo xtask <verb>

  test [--setup] [--deep] [--keep-going] [FILTER...]
                      everything that must pass: format, tidy, licences, clippy, docs,
                      generated files, tests, new plugins. FILTER narrows the tests, nothing else.
                      --setup (or CI=true) first installs missing Debian packages;
                      --deep makes many more rounds of kills, faults, full disks and losses of
                      power (the tests see DATALAKE_TEST_DEEP=1); about half an hour
  check [--keep-going]
                      the quick loop: format, tidy, licences, clippy
  tidy                only the project's own rules about files and crate boundaries
  licences            only the licences of dependencies
  plugins             only what it takes to begin a plugin: `plugins new` and the crate
                      outside the workspace, built and proved by the conformance kit
  generate [--check]  write the generated files, or say which ones are stale
  bench [NAME...]     build in release mode and run the benchmarks
  dist                build the release folder under target/dist
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Outcome {
    let Some((verb, rest)) = arguments.split_first() else {
        return Err(format!("no verb given\n\n{USAGE}"));
    };
    match verb.as_str() {
        "test" => checks::test(rest),
        "check" => checks::check(rest),
        "tidy" => no_arguments(rest).and_then(|()| tidy::run()),
        "licences" => no_arguments(rest).and_then(|()| licences::run()),
        "plugins" => no_arguments(rest).and_then(|()| new_plugin::run_all()),
        "generate" => generate::verb(rest),
        "bench" => release::bench(rest),
        "dist" => no_arguments(rest).and_then(|()| release::dist()),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        other => Err(format!("unknown verb `{other}`\n\n{USAGE}")),
    }
}

fn no_arguments(rest: &[String]) -> Outcome {
    match rest.first() {
        None => Ok(()),
        Some(extra) => Err(format!("unexpected argument `{extra}`\n\n{USAGE}")),
    }
}
