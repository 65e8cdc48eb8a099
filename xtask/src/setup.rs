//! The Debian tools that tests call: checks that they are there and installs them on request.

use std::process::Command;

use crate::run::{Outcome, on_path, run, succeeds};

/// A program that some test starts.
struct Tool {
    program: &'static str,
    package: &'static str,
    why: &'static str,
}

/// The one list of outside tools. A test that needs another one adds a line here.
const TOOLS: &[Tool] = &[
    Tool {
        program: "sqlite3",
        package: "sqlite3",
        why: "tests read the lake with a second SQLite implementation",
    },
    Tool {
        program: "strace",
        package: "strace",
        why: "tests watch which files and sockets the program opens",
    },
];

/// Fails with the cure when a tool is missing.
pub(crate) fn verify() -> Outcome {
    complain(&missing(on_path))
}

/// Installs whatever is missing, then verifies.
pub(crate) fn install() -> Outcome {
    let missing = missing(on_path);
    if missing.is_empty() {
        println!(
            "    nothing to install, present: {}",
            names(TOOLS.iter(), |tool| tool.program)
        );
        return Ok(());
    }
    for tool in &missing {
        println!(
            "    installing Debian package {}: {}",
            tool.package, tool.why
        );
    }
    if !on_path("apt-get") {
        return Err(format!(
            "this is no Debian system (no apt-get); install by hand: {}",
            names(missing.iter().copied(), |tool| tool.program)
        ));
    }
    run(&mut apt_get(&["update"]))?;
    let mut command = apt_get(&["install", "--yes", "--no-install-recommends"]);
    run(command.args(missing.iter().map(|tool| tool.package)))?;
    verify()
}

fn missing(present: impl Fn(&str) -> bool) -> Vec<&'static Tool> {
    TOOLS.iter().filter(|tool| !present(tool.program)).collect()
}

fn complain(missing: &[&Tool]) -> Outcome {
    if missing.is_empty() {
        return Ok(());
    }
    let mut text = String::from("tools that the tests need are missing:\n");
    for tool in missing {
        text += &format!("  {}: {}\n", tool.program, tool.why);
    }
    text += &format!(
        "cure: `cargo xtask test --setup`, or `sudo apt-get install {}`",
        names(missing.iter().copied(), |tool| tool.package)
    );
    Err(text)
}

/// apt-get as root: directly when we are root, else through a sudo that asks nothing.
fn apt_get(arguments: &[&str]) -> Command {
    let is_root = succeeds(Command::new("sh").args(["-c", "test \"$(id -u)\" = 0"]));
    let mut command = if is_root {
        Command::new("env")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["--non-interactive", "env"]);
        sudo
    };
    // Set through `env`, because sudo drops variables that are merely inherited.
    command
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .args(arguments);
    command
}

fn names<'a>(tools: impl Iterator<Item = &'a Tool>, pick: fn(&Tool) -> &'static str) -> String {
    tools.map(pick).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_missing_is_fine() {
        assert!(complain(&missing(|_| true)).is_ok());
    }

    #[test]
    fn a_missing_tool_is_named_with_its_cure() {
        let error = complain(&missing(|program| program != "strace")).unwrap_err();
        assert!(error.contains("cargo xtask test --setup"), "{error}");
        assert!(error.contains("apt-get install strace"), "{error}");
        assert!(!error.contains("sqlite3"), "{error}");
    }
}
