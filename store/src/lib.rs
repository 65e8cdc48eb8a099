//! The store: one SQLite database and a tree of plain dated folders. It takes batches through one writer
//! thread, answers after the commit, and serves readers through read-only connections with a deadline.
//!
//! Rows, rejects and the checkpoint that covers them commit in one transaction, so a process killed at any
//! instant loses nothing and doubles nothing.

mod catalog;
mod create;
mod database;
mod error;
mod header;
mod history;
mod location;
mod lock;
mod lookup;
mod raw;
mod reader;
mod rehearsal;
mod rejects;
mod rules;
mod schema;
mod store;
mod tree;
mod upgrade;
mod upkeep;
mod writer;

pub use catalog::Catalog;
pub use create::{CURRENT_VERSION, Created};
pub use database::{Settings, Synchronous};
pub use header::{FileKind, classify};
pub use history::LastRun;
pub use location::path_of;
pub use lock::{Holder, LockKind, LockState, LockUse, NotAHolder, SourceLock, lock_use};
pub use lookup::FoundRow;
pub use raw::{RawContent, RawFile};
pub use reader::{Cell, Reader, Table};
pub use rehearsal::{Changes, DatasetChanges, RowChange};
pub use rejects::StoredReject;
pub use schema::{SCHEMA, Schema};
pub use store::{Facts, RunEnd, RunStart, Store};
pub use writer::edit::Edit;
pub use writer::forget::{Forgotten, OtherSource};
