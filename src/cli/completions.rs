//! `datalake completions`: the script that lets a shell complete the command line.

use clap::{Args, Command};
use clap_complete::Shell;
use datalake_core::Result;
use serde_json::json;

use super::{Exit, print};

/// Whom the script is for.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs, mut command: Command, json: bool) -> Result<Exit> {
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    if json {
        let text = String::from_utf8_lossy(&script);
        print::json(&json!({ "shell": args.shell.to_string(), "script": text }))?;
    } else {
        print::stdout(|out| out.write_all(&script))?;
    }
    Ok(Exit::Done)
}
