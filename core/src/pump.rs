//! Hands batches to the sink, in order, beside whoever fills them. It starts with the first batch, so that a
//! unit with nothing new costs nothing.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::output::QUEUED_BATCHES;
use crate::sink::{Receipt, Sink};

/// The sum of all receipts, and the bytes of input that the batches were read from.
pub(crate) type Written = (Receipt, u64);

/// The way of one output's batches to the sink.
pub(crate) enum Pump {
    /// Nothing has been sent yet.
    Idle,
    /// Whoever fills batches waits for room in the queue, never for the sink itself.
    Running {
        queue: mpsc::Sender<Batch>,
        task: JoinHandle<Result<Written>>,
    },
    /// The sink refused a batch. Whoever sent the next one was told so, and whoever waits for the end is, too.
    Failed(Error),
    /// It has been waited for, or it was handed to another output.
    Gone,
}

impl Pump {
    /// Waits for room and sends a batch. What the sink said of an earlier one comes out here.
    pub(crate) async fn send(&mut self, sink: &Arc<dyn Sink>, batch: Batch) -> Result<()> {
        if self.queue(sink)?.send(batch).await.is_ok() {
            return Ok(());
        }
        let ended = self.finish().await;
        Err(self.fail(ended))
    }

    /// The same from a blocking thread.
    pub(crate) fn send_blocking(&mut self, sink: &Arc<dyn Sink>, batch: Batch) -> Result<()> {
        if self.queue(sink)?.blocking_send(batch).is_ok() {
            return Ok(());
        }
        let ended = Handle::current().block_on(self.finish());
        Err(self.fail(ended))
    }

    /// Keeps the failure for [`Pump::finish`] and returns its words.
    fn fail(&mut self, ended: Result<Written>) -> Error {
        let error = ended.err().unwrap_or_else(stopped_early);
        let told = error.in_words();
        *self = Self::Failed(error);
        told
    }

    fn queue(&mut self, sink: &Arc<dyn Sink>) -> Result<&mpsc::Sender<Batch>> {
        if let Self::Idle = self {
            let (queue, batches) = mpsc::channel(QUEUED_BATCHES);
            let task = tokio::spawn(pass_on(sink.clone(), batches));
            *self = Self::Running { queue, task };
        }
        match self {
            Self::Running { queue, .. } => Ok(queue),
            Self::Failed(error) => Err(error.in_words()),
            Self::Idle | Self::Gone => Err(over()),
        }
    }

    /// Waits until the sink has answered for everything that was sent.
    pub(crate) async fn finish(&mut self) -> Result<Written> {
        match std::mem::replace(self, Self::Gone) {
            Self::Idle => Ok(Written::default()),
            Self::Running { queue, task } => {
                drop(queue);
                task.await
                    .map_err(|error| Error::bug("the sink panicked").caused_by(error))?
            }
            Self::Failed(error) => Err(error),
            Self::Gone => Err(over()),
        }
    }
}

fn over() -> Error {
    Error::bug("the output is not in use any more")
}

fn stopped_early() -> Error {
    Error::bug("the way to the sink closed before its end")
}

/// Stops at the first failure; dropping the receiver tells the sender.
async fn pass_on(sink: Arc<dyn Sink>, mut batches: mpsc::Receiver<Batch>) -> Result<Written> {
    let (mut total, mut read) = Written::default();
    while let Some(batch) = batches.recv().await {
        read += batch.read;
        total += sink.write(batch).await?;
    }
    Ok((total, read))
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::Aside;
    use crate::batch::Ticket;
    use crate::checkpoint::{Checkpoint, KnownUnit, SourceName, UnitId, UnitState};
    use crate::error::ErrorKind;

    /// A sink on a full disk.
    struct Full;

    #[async_trait]
    impl Sink for Full {
        async fn write(&self, _: Batch) -> Result<Receipt> {
            Err(Error::temporary("the disk is full").hint("make room"))
        }

        async fn checkpoint(&self, _: &SourceName, _: &UnitId) -> Result<Option<Checkpoint>> {
            Ok(None)
        }

        async fn known(&self, _: &SourceName) -> Result<Vec<KnownUnit>> {
            Ok(Vec::new())
        }

        fn aside(&self) -> Result<Aside> {
            Err(Error::temporary("the disk is full"))
        }
    }

    fn batch(number: u64) -> Batch {
        let ticket = Ticket {
            source: "s".into(),
            run: 1,
            unit: UnitId::new("u"),
            attempt: 1,
            number,
        };
        Batch::new(ticket, UnitState::default())
    }

    /// Whoever looks at the sink's answer alone must not find that something has gone wrong before.
    #[tokio::test]
    async fn what_the_sink_said_is_told_at_every_call() {
        let sink: Arc<dyn Sink> = Arc::new(Full);
        let mut pump = Pump::Idle;
        let mut number = 0;
        let first = loop {
            match pump.send(&sink, batch(number)).await {
                Ok(()) => number += 1,
                Err(error) => break error,
            }
        };
        let second = pump.send(&sink, batch(number)).await.unwrap_err();
        let last = pump.finish().await.unwrap_err();
        for error in [first, second, last] {
            assert_eq!(error.kind(), ErrorKind::Temporary);
            assert_eq!(error.to_string(), "the disk is full");
            assert_eq!(error.hint_text(), Some("make room"));
        }
    }
}
