//! The memory that something costly may take, shared by all readers of the process: each asks before it begins and
//! waits for its share, so that many at once take no more than one alone may.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::error::Result;

/// How often a waiting reader shows that it is alive.
const BEAT: Duration = Duration::from_millis(200);

/// A number of bytes to share.
///
/// ```
/// use datalake_core::{Budget, Result};
/// static MEMORY: Budget = Budget::new(64 << 20);
/// fn decode(bytes: u64, alive: &mut dyn FnMut() -> Result<()>) -> Result<Option<u32>> {
///     let Some(_share) = MEMORY.share(bytes, alive)? else { return Ok(None) };
///     Ok(Some(42))
/// }
/// assert_eq!(decode(1 << 20, &mut || Ok(())).unwrap(), Some(42));
/// assert_eq!(decode(65 << 20, &mut || Ok(())).unwrap(), None);
/// ```
#[derive(Debug)]
pub struct Budget {
    all: u64,
    taken: Mutex<u64>,
    given_back: Condvar,
}

/// A share; dropped, it is given back.
#[derive(Debug)]
pub struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    /// That many bytes.
    pub const fn new(all: u64) -> Self {
        Self {
            all,
            taken: Mutex::new(0),
            given_back: Condvar::new(),
        }
    }

    /// All that there is to share.
    pub fn all(&self) -> u64 {
        self.all
    }

    /// Waits until `bytes` are free, and takes them. `alive` is called meanwhile and may end the waiting. Nothing if
    /// that is more than there is.
    ///
    /// # Errors
    /// Those of `alive`.
    pub fn share(
        &self,
        bytes: u64,
        alive: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Option<Share<'_>>> {
        if bytes > self.all {
            return Ok(None);
        }
        // A panic while it was locked cannot have left a wrong number: it is changed in one step.
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken + bytes > self.all {
            alive()?;
            let waited = self.given_back.wait_timeout(taken, BEAT);
            taken = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *taken += bytes;
        Ok(Some(Share {
            budget: self,
            bytes,
        }))
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut taken = self
            .budget
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *taken -= self.bytes;
        self.budget.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use crate::error::Error;

    use super::*;

    #[test]
    fn no_more_is_given_than_there_is() {
        let budget = Budget::new(10);
        let mut patient = || Ok(());
        assert!(budget.share(11, &mut patient).unwrap().is_none());
        let first = budget.share(6, &mut patient).unwrap();
        let mut waited = 0;
        let second = budget.share(5, &mut || {
            waited += 1;
            if waited == 2 {
                Err(Error::cancelled())
            } else {
                Ok(())
            }
        });
        assert!(second.is_err() && waited == 2);
        drop(first);
        assert!(budget.share(10, &mut patient).unwrap().is_some());
    }

    #[test]
    fn a_waiting_reader_goes_on_when_another_is_done() {
        let budget = Budget::new(10);
        let first = budget.share(10, &mut || Ok(())).unwrap();
        std::thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            let waiting = scope.spawn({
                let budget = &budget;
                move || {
                    let mut alive = || {
                        let _ = tell.send(());
                        Ok(())
                    };
                    budget.share(10, &mut alive).unwrap().is_some()
                }
            });
            told.recv().unwrap();
            drop(first);
            assert!(waiting.join().unwrap());
        });
    }
}
