//! What a plugin author sees of datalake: records and datasets, sources and sinks, files that are followed
//! from where they were left, configuration, and the registry. This crate knows no plugin, no SQL and no HTTP.

pub mod batch;
mod blob;
mod budget;
mod checkpoint;
pub mod config;
mod dataset;
mod encode;
mod error;
mod files;
pub mod name_time;
mod output;
mod pump;
mod raw;
mod reading;
mod record;
pub mod registry;
mod reject;
mod scalar;
mod sink;
mod source;
mod staging;
pub mod time;
pub mod value;

pub use async_trait::async_trait;
pub use batch::{Batch, RecordRef, Rejected, Ticket};
pub use blob::{Blob, Content, ContentHash, FileMode, FileRef, Preview, Staged, hash, hex};
pub use budget::{Budget, Share};
pub use checkpoint::{Adopted, Checkpoint, KnownUnit, SourceName, UnitId, UnitState};
pub use config::{ByteSize, Folders, Paths, Secret, Section};
pub use dataset::{Column, Dataset, Derive, Kind, Merge, Owner, Shape};
pub use error::{Error, ErrorKind, Result};
pub use files::{
    Bundle, BundleEmit, BundleSource, Chosen, Class, Covered, FileEmit, FileSource, Files,
    INGESTED, Intake, LINE_LIMIT, Line, LineEmit, LineReader, LineSource, Member, Overlong, Piece,
    Place, Recognise, Recognised, ReplayEmit, Sniff, Sniffed, Stamp, TrackedFile, bundle_source,
    file_source, line_source, together,
};
#[doc(hidden)]
pub use inventory;
pub use output::{
    BATCH_BYTES, BATCH_RECORDS, Emit, Job, LIGHT_BYTES, Outcome, Output, Progress, QUEUED_BATCHES,
};
pub use raw::{RAW_BATCH, RAW_BLOCK, RAW_LIMIT, RawBlock, unpack_raw};
pub use reading::{Parsed, RELATE_UNIT, Reading, UnitDone};
pub use record::{Alias, Extras, Link, Origin, Record, Scope, Version};
pub use registry::{Fixtures, SourceEntry, Stability};
pub use reject::{Kept, REJECT_BYTES, Reject, Sample, Skip};
pub use sink::{Receipt, Sink};
pub use source::{Cancel, Context, Pulse, Source, Unit};
pub use staging::{Aside, Naming, stage};
pub use time::{
    Clock, Date, DateTime, FixedClock, SharedClock, Shown, SystemClock, TimeSource, Timestamp, Zone,
};
pub use value::{Value, ValueRef, Values};
