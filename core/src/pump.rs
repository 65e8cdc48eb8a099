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
    /// It failed and said so, or it was handed to another output.
    Gone,
}

impl Pump {
    /// Waits for room and sends a batch. What the sink said of an earlier one comes out here.
    pub(crate) async fn send(&mut self, sink: &Arc<dyn Sink>, batch: Batch) -> Result<()> {
        if self.queue(sink)?.send(batch).await.is_ok() {
            return Ok(());
        }
        self.finish().await.and(Err(stopped_early()))
    }

    /// The same from a blocking thread.
    pub(crate) fn send_blocking(&mut self, sink: &Arc<dyn Sink>, batch: Batch) -> Result<()> {
        if self.queue(sink)?.blocking_send(batch).is_ok() {
            return Ok(());
        }
        Handle::current()
            .block_on(self.finish())
            .and(Err(stopped_early()))
    }

    fn queue(&mut self, sink: &Arc<dyn Sink>) -> Result<&mpsc::Sender<Batch>> {
        if let Self::Idle = self {
            let (queue, batches) = mpsc::channel(QUEUED_BATCHES);
            let task = tokio::spawn(pass_on(sink.clone(), batches));
            *self = Self::Running { queue, task };
        }
        match self {
            Self::Running { queue, .. } => Ok(queue),
            Self::Idle | Self::Gone => Err(Error::bug("the output has already failed")),
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
            Self::Gone => Err(Error::bug("the output has already failed")),
        }
    }
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
