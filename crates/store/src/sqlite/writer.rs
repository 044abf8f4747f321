//! The thread that writes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::engine::Hot;
use super::failure::{is_disk_full, is_io, store_error};
use super::operation::{Applied, Queued};
use crate::files::Reserve;
use crate::{Poison, StoreError};

/// A group is committed when nothing waits any more, or it has this many operations, or it is this old. Nothing is
/// waited for: while one group is being flushed, the next one gathers in the queue by itself.
const GROUP_OPERATIONS: usize = 256;
const GROUP_AGE: Duration = Duration::from_millis(2);

/// Pages in the write-ahead log from which on it is written back into the database: 8 MiB.
const CHECKPOINT_PAGES: i32 = 2_000;
/// It is also written back when nothing happened for this long.
const CHECKPOINT_IDLE: Duration = Duration::from_secs(1);

/// How many operations that make room share a commit when the disk is full, so that the reserve is enough for it.
const RESCUE_OPERATIONS: usize = 16;

/// What comes down the queue.
pub(super) enum Message {
    Write(Box<dyn Queued>),
    Close,
}

type Group = Vec<Box<dyn Queued>>;

/// The connection that writes, and what it needs to know.
pub(super) struct Writer {
    conn: Connection,
    place: String,
    queue: Receiver<Message>,
    hot: Arc<Hot>,
    poison: Poison,
    reserve: Arc<Reserve>,
    /// Length of the write-ahead log after the last commit, in pages.
    log_pages: Arc<AtomicI32>,
    /// The length at which it is written back next.
    checkpoint_at: i32,
    closing: bool,
}

