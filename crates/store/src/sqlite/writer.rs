//! The thread that writes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::engine::{DATABASE, INDEX, LOG};
use super::failure::{is_damage, is_disk_full, is_index_full, is_io, store_error, undecided};
use super::give_back::GivingBack;
use super::growth::Growth;
use super::held_log::HeldLog;
use super::hot::Hot;
use super::operation::{Applied, Queued};
use super::schema::BUSY_TIMEOUT;
use super::stamp::Stamp;
use crate::files::{Reserve, State, Watch};
use crate::{Poison, StoreError};

/// A group is committed when nothing waits any more, or it has this many operations, or it is this old. Nothing is
/// waited for: while one group is being flushed, the next one gathers in the queue by itself.
const GROUP_OPERATIONS: usize = 256;
const GROUP_AGE: Duration = Duration::from_millis(2);

/// Pages in the write-ahead log from which on it is written back into the database: 8 MiB.
const CHECKPOINT_PAGES: i32 = 2_000;
/// It is also written back when nothing happened for this long.
const CHECKPOINT_IDLE: Duration = Duration::from_secs(1);
/// How long a write has time to come before more space is given back, once that has begun.
const GIVE_BACK_PAUSE: Duration = Duration::from_millis(5);
/// How often a store that nobody writes to looks whether its files are in their places.
const LOOK_IDLE: Duration = Duration::from_secs(5);
/// How long the log waits for readers when it is to be cut off. Those of this process are done long before; for a backup
/// everybody who writes would wait in vain.
const CHECKPOINT_PATIENCE: Duration = Duration::from_millis(100);

/// What comes down the queue.
pub(super) enum Message {
    Write(Box<dyn Queued>),
    Close,
}

pub(super) type Group = Vec<Box<dyn Queued>>;

/// The connection that writes, and what it needs to know.
pub(super) struct Writer {
    pub(super) conn: Connection,
    pub(super) place: String,
    queue: Receiver<Message>,
    hot: Arc<Hot>,
    pub(super) poison: Poison,
    watch: Arc<Watch>,
    pub(super) reserve: Arc<Reserve>,
    pub(super) growth: Growth,
    pub(super) held_log: HeldLog,
    pub(super) stamp: Stamp,
    /// What is written instead of the present minute for as long as [`stamps`](Self::stamps) does not hold.
    pub(super) stamp_at_open: Stamp,
    /// Whether commits say when they were made.
    pub(super) stamps: Arc<AtomicBool>,
    /// Whether what stands in a log that was removed was written back.
    is_rescued: bool,
    /// Length of the write-ahead log after the last commit, in pages.
    log_pages: Arc<AtomicI32>,
    /// The length at which it is written back next.
    checkpoint_at: i32,
    pub(super) giving_back: GivingBack,
    closing: bool,
}

