//! What the writer's queue holds.

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::failure::{Fault, store_error};
use crate::StoreError;

/// One write: what it does to the database, and what it answers. It may be applied twice, when the group that it was
/// in had to be undone.
pub(super) trait Operation: Send + 'static {
    /// What the caller gets when it is committed.
    type Answer: Send + 'static;
    /// What the caller gets when it is refused.
    type Refusal: From<StoreError> + Send + 'static;
    /// What it does, for errors.
    const ACTION: &'static str;

    /// Does it, within the transaction of the group.
    fn apply(&self, conn: &Connection) -> Result<Self::Answer, Fault<Self::Refusal>>;

    /// The row that it changes.
    fn touches(&self) -> Touched<'_>;

    /// Whether it may use the reserve of a full disk: it makes room, or it takes rights away.
    fn may_use_reserve(&self) -> bool {
        false
    }
}

/// The row that an operation changes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Touched<'a> {
    Bucket(&'a str),
    Object { bucket: &'a str, key: &'a str },
    AccessKey(&'a str),
}

/// An operation in the queue, whatever its answer is.
pub(super) trait Queued: Send {
    /// Applies the operation and remembers what it answers. An error is the engine's and spoils nothing but, perhaps,
    /// the transaction.
    fn apply(&mut self, conn: &Connection) -> rusqlite::Result<Applied>;
    /// Remembers that the engine failed at this operation.
    fn fail(&mut self, place: &str, error: &rusqlite::Error);
    fn touches(&self) -> Touched<'_>;
    fn may_use_reserve(&self) -> bool;
    /// Answers: with what was remembered when the group was committed, with the error otherwise.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    /// It is part of the transaction.
    Done,
    /// It was refused by its rules; what it may have done is to be undone.
    Refused,
}

/// An operation, its answer, and the way to the one who asked.
pub(super) struct Pending<O: Operation> {
    operation: O,
    outcome: Option<Result<O::Answer, O::Refusal>>,
    reply: oneshot::Sender<Result<O::Answer, O::Refusal>>,
    /// The place in the queue.
    _permit: OwnedSemaphorePermit,
}

impl<O: Operation> Pending<O> {
    pub(super) fn new(
        operation: O,
        reply: oneshot::Sender<Result<O::Answer, O::Refusal>>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        Self { operation, outcome: None, reply, _permit: permit }
    }
}

impl<O: Operation> Queued for Pending<O> {
    fn apply(&mut self, conn: &Connection) -> rusqlite::Result<Applied> {
        match self.operation.apply(conn) {
            Ok(answer) => {
                self.outcome = Some(Ok(answer));
                Ok(Applied::Done)
            }
            Err(Fault::Refused(refusal)) => {
                self.outcome = Some(Err(refusal));
                Ok(Applied::Refused)
            }
            Err(Fault::Engine(error)) => Err(error),
        }
    }

    fn fail(&mut self, place: &str, error: &rusqlite::Error) {
        self.outcome = Some(Err(store_error(O::ACTION, place, error).into()));
    }

    fn touches(&self) -> Touched<'_> {
        self.operation.touches()
    }

    fn may_use_reserve(&self) -> bool {
        self.operation.may_use_reserve()
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let outcome = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(StoreError::Closed.into()),
            (Err(error), _) => Err(error.into()),
        };
        // Whoever asked may be gone.
        drop(self.reply.send(outcome));
    }
}
