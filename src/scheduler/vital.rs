//! Tells a reader that works from one that hangs, by its signs of life.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use datalake_core::{Progress, Pulse};

/// The signs of life of one execution.
pub(super) struct Vital {
    pulse: Pulse,
    progress: Arc<Progress>,
    /// How many signs there were, and when the last one was noticed.
    last: (u64, Duration),
}

impl Vital {
    pub(super) fn new(pulse: Pulse, progress: Arc<Progress>, now: Duration) -> Self {
        Self {
            last: (signs(&pulse, &progress), now),
            pulse,
            progress,
        }
    }

    /// For how long there has been no sign, `now` being the timer's uptime.
    pub(super) fn silence(&mut self, now: Duration) -> Duration {
        let signs = signs(&self.pulse, &self.progress);
        if signs != self.last.0 {
            self.last = (signs, now);
        }
        now.saturating_sub(self.last.1)
    }

    /// Counts the present as a sign of life: nobody was working before.
    pub(super) fn begin(&mut self, now: Duration) {
        self.last.1 = now;
    }
}

fn signs(pulse: &Pulse, progress: &Progress) -> u64 {
    let Progress {
        read,
        records,
        rejected,
        ..
    } = progress;
    let counted = [read, records, rejected].map(|count| count.load(Ordering::Relaxed));
    counted.into_iter().fold(pulse.beats(), u64::wrapping_add)
}
