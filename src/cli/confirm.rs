//! Asks before something is destroyed.

use std::io::{BufRead, IsTerminal, Write};

use datalake_core::{Error, Result};

use super::app::App;

/// Whether the person agrees to what `question` says. `yes` is the agreement of `--yes`.
///
/// # Errors
/// As [`is_needed`].
pub(super) fn confirm(app: &App, question: &str, yes: bool) -> Result<bool> {
    Ok(!is_needed(app, yes)? || ask(question)?)
}

/// Whether somebody has to be asked.
///
/// # Errors
/// There is nobody to ask: no terminal, or a program that wants JSON.
pub(super) fn is_needed(app: &App, yes: bool) -> Result<bool> {
    if yes {
        return Ok(false);
    }
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if app.json || !terminal {
        let what = "this needs somebody's agreement, and there is no terminal to ask at";
        return Err(Error::usage(what).hint("add --yes to do it without a question"));
    }
    Ok(true)
}

/// Asks at the terminal; whatever is not yes is no.
pub(super) fn ask(question: &str) -> Result<bool> {
    let failed = |error| Error::io("the terminal", error);
    let mut stderr = std::io::stderr();
    write!(stderr, "{question} [y/N] ")
        .and_then(|()| stderr.flush())
        .map_err(failed)?;
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(failed)?;
    let agreed = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if !agreed {
        writeln!(stderr, "nothing was changed").map_err(failed)?;
    }
    Ok(agreed)
}
