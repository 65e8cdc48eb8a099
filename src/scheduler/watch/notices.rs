//! What the system tells of changes below a source's roots. It only makes a watch look earlier: systems lose
//! such news, network folders have none, and so nothing depends on it.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// With more changes at once than this, a full scan is cheaper than to look at each.
const PATHS: usize = 1_000;

/// The changes that have been told and not been looked at.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    pending: Mutex<Pending>,
    arrived: Notify,
}

/// What changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) paths: HashSet<PathBuf>,
    /// Whether more changed than the paths say.
    pub(super) more: bool,
}

impl Inbox {
    /// Notes changes.
    pub(super) fn put(&self, paths: impl IntoIterator<Item = PathBuf>, more: bool) {
        let mut pending = self.pending();
        pending.paths.extend(paths);
        pending.more |= more || pending.paths.len() > PATHS;
        if pending.more {
            pending.paths.clear();
        }
        drop(pending);
        self.arrived.notify_one();
    }

    /// Takes what has been noted.
    pub(super) fn take(&self) -> Pending {
        std::mem::take(&mut self.pending())
    }

    /// Waits until something is noted.
    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection to the system's news, open until dropped.
pub(super) struct Notices {
    watcher: RecommendedWatcher,
    /// The roots that are listened to.
    armed: HashSet<PathBuf>,
}

impl Notices {
    /// Starts to listen; nothing where the system cannot tell.
    pub(super) fn start(inbox: &Arc<Inbox>) -> Option<Self> {
        let inbox = inbox.clone();
        let watcher = notify::recommended_watcher(move |event| hear(&inbox, event));
        match watcher {
            Ok(watcher) => Some(Self {
                watcher,
                armed: HashSet::new(),
            }),
            Err(error) => {
                tracing::warn!(%error, "the system does not tell of changes; files are polled");
                None
            }
        }
    }

    /// Listens to roots that are there now. `true` if all of them are listened to.
    pub(super) fn arm(&mut self, roots: &[PathBuf]) -> bool {
        let mut all = true;
        for root in roots {
            if self.armed.contains(root) && root.exists() {
                continue;
            }
            self.armed.remove(root);
            let mode = if root.is_dir() {
                RecursiveMode::Recursive
            } else {
                RecursiveMode::NonRecursive
            };
            match self.watcher.watch(root, mode) {
                Ok(()) => drop(self.armed.insert(root.clone())),
                Err(error) => {
                    all = false;
                    if root.exists() {
                        tracing::warn!(%error, "the system does not tell of all changes; files are polled");
                    }
                }
            }
        }
        all
    }
}

/// Notes what an event is about. Somebody who only reads changes nothing; we do so ourselves.
fn hear(inbox: &Inbox, event: notify::Result<notify::Event>) {
    match event {
        Ok(event) => match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => {
                inbox.put(event.paths, false)
            }
            EventKind::Access(_) => {}
            _ => {
                let more = event.need_rescan() || event.paths.is_empty();
                inbox.put(event.paths, more);
            }
        },
        // Lost news are a reason to look everywhere.
        Err(_) => inbox.put([], true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_becomes_a_scan() {
        let inbox = Inbox::default();
        inbox.put([PathBuf::from("a")], false);
        inbox.put([PathBuf::from("a"), PathBuf::from("b")], false);
        let pending = inbox.take();
        assert_eq!((pending.paths.len(), pending.more), (2, false));
        assert_eq!(inbox.take(), Pending::default());
        inbox.put((0..=PATHS).map(|n| PathBuf::from(n.to_string())), false);
        let pending = inbox.take();
        assert_eq!((pending.paths.len(), pending.more), (0, true));
    }

    #[test]
    fn reading_is_no_change() {
        let inbox = Inbox::default();
        let event = |kind| notify::Event::new(kind).add_path(PathBuf::from("a"));
        hear(
            &inbox,
            Ok(event(EventKind::Access(AccessKind::Open(AccessMode::Read)))),
        );
        assert_eq!(inbox.take(), Pending::default());
        hear(
            &inbox,
            Ok(event(EventKind::Access(AccessKind::Close(
                AccessMode::Write,
            )))),
        );
        hear(
            &inbox,
            Ok(event(EventKind::Modify(notify::event::ModifyKind::Any))),
        );
        assert_eq!(inbox.take().paths.len(), 1);
        hear(&inbox, Err(notify::Error::generic("lost")));
        assert!(inbox.take().more);
    }
}
