//! What starts a run.

/// Why a source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// Somebody asked for it.
    Manual,
    /// To be read one time, when the scheduler meets it first.
    Once,
    /// Its time has come.
    Schedule,
    /// To be watched.
    Watch,
    /// Somebody asked to read rejected inputs again.
    Replay,
    /// Somebody named single files to be read.
    Ingest,
    /// Somebody asked what a run would do.
    Preview,
}

impl Trigger {
    /// Its name in the `runs` table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Once => "once",
            Self::Schedule => "schedule",
            Self::Watch => "watch",
            Self::Replay => "replay",
            Self::Ingest => "ingest",
            Self::Preview => "preview",
        }
    }

    /// The names of those that are due at some time, and so give way to another one of them that is reading:
    /// what is due comes again.
    pub(super) const DUE: &'static [&'static str] = &["once", "schedule"];

    /// Whether it gives way to a run of the trigger `other` that is reading. What only shows what a run would do
    /// never waits: others could not write meanwhile.
    pub(super) fn gives_way_to(self, other: &str) -> bool {
        self == Self::Preview || Self::DUE.contains(&self.name()) && Self::DUE.contains(&other)
    }
}
