//! What long work on files hears and says: a wish to stop, and that it goes on.

use crate::error::{Error, Result};
use crate::source::{Cancel, Context, Pulse};

/// The two, together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signals {
    cancel: Cancel,
    pulse: Pulse,
}

impl Signals {
    pub(crate) fn of(cx: &Context) -> Self {
        Self {
            cancel: cx.cancel.clone(),
            pulse: cx.pulse.clone(),
        }
    }

    /// Gives a sign of life; an error where somebody asked to stop. Called for every entry of a
    /// folder and every block of a file.
    pub(crate) fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        self.pulse.beat();
        Ok(())
    }
}
