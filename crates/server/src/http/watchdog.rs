//! Looks after all connections of a server: ends those that used up their time, has idle ones give their buffers back, and
//! finds a place for a newcomer.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::connection::Connection;
use super::orders::Order;
use super::patience::{Claim, Situation, Verdict, Watch};
use crate::config::Timeouts;

/// How often a newcomer looks whether the connection that was asked to leave did not, because its client went on.
const LOOKED_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// How many connections keep their buffers when they are idle, for the request that may come soon. Past that they are parked
/// at once: ten thousand of them are 160 MiB, which malloc is slow to give back.
const WITH_BUFFERS: usize = 512;

/// How many connections may read so much at once that their buffers grow: 16 MiB. One that begins to talk while there are
/// more keeps to small reads, so no more than these ever have large buffers.
const WITH_LARGE_BUFFERS: usize = 64;
/// What they read at once.
const LARGE_READ_BYTES: usize = 256 * 1024;
/// What the others read at once. A buffer of hyper's doubles when a read fills it, from 8 KiB on, so this keeps it at 16 KiB.
const SMALL_READ_BYTES: usize = 16 * 1024 - 1;

/// All connections of a server, and the places for them.
pub(crate) struct Watchdog {
    /// Connections that are not parked.
    talking: AtomicUsize,
    places: Arc<Semaphore>,
    timeouts: Timeouts,
    watched: Mutex<Watched>,
}

#[derive(Default)]
struct Watched {
    /// In the order in which they came.
    entries: BTreeMap<u64, Entry>,
    next: u64,
    is_stopping: bool,
}

struct Entry {
    connection: Arc<Connection>,
    watch: Watch,
    /// It was asked to give up its place when it was in this situation.
    asked: Option<Situation>,
}

/// A connection's place. Leaving it is forgetting this.
pub(crate) struct Place {
    watchdog: Arc<Watchdog>,
    number: u64,
    connection: Arc<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// To be kept while the connection has buffers.
    pub(super) fn talk(&self) -> Talking<'_> {
        let others = self.watchdog.talking.fetch_add(1, Ordering::Relaxed);
        Talking { watchdog: &self.watchdog, reads_large: others < WITH_LARGE_BUFFERS }
    }
}

/// A connection that is not parked.
pub(super) struct Talking<'w> {
    watchdog: &'w Watchdog,
    reads_large: bool,
}

impl Talking<'_> {
    /// Whether there are so many that one which is idle parks at once.
    pub(super) fn is_one_of_many(&self) -> bool {
        self.watchdog.talking.load(Ordering::Relaxed) > WITH_BUFFERS
    }

    /// How many bytes it may read at once, for as long as it talks.
    pub(super) fn read_bytes(&self) -> usize {
        if self.reads_large { LARGE_READ_BYTES } else { SMALL_READ_BYTES }
    }
}

impl Drop for Talking<'_> {
    fn drop(&mut self) {
        self.watchdog.talking.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.watchdog.watched().entries.remove(&self.number);
    }
}

impl Watchdog {
    pub(crate) fn new(max_connections: usize, timeouts: Timeouts) -> Self {
        // A semaphore that is asked for more permits than it can count panics.
        let places = Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS)));
        Self { talking: AtomicUsize::new(0), places, timeouts, watched: Mutex::default() }
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a newcomer. When all are taken, connections that nobody uses are asked to leave, one after another, the
    /// longest idle first; when all are in use, the newcomer waits.
    pub(crate) async fn admit(self: &Arc<Self>, peer: SocketAddr) -> Place {
        let permit = loop {
            if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
                break permit;
            }
            self.make_room();
            let place = Arc::clone(&self.places).acquire_owned();
            if let Ok(Ok(permit)) = tokio::time::timeout(LOOKED_AGAIN_AFTER, place).await {
                break permit;
            }
        };
        let connection = Arc::new(Connection::new(peer));
        let watch = Watch::new(&connection.patience, Instant::now());
        let mut watched = self.watched();
        let number = watched.next;
        watched.next += 1;
        if watched.is_stopping {
            connection.orders.give(Order::Stop);
        }
        watched.entries.insert(number, Entry { connection: Arc::clone(&connection), watch, asked: None });
        Place { watchdog: Arc::clone(self), number, connection, _permit: permit }
    }

    /// Asks the connection with the smallest claim to its place to leave it, unless one that was asked is still on its way.
    pub(crate) fn make_room(&self) {
        let now = Instant::now();
        let mut watched = self.watched();
        let mut next: Option<(Claim, Situation, &mut Entry)> = None;
        for entry in watched.entries.values_mut() {
            let situation = entry.connection.patience.situation();
            let Some(claim) = entry.watch.claim(&entry.connection.patience, now) else { continue };
            if entry.asked == Some(situation) {
                return;
            }
            if next.as_ref().is_none_or(|(least, ..)| claim < *least) {
                next = Some((claim, situation, entry));
            }
        }
        if let Some((_, situation, entry)) = next {
            entry.asked = Some(situation);
            entry.connection.orders.give(Order::Close(situation));
        }
    }

    /// Looks at every connection now and then, for as long as it is polled.
    pub(crate) async fn watch(&self) {
        let shortest = self.timeouts.idle.min(self.timeouts.header_read);
        let pause = (shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(1));
        loop {
            tokio::time::sleep(pause).await;
            self.look(Instant::now());
        }
    }

    fn look(&self, now: Instant) {
        for entry in self.watched().entries.values_mut() {
            match entry.watch.look(&entry.connection.patience, now, &self.timeouts) {
                (_, Verdict::Nothing) => {}
                (situation, Verdict::Park) => entry.connection.orders.give(Order::Park(situation)),
                (situation, Verdict::Close) => entry.connection.orders.give(Order::Close(situation)),
            }
        }
    }

    /// Tells every connection to end with the request that it is at.
    pub(crate) fn stop(&self) {
        let mut watched = self.watched();
        watched.is_stopping = true;
        for entry in watched.entries.values() {
            entry.connection.orders.give(Order::Stop);
        }
    }
}
