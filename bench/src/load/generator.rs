//! Many connections, driven by one loop until the time is over or there is nothing more to ask for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use super::connection::{Connection, Progress};
use super::exchange::Exchange;

/// One answer in so many has its bytes compared, the first among them.
const COMPARED_EVERY: u64 = 61;
/// How long a server may be silent before the run is given up.
const PATIENCE_SECONDS: i64 = 60;
/// How long the generator stays awake for the next answer, where nothing else is said. It has a core of its own.
pub const AWAKE: Duration = Duration::from_micros(500);
const BUFFER_BYTES: usize = 256 * 1024;

/// What to drive at a server.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// The server.
    pub address: SocketAddr,
    /// How many connections ask at the same time.
    pub connections: usize,
    /// How long new requests are made; those on their way then are waited for. `None`: until the supply ends.
    pub duration: Option<Duration>,
    /// How long the generator looks for the next answer before it sleeps. To wake it up is work of the kernel's on the
    /// server's account, and the more of it, the longer each answer takes.
    pub awake: Duration,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Answers, every one of them right.
    pub answers: u64,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// How long each answer took.
    pub latencies: Vec<Duration>,
}

impl Tally {
    /// The latency that this share of the answers stayed within.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let index = ((sorted.len() as f64 * share).ceil() as usize).saturating_sub(1);
        sorted.get(index).copied().unwrap_or_default()
    }
}

/// Drives the load, taking each request from `supply`.
///
/// # Errors
/// An answer that is not the expected one, or a connection that fails.
pub fn drive(load: &Load, supply: &mut dyn FnMut() -> Option<Arc<Exchange>>) -> anyhow::Result<Tally> {
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC).context("epoll")?;
    let mut connections = Vec::with_capacity(load.connections);
    for index in 0..load.connections {
        let connection = Connection::open(load.address)?;
        watch(&poll, &connection, index)?;
        connections.push(connection);
    }
    let mut driver = Driver { poll: &poll, supply, started: 0, running: 0, tally: Tally::default() };
    let began = Instant::now();
    let is_over = || load.duration.is_some_and(|duration| began.elapsed() >= duration);
    for (index, connection) in connections.iter_mut().enumerate() {
        driver.next(connection, index)?;
    }
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut events = Vec::with_capacity(load.connections.max(1));
    let patience = Timespec { tv_sec: PATIENCE_SECONDS, tv_nsec: 0 };
    while driver.running > 0 {
        let count = wait(&poll, &mut events, load.awake, &patience)?;
        ensure!(count > 0, "{} said nothing for {PATIENCE_SECONDS} s", load.address);
        for event in events.drain(..) {
            let flags = event.flags;
            let index = usize::try_from(event.data.u64())?;
            let Some(connection) = connections.get_mut(index) else { continue };
            if flags.contains(epoll::EventFlags::OUT) && connection.send()? == Progress::WaitsForAnswer {
                set_interest(&poll, connection, index, epoll::EventFlags::IN)?;
            }
            if connection.is_idle() || flags == epoll::EventFlags::OUT {
                continue;
            }
            if let Progress::Answered(took) = connection.receive(&mut buffer)? {
                driver.running -= 1;
                driver.tally.answers += 1;
                driver.tally.latencies.push(took);
                if !is_over() {
                    driver.next(connection, index)?;
                }
            }
        }
    }
    let mut tally = driver.tally;
    tally.elapsed = began.elapsed();
    Ok(tally)
}

/// Waits for events, awake at first.
fn wait(
    poll: &rustix::fd::OwnedFd,
    events: &mut Vec<epoll::Event>,
    awake: Duration,
    patience: &Timespec,
) -> anyhow::Result<usize> {
    let began = Instant::now();
    while began.elapsed() < awake {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let count = epoll::wait(poll, spare_capacity(events), Some(&now)).context("epoll")?;
        if count > 0 {
            return Ok(count);
        }
    }
    epoll::wait(poll, spare_capacity(events), Some(patience)).context("epoll")
}

struct Driver<'a> {
    poll: &'a rustix::fd::OwnedFd,
    supply: &'a mut dyn FnMut() -> Option<Arc<Exchange>>,
    started: u64,
    running: usize,
    tally: Tally,
}

impl Driver<'_> {
    /// Begins the next request on this connection, if there is one.
    fn next(&mut self, connection: &mut Connection, index: usize) -> anyhow::Result<()> {
        let Some(exchange) = (self.supply)() else { return Ok(()) };
        if connection.is_over() {
            // The old socket leaves the epoll set as it is closed.
            connection.reopen()?;
            watch(self.poll, connection, index)?;
        }
        let compares = self.started.is_multiple_of(COMPARED_EVERY);
        self.started += 1;
        self.running += 1;
        if connection.begin(exchange, compares)? == Progress::WaitsToSend {
            set_interest(self.poll, connection, index, epoll::EventFlags::IN | epoll::EventFlags::OUT)?;
        }
        Ok(())
    }
}

fn watch(poll: &rustix::fd::OwnedFd, connection: &Connection, index: usize) -> anyhow::Result<()> {
    let data = epoll::EventData::new_u64(index as u64);
    epoll::add(poll, connection.socket(), data, epoll::EventFlags::IN).context("epoll")
}

fn set_interest(
    poll: &rustix::fd::OwnedFd,
    connection: &Connection,
    index: usize,
    flags: epoll::EventFlags,
) -> anyhow::Result<()> {
    let data = epoll::EventData::new_u64(index as u64);
    epoll::modify(poll, connection.socket(), data, flags).context("epoll")
}
