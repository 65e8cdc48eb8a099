//! What sources of files do on threads that may wait, whatever sort of files they read.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::output::Output;
use crate::source::{Context, Unit};

/// Searches for units.
pub(crate) async fn search(
    look: impl FnOnce() -> Result<Vec<Unit>> + Send + 'static,
) -> Result<Vec<Unit>> {
    let search = tokio::task::spawn_blocking(look);
    search
        .await
        .map_err(|error| Error::bug("the search for files panicked").caused_by(error))?
}

/// Works on `what`; a mistake of the program is told with the name of it and of the source.
pub(crate) async fn work<T: Send + 'static>(
    cx: &Context,
    what: &str,
    out: &mut Output,
    work: impl FnOnce(&mut Output) -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = out.blocking(work).await;
    done.map_err(|error| match error.kind() {
        ErrorKind::Bug => error.at(what).at(format!("source `{}`", cx.source)),
        _ => error,
    })
}

/// What is worked on while all units are related.
pub(crate) const RELATING: &str = "relating its files";

/// What is remembered between files. A panic while it was held leaves nothing half done: it is only ever replaced as a
/// whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
