//! Running other programs and finding the repository: the few helpers every verb needs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What every step returns: the error is the text for the developer, cure included.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// The folder that holds the root Cargo.toml.
///
/// Cargo sets the variable when it runs us; the value from build time would be wrong when the
/// checkout was moved together with its target folder.
pub(crate) fn repo_root() -> PathBuf {
    let own = env("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let own = PathBuf::from(own);
    own.parent().map_or_else(|| own.clone(), Path::to_path_buf)
}

/// An environment variable, or nothing when it is unset or empty.
#[expect(
    clippy::disallowed_methods,
    reason = "xtask has no config; this is its one look-up"
)]
pub(crate) fn env(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// True when a build server runs us.
pub(crate) fn on_ci() -> bool {
    env("CI").is_some_and(|value| value == "true" || value == "1")
}

/// The same cargo that runs us, so that a toolchain override reaches the children too.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(repo_root());
    command
}

/// Runs a command on our own terminal and turns a bad exit into an error.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let shown = show(command);
    println!("    $ {shown}");
    let status = command
        .status()
        .map_err(|error| format!("cannot start `{shown}`: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{shown}` ended with {status}"))
    }
}

/// Runs a command and returns what it printed; its complaints still reach the terminal.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let shown = show(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start `{shown}`: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{shown}` ended with {}", output.status));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| format!("`{shown}` printed text that is not UTF-8"))
}

/// True when the command starts and succeeds; prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// True when PATH has a program of this name.
pub(crate) fn on_path(program: &str) -> bool {
    let path = env("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// The command as a developer would type it: the program's name, not its full path.
fn show(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert!(
            error.contains("sh -c exit 3") && error.contains('3'),
            "{error}"
        );
    }

    #[test]
    fn a_missing_program_is_an_error_that_names_it() {
        let error = output(&mut Command::new("datalake-no-such-program")).unwrap_err();
        assert!(
            error.contains("cannot start `datalake-no-such-program`"),
            "{error}"
        );
        assert!(!on_path("datalake-no-such-program"));
    }

    #[test]
    fn the_repo_root_holds_the_workspace() {
        let manifest = std::fs::read_to_string(repo_root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }
}
