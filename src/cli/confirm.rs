//! Asks before something is destroyed.

use std::io::{BufRead, IsTerminal, Write};

use datalake_core::{Error, Result};

use super::app::App;

/// Whether the person agrees to what `question` says. `yes` is the agreement of `--yes`.
///
/// # Errors
/// There is nobody to ask: no terminal, or a program that wants JSON.
pub(super) fn confirm(app: &App, question: &str, yes: bool) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    let mut stderr = std::io::stderr();
    if app.json || !std::io::stdin().is_terminal() || !stderr.is_terminal() {
        return Err(
            Error::usage("this cannot be undone, and there is nobody to ask")
                .hint("add --yes to do it without a question"),
        );
    }
    let failed = |error| Error::io("the terminal", error);
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
