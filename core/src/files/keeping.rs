//! Brings the raw bytes of a file into the commits of its reading: whatever a commit covers is kept by it, as far as the
//! file has it.

use std::path::PathBuf;

use super::identity::BLOCK;
use super::keeper::SharedKeeper;
use super::opened::{Opened, Stop};
use super::signals::Signals;
use super::tracked::Place;
use crate::error::{Error, Result};
use crate::output::{Emit, Output};

/// The raw bytes of one file on their way into commits.
pub(crate) struct Keeping {
    keeper: SharedKeeper,
    opened: Opened,
    path: PathBuf,
    signals: Signals,
    /// The file once more, for what the parser did not read in its order.
    again: Option<Opened>,
}

impl Keeping {
    pub(crate) fn new(
        keeper: SharedKeeper,
        opened: Opened,
        path: PathBuf,
        signals: Signals,
    ) -> Self {
        Self {
            keeper,
            opened,
            path,
            signals,
            again: None,
        }
    }

    /// Whether so much waits that it should be committed.
    pub(crate) fn is_due(&self) -> bool {
        self.keeper.lock().is_due()
    }

    /// Adds to the open batch what a commit at `place` has to keep: at the end of the file all of it, the line that waits
    /// for its end included. Returns where to begin when the file is read on from there.
    pub(crate) fn cover(&mut self, place: &Place, output: &mut Output) -> Result<u64> {
        let length = match place.end {
            true => Some(self.length()?),
            false => None,
        };
        self.catch_up(length.unwrap_or(place.offset), output)?;
        let (blocks, again) = self.keeper.lock().seal(place.offset, place.end)?;
        output.keep(blocks, length);
        Ok(again)
    }

    fn length(&self) -> Result<u64> {
        let length = self.opened.length(&self.signals);
        length.map_err(|stop| stop.at(&self.path))
    }

    /// Reads what the parser did not, up to `end`.
    fn catch_up(&mut self, end: u64, output: &mut Output) -> Result<()> {
        if self.keeper.lock().position() >= end {
            return Ok(());
        }
        let again = self.again.take();
        let again = again.unwrap_or_else(|| self.opened.apart());
        let mut buffer = vec![0; BLOCK];
        loop {
            let at = self.keeper.lock().position();
            let wanted = usize::try_from(end.saturating_sub(at)).unwrap_or(BLOCK);
            if wanted == 0 {
                break;
            }
            let wanted = &mut buffer[..wanted.min(BLOCK)];
            let read = again.read_at(wanted, at, &self.signals);
            let read = read.map_err(|stop| stop.at(&self.path))?;
            if read == 0 {
                return Err(self.changed());
            }
            self.keeper.lock().add(&wanted[..read])?;
            output.keep(self.keeper.lock().complete(), None);
            Emit::new(output).send_if_full()?;
        }
        let same = again.begins_alike().map_err(Stop::from);
        if !same.map_err(|stop| stop.at(&self.path))? {
            return Err(self.changed());
        }
        self.again = Some(again);
        Ok(())
    }

    fn changed(&self) -> Error {
        Error::temporary("the file was replaced while it was read")
            .at(self.path.display().to_string())
            .hint("it is read again at the next run")
    }
}