impl Writer {
    pub(super) fn new(
        mut conn: Connection,
        path: &Path,
        queue: Receiver<Message>,
        hot: Arc<Hot>,
        poison: Poison,
        reserve: Arc<Reserve>,
    ) -> rusqlite::Result<Self> {
        let log_pages = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&log_pages);
        // Takes the place of SQLite's own checkpoint within a commit.
        conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        let place = path.display().to_string();
        let checkpoint_at = CHECKPOINT_PAGES;
        Ok(Self { conn, place, queue, hot, poison, reserve, log_pages, checkpoint_at, closing: false })
    }

    /// Works until the queue is closed.
    pub(super) fn run(mut self) {
        while !self.closing {
            let idle = self.log_pages.load(Ordering::Relaxed) > 0;
            let message = if idle {
                self.queue.recv_timeout(CHECKPOINT_IDLE)
            } else {
                self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match message {
                Ok(Message::Write(first)) => {
                    self.write_group(first);
                    if self.log_pages.load(Ordering::Relaxed) >= self.checkpoint_at {
                        self.checkpoint("PASSIVE");
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.checkpoint("PASSIVE"),
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => self.closing = true,
            }
        }
        self.checkpoint("TRUNCATE");
        if let Err((_, error)) = self.conn.close() {
            tracing::warn!(%error, place = self.place, "the database was not closed cleanly; the next start recovers it");
        }
    }

    /// Commits one group and answers all of it.
    fn write_group(&mut self, first: Box<dyn Queued>) {
        if let Err(stopped) = self.poison.check() {
            return first.answer(Err(stopped));
        }
        let mut group: Group = Vec::new();
        let outcome = self.gather(first, &mut group).and_then(|()| self.commit(&group));
        match outcome {
            Ok(()) => answer_all(group, &Ok(())),
            Err(error) => self.undo(group, &error),
        }
    }

    /// Applies operations for as long as there are any, up to the limits of a group.
    fn gather(&mut self, first: Box<dyn Queued>, group: &mut Group) -> rusqlite::Result<()> {
        let begun = Instant::now();
        let full = self.take_reserve().err();
        self.begin()?;
        let mut next = Some(first);
        while let Some(mut operation) = next {
            match &full {
                Some(error) if !operation.may_use_reserve() => operation.answer(Err(error.clone())),
                _ => {
                    let applied = self.apply(operation.as_mut());
                    group.push(operation);
                    applied?;
                }
            }
            if group.len() >= GROUP_OPERATIONS || begun.elapsed() >= GROUP_AGE {
                break;
            }
            next = match self.queue.try_recv() {
                Ok(Message::Write(operation)) => Some(operation),
                Ok(Message::Close) => {
                    self.closing = true;
                    None
                }
                Err(_) => None,
            };
        }
        Ok(())
    }

    fn begin(&self) -> rusqlite::Result<()> {
        self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(|_| ())
    }

    /// Applies one operation so that its failure leaves the others of its group alone. An error means that the
    /// transaction is spoiled.
    fn apply(&self, operation: &mut dyn Queued) -> rusqlite::Result<()> {
        self.conn.prepare_cached("SAVEPOINT operation")?.execute([])?;
        match operation.apply(&self.conn) {
            Ok(Applied::Done) => {}
            Ok(Applied::Refused) => self.roll_back_operation()?,
            Err(error) if is_disk_full(&error) || is_io(&error) || self.conn.is_autocommit() => {
                return Err(error);
            }
            Err(error) => {
                self.roll_back_operation()?;
                operation.fail(&self.place, &error);
            }
        }
        self.conn.prepare_cached("RELEASE operation")?.execute([]).map(|_| ())
    }

    fn roll_back_operation(&self) -> rusqlite::Result<()> {
        self.conn.prepare_cached("ROLLBACK TO operation")?.execute([]).map(|_| ())
    }

    /// Makes a group durable, and takes its rows out of memory before anyone is answered.
    fn commit(&self, group: &Group) -> rusqlite::Result<()> {
        group.iter().for_each(|operation| self.hot.begin_write(operation.touches()));
        let committed = self.conn.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        group.iter().for_each(|operation| self.hot.end_write(operation.touches()));
        committed.map(|_| ())
    }

    /// Takes back a group that was not committed, and answers it.
    fn undo(&mut self, group: Group, error: &rusqlite::Error) {
        if let Err(left_open) = self.roll_back() {
            let reason = store_error("taking back a failed commit", &self.place, &left_open);
            return answer_all(group, &Err(self.poison.set(&reason)));
        }
        let failure = store_error("committing", &self.place, error);
        if is_io(error) {
            answer_all(group, &Err(self.poison.set(&failure)));
        } else if is_disk_full(error) {
            let (rescued, rest): (Group, Group) =
                group.into_iter().partition(|operation| operation.may_use_reserve());
            answer_all(rest, &Err(failure));
            self.rescue(rescued);
        } else {
            answer_all(group, &Err(failure));
        }
    }

    fn roll_back(&self) -> rusqlite::Result<()> {
        if self.conn.is_autocommit() { Ok(()) } else { self.conn.execute_batch("ROLLBACK") }
    }

    /// Commits operations that make room on a full disk, with the space that was held back for them.
    fn rescue(&mut self, mut group: Group) {
        if group.is_empty() {
            return;
        }
        if let Err(error) = self.reserve.lend() {
            return answer_all(group, &Err(error));
        }
        while !group.is_empty() {
            let mut part: Group = group.drain(..group.len().min(RESCUE_OPERATIONS)).collect();
            let committed = self
                .begin()
                .and_then(|()| part.iter_mut().try_for_each(|operation| self.apply(operation.as_mut())))
                .and_then(|()| self.commit(&part));
            let answer = match (committed, self.roll_back()) {
                (Ok(()), Ok(())) => Ok(()),
                (Err(error), Ok(())) if !is_io(&error) => Err(store_error("committing", &self.place, &error)),
                (Err(error), _) | (Ok(()), Err(error)) => {
                    Err(self.poison.set(&store_error("committing", &self.place, &error)))
                }
            };
            answer_all(part, &answer);
            self.checkpoint("TRUNCATE");
        }
        if let Err(error) = self.reserve.take_back() {
            tracing::warn!(%error, "the space held in reserve could not be taken again");
        }
    }

    /// Makes sure that there is space to fall back on before more is written.
    fn take_reserve(&mut self) -> Result<(), StoreError> {
        if self.reserve.is_held() {
            return Ok(());
        }
        // What the log takes may be all that is missing.
        self.checkpoint("TRUNCATE");
        self.reserve.ensure()
    }

    /// Writes the log back into the database, as far as readers let it.
    fn checkpoint(&mut self, mode: &str) {
        if self.poison.check().is_err() {
            return;
        }
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let done = self.conn.query_row(&sql, [], |row| Ok((row.get::<_, i32>(1)?, row.get::<_, i32>(2)?)));
        match done {
            Ok((pages, written)) if written >= pages => {
                self.log_pages.store(0, Ordering::Relaxed);
                self.checkpoint_at = CHECKPOINT_PAGES;
            }
            // A reader is in the way; the log grows until it has gone.
            Ok((pages, _)) => self.checkpoint_at = pages.saturating_add(CHECKPOINT_PAGES),
            Err(error) if is_io(&error) => {
                drop(self.poison.set(&store_error("checkpointing", &self.place, &error)));
            }
            Err(error) => {
                let pages = self.log_pages.load(Ordering::Relaxed);
                self.checkpoint_at = pages.saturating_add(CHECKPOINT_PAGES);
                tracing::warn!(%error, place = self.place, "the write-ahead log could not be written back yet");
            }
        }
    }
}

fn answer_all(group: Group, outcome: &Result<(), StoreError>) {
    for operation in group {
        operation.answer(outcome.clone());
    }
}