impl Writer {
    pub(super) fn new(
        mut conn: Connection,
        path: &Path,
        queue: Receiver<Message>,
        hot: Arc<Hot>,
        watch: Arc<Watch>,
        reserve: Arc<Reserve>,
        growth: Growth,
    ) -> rusqlite::Result<Self> {
        let stamp = Stamp::read(&conn)?;
        let log_pages = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&log_pages);
        // Takes the place of SQLite's own checkpoint within a commit.
        conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        let place = path.display().to_string();
        let (checkpoint_at, poison) = (CHECKPOINT_PAGES, watch.poison().clone());
        Ok(Self {
            conn,
            place,
            queue,
            hot,
            poison,
            watch,
            reserve,
            growth,
            held_log: HeldLog::default(),
            stamp,
            stamp_at_open: stamp,
            stamps: Arc::default(),
            is_rescued: false,
            log_pages,
            checkpoint_at,
            giving_back: GivingBack::Unknown,
            closing: false,
        })
    }

    /// Works until the queue is closed.
    pub(super) fn run(mut self) {
        while !self.closing {
            let is_behind = self.log_pages.load(Ordering::Relaxed) > 0;
            let message = self.queue.recv_timeout(match self.giving_back {
                GivingBack::Begun => GIVE_BACK_PAUSE,
                // At the start what an earlier process left free is looked at.
                GivingBack::Unknown => CHECKPOINT_IDLE,
                _ if is_behind => CHECKPOINT_IDLE,
                _ => LOOK_IDLE,
            });
            match message {
                Ok(Message::Write(first)) => {
                    self.write_group(first);
                    if self.giving_back == GivingBack::Begun {
                        // Goes on when nothing has been written for a while.
                        self.giving_back = GivingBack::Resting;
                    }
                    if self.log_pages.load(Ordering::Relaxed) >= self.checkpoint_at {
                        self.checkpoint("PASSIVE");
                    }
                }
                Err(RecvTimeoutError::Timeout) if self.look().is_err() => {
                    self.giving_back = GivingBack::Never;
                }
                Err(RecvTimeoutError::Timeout) => {
                    let is_long = self.log_pages.load(Ordering::Relaxed) >= self.checkpoint_at;
                    if is_behind && (self.giving_back != GivingBack::Begun || is_long) {
                        self.checkpoint("PASSIVE");
                    }
                    self.give_back();
                }
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
        if let Err(stopped) = self.look() {
            return first.answer(Err(stopped));
        }
        let (mut group, mut without_reserve) = (Group::new(), Group::new());
        if self.may_grow_held_log().is_err() {
            // Whoever read may be done.
            self.checkpoint("PASSIVE");
        }
        let is_held = self.may_grow_held_log().err();
        let full = is_held.clone().or_else(|| self.take_reserve().err());
        let apart = full.is_some().then_some(&mut without_reserve);
        let outcome = self.gather(first, &mut group, apart).and_then(|()| self.commit(&group));
        match outcome {
            Ok(()) => answer_all(group, &Ok(())),
            Err(error) => self.undo(group, &error),
        }
        match (is_held, full) {
            // What fits into the database has to go through the log first.
            (Some(held), _) => answer_all(without_reserve, &Err(held)),
            (None, Some(full)) => self.squeeze_in(without_reserve, &full),
            (None, None) => {}
        }
    }

    /// Whether all files are in their places. Where nothing but the log was removed, what stands in it is saved first: this
    /// process is the only one that can still read it. Not behind a failed fsync: what it left is not known, and stays as it is.
    fn look(&mut self) -> Result<(), StoreError> {
        let looked = self.watch.look();
        let is_log_gone = looked.is_err()
            && self.watch.has_stopped()
            && self.watch.state(DATABASE) == State::InPlace
            && self.watch.state(LOG) == State::Removed
            && self.watch.state(INDEX) != State::Replaced;
        if is_log_gone && !self.is_rescued {
            self.is_rescued = true;
            match self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)) {
                Ok(0) => tracing::warn!(
                    place = self.place,
                    "the write-ahead log was removed; all that stood in it was saved"
                ),
                Ok(_) => tracing::error!(
                    place = self.place,
                    "the write-ahead log was removed, and a reader keeps what stood in it from being saved; stop the store in order, which tries again"
                ),
                Err(error) => {
                    tracing::error!(%error, place = self.place, "the write-ahead log was removed, and what stood in it could not be saved");
                }
            }
        }
        looked
    }

    /// Applies operations for as long as there are any, up to the limits of a group. Those that may not use the reserve
    /// are put apart, if there is a place for them.
    fn gather(
        &mut self,
        first: Box<dyn Queued>,
        group: &mut Group,
        mut apart: Option<&mut Group>,
    ) -> rusqlite::Result<()> {
        let begun = Instant::now();
        if let Err(error) = self.begin() {
            group.push(first);
            return Err(error);
        }
        let mut next = Some(first);
        while let Some(mut operation) = next {
            match &mut apart {
                Some(apart) if !operation.may_use_reserve() => apart.push(operation),
                _ => {
                    let applied = self.apply(operation.as_mut());
                    group.push(operation);
                    applied?;
                }
            }
            let gathered = group.len() + apart.as_ref().map_or(0, |apart| apart.len());
            if gathered >= GROUP_OPERATIONS || begun.elapsed() >= GROUP_AGE {
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

    pub(super) fn begin(&self) -> rusqlite::Result<()> {
        self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(|_| ())
    }

    /// Applies one operation so that its failure leaves the others of its group alone. An error means that the
    /// transaction is spoiled.
    pub(super) fn apply(&self, operation: &mut dyn Queued) -> rusqlite::Result<()> {
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
    pub(super) fn commit(&mut self, group: &Group) -> rusqlite::Result<()> {
        group.iter().for_each(|operation| self.hot.begin_write(operation.touches()));
        let committed = self.commit_pages(self.next_stamp());
        group.iter().for_each(|operation| self.hot.end_write(operation.touches()));
        committed
    }

    fn next_stamp(&self) -> Stamp {
        if self.stamps.load(Ordering::Relaxed) { Stamp::now() } else { self.stamp_at_open }
    }

    /// Commits, with a place on the disk for all that is committed.
    pub(super) fn commit_pages(&mut self, stamp: Stamp) -> rusqlite::Result<()> {
        self.stamp.replace(stamp, &self.conn)?;
        let pages = self.pages()?;
        self.growth.make_room(pages)?;
        match self.conn.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])) {
            Ok(_) => {
                let frames = u64::try_from(self.log_pages.load(Ordering::Relaxed)).unwrap_or(0);
                self.growth.was_committed(pages, frames);
                self.stamp = stamp;
                Ok(())
            }
            Err(error) if is_index_full(&error) => Err(undecided(&error)),
            Err(error) => Err(error),
        }
    }

    /// Length of the database, with what the log and the open transaction add to it, in pages.
    pub(super) fn pages(&self) -> rusqlite::Result<u64> {
        let mut count = self.conn.prepare_cached("PRAGMA page_count")?;
        count.query_row([], |row| row.get::<_, u32>(0)).map(u64::from)
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
            self.rescue(rescued);
            self.squeeze_in(rest, &failure);
        } else if is_damage(error) {
            // SQLite has taken the whole group back for the sake of one.
            for operation in group {
                let mut alone = vec![operation];
                let answer = self.commit_again(&mut alone);
                answer_all(alone, &answer);
            }
        } else {
            answer_all(group, &Err(failure));
        }
    }

    pub(super) fn roll_back(&self) -> rusqlite::Result<()> {
        if self.conn.is_autocommit() { Ok(()) } else { self.conn.execute_batch("ROLLBACK") }
    }

    /// Commits a part of a group that was taken back.
    pub(super) fn commit_again(&mut self, part: &mut Group) -> Result<(), StoreError> {
        let committed = self
            .begin()
            .and_then(|()| part.iter_mut().try_for_each(|operation| self.apply(operation.as_mut())))
            .and_then(|()| self.commit(part));
        match (committed, self.roll_back()) {
            (Ok(()), Ok(())) => Ok(()),
            (Err(error), Ok(())) if !is_io(&error) => Err(store_error("committing", &self.place, &error)),
            (Err(error), _) | (Ok(()), Err(error)) => {
                Err(self.poison.set(&store_error("committing", &self.place, &error)))
            }
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
    pub(super) fn checkpoint(&mut self, mode: &str) {
        if self.poison.check().is_err() {
            return;
        }
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let done = self.conn.busy_timeout(CHECKPOINT_PATIENCE).and_then(|()| {
            self.conn.query_row(&sql, [], |row| Ok((row.get::<_, i32>(1)?, row.get::<_, i32>(2)?)))
        });
        match self.conn.busy_timeout(BUSY_TIMEOUT).and(done) {
            Ok((pages, written)) if written >= pages => {
                self.log_pages.store(0, Ordering::Relaxed);
                self.growth.was_written_back();
                self.held_log.ended();
                self.checkpoint_at = CHECKPOINT_PAGES;
            }
            // A reader is in the way; the log grows until it has gone.
            Ok((pages, _)) => {
                self.checkpoint_at = pages.saturating_add(CHECKPOINT_PAGES);
                self.log_is_held(pages);
            }
            Err(error) if is_io(&error) => {
                drop(self.poison.set(&store_error("checkpointing", &self.place, &error)));
            }
            Err(error) => {
                let pages = self.log_pages.load(Ordering::Relaxed);
                self.checkpoint_at = pages.saturating_add(CHECKPOINT_PAGES);
                if is_damage(&error) {
                    let error = store_error("checkpointing", &self.place, &error);
                    return tracing::error!(%error, "the write-ahead log is damaged and is not written back; make a backup, then run presign fsck");
                }
                tracing::warn!(%error, place = self.place, "the write-ahead log could not be written back yet");
            }
        }
    }
}

pub(super) fn answer_all(group: Group, outcome: &Result<(), StoreError>) {
    for operation in group {
        operation.answer(outcome.clone());
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
