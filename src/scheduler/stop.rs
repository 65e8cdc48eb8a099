//! The wish to stop, for those who read and for those who wait.

use datalake_core::Cancel;
use tokio::sync::watch;

/// Tells everybody to stop: readers at their next commit point, whoever waits at once.
#[derive(Debug, Clone)]
pub struct Stop {
    cancel: Cancel,
    wanted: watch::Sender<bool>,
}

impl Stop {
    /// Nobody wants to stop yet.
    pub fn new() -> Self {
        Self {
            cancel: Cancel::default(),
            wanted: watch::Sender::new(false),
        }
    }

    /// Asks everybody to stop.
    pub fn ask(&self) {
        self.cancel.cancel();
        self.wanted.send_replace(true);
    }

    /// Whether somebody asked.
    pub fn is_wanted(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Waits until somebody asks.
    pub async fn wanted(&self) {
        let mut wanted = self.wanted.subscribe();
        // The sender lives as long as `self`, so this ends with the wish only.
        let _ = wanted.wait_for(|wanted| *wanted).await;
    }

    /// What readers look at.
    pub(super) fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}
