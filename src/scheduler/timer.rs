//! Time as the scheduler sees it: the wall clock for schedules, which people set and machines sleep through, and
//! a steady one for waiting. Tests bring their own.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use datalake_core::{Clock, SharedClock, SystemClock, Timestamp};

/// A clock that can be waited for.
#[async_trait]
pub trait Timer: Clock {
    /// How long this timer has run: it never goes back.
    fn uptime(&self) -> Duration;

    /// Waits for so long, as measured by [`Timer::uptime`].
    async fn sleep(&self, duration: Duration);

    /// The wall clock, to hand on.
    fn clock(&self) -> SharedClock;
}

/// The machine's own time.
#[derive(Debug, Clone, Copy)]
pub struct SystemTimer(Instant);

impl SystemTimer {
    /// A timer that starts now.
    #[expect(
        clippy::new_without_default,
        reason = "starting a clock is no default value"
    )]
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemTimer {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }
}

#[async_trait]
impl Timer for SystemTimer {
    fn uptime(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn clock(&self) -> SharedClock {
        std::sync::Arc::new(SystemClock)
    }
}
