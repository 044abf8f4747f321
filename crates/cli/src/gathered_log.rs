//! The log of a server on standard error: a line with every request, and no system call with every line.
//!
//! Nobody waits for the log. A thread of its own writes it, and holds no lock while it writes; whoever logs only appends to a
//! queue in memory. When the reader of standard error stalls, or the disk under it is full, the queue fills up to its bound,
//! and from then on lines are dropped and counted. `tracing-appender` has such a queue too, but hands every line over by
//! itself, with a wake-up and a system call for each; a line here costs a copy.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait for others.
const PATIENCE: Duration = Duration::from_millis(100);
/// How many bytes of lines are gathered before they are written without further waiting.
const GATHERED_BYTES: usize = 64 * 1024;
/// How many bytes of lines wait for a writer that does not get on. Further lines are dropped.
const QUEUE_BYTES: usize = 1024 * 1024;
/// How long the end of the process waits for a writer that does not get on.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long a writer rests that was told to try again.
const RETRY: Duration = Duration::from_millis(10);

/// Gathers lines and writes many of them at once. Warnings and errors are written without delay, and take with them what
/// came before.
///
/// A killed process loses the lines of its last 100 ms.
#[derive(Clone)]
pub(crate) struct GatheredLog(Arc<Shared>);

struct Shared {
    patience: Duration,
    state: Mutex<State>,
    /// There is something to write, or it is over.
    changed: Condvar,
    /// The writer wrote something, or has ended.
    progress: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<u8>,
    /// Lines that shall not wait for others.
    is_urgent: bool,
    /// Lines that were dropped and not yet reported.
    lost: u64,
    /// How many bytes were taken so far by what is written to.
    written: u64,
    /// Another file to write to from now on.
    reopened: Option<File>,
    is_over: bool,
    has_ended: bool,
}

/// Has the rest written when it is dropped, and waits for that for as long as the writer gets on.
pub(crate) struct LogEnd {
    log: GatheredLog,
    thread: Option<JoinHandle<()>>,
}

/// Standard error, without the lock that the standard library puts around it: a writer that stalls in the lock would stop
/// whoever else writes there.
pub(crate) fn standard_error() -> io::Result<File> {
    Ok(File::from(io::stderr().as_fd().try_clone_to_owned()?))
}

impl GatheredLog {
    /// A log that ends in `out`, and what ends it. `report` is called with the number of lines that were lost, once lines can
    /// be written again; it may log.
    ///
    /// # Errors
    /// Those of starting a thread.
    pub(crate) fn begin(
        out: impl Write + Send + 'static,
        report: impl Fn(u64) + Send + 'static,
    ) -> io::Result<(Self, LogEnd)> {
        Self::begin_with_patience(out, report, PATIENCE)
    }

    /// [`begin`](Self::begin) for a person who watches: no line waits for others.
    ///
    /// # Errors
    /// Those of starting a thread.
    pub(crate) fn begin_at_once(
        out: impl Write + Send + 'static,
        report: impl Fn(u64) + Send + 'static,
    ) -> io::Result<(Self, LogEnd)> {
        Self::begin_with_patience(out, report, Duration::ZERO)
    }

    fn begin_with_patience(
        out: impl Write + Send + 'static,
        report: impl Fn(u64) + Send + 'static,
        patience: Duration,
    ) -> io::Result<(Self, LogEnd)> {
        let log = Self(Arc::new(Shared {
            patience,
            state: Mutex::default(),
            changed: Condvar::new(),
            progress: Condvar::new(),
        }));
        let shared = Arc::clone(&log.0);
        let thread = std::thread::Builder::new().name("presign-log".into()).spawn(move || {
            shared.write_until_over(Out { out: Box::new(out), is_within_line: false }, report);
        })?;
        Ok((log.clone(), LogEnd { log, thread: Some(thread) }))
    }

    /// Adds text that is no event, to be written at once.
    pub(crate) fn say(&self, text: &str) {
        self.0.add(text.as_bytes(), true);
    }

    /// Writes to another file from now on.
    pub(crate) fn reopen(&self, file: File) {
        self.0.state().reopened = Some(file);
        self.0.changed.notify_one();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer's thread.
    fn write_until_over(&self, mut out: Out, report: impl Fn(u64)) {
        let mut taken = Vec::with_capacity(GATHERED_BYTES);
        let mut is_last_report_made = false;
        loop {
            let Some(reopened) = self.take(&mut taken) else {
                // One more attempt: nobody reads of what was lost any later.
                let lost = std::mem::take(&mut self.state().lost);
                if lost == 0 || std::mem::replace(&mut is_last_report_made, true) {
                    break;
                }
                report(lost);
                continue;
            };
            if let Some(file) = reopened {
                out = Out { out: Box::new(file), is_within_line: false };
            }
            if taken.is_empty() {
                continue;
            }
            let lost = out.write(&taken, self);
            taken.clear();
            taken.shrink_to(GATHERED_BYTES);
            let mut state = self.state();
            state.lost += lost;
            // Where the queue is full again, the report itself would be dropped.
            if lost == 0 && state.lost > 0 && state.lines.len() < QUEUE_BYTES / 2 {
                let lost = std::mem::take(&mut state.lost);
                drop(state);
                report(lost);
            }
        }
        self.state().has_ended = true;
        self.progress.notify_all();
    }

    /// Waits for lines and takes them, and the file that they are to be written to if it is another one now. `None`: it is
    /// over, and nothing is left.
    fn take(&self, taken: &mut Vec<u8>) -> Option<Option<File>> {
        let mut state = self.state();
        loop {
            if state.reopened.is_some() {
                break;
            }
            if !state.lines.is_empty() {
                let waits = |state: &mut State| {
                    !state.is_over && !state.is_urgent && state.lines.len() < GATHERED_BYTES
                };
                let waited = self.changed.wait_timeout_while(state, self.patience, waits);
                (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
                break;
            }
            if state.is_over {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(taken, &mut state.lines);
        state.is_urgent = false;
        Some(state.reopened.take())
    }

    fn add(&self, line: &[u8], is_urgent: bool) {
        let mut state = self.state();
        let length = state.lines.len();
        if state.has_ended || (length > 0 && length + line.len() > QUEUE_BYTES) {
            state.lost += 1;
            return;
        }
        state.lines.extend_from_slice(line);
        state.is_urgent |= is_urgent;
        let is_enough = length < GATHERED_BYTES && state.lines.len() >= GATHERED_BYTES;
        drop(state);
        if length == 0 || is_urgent || is_enough {
            self.changed.notify_one();
        }
    }
}

/// What is written to.
struct Out {
    out: Box<dyn Write + Send>,
    /// The last write ended within a line.
    is_within_line: bool,
}

impl Out {
    /// Writes lines. How many of them could not be written.
    fn write(&mut self, lines: &[u8], shared: &Shared) -> u64 {
        // A line that was cut off is ended first, so that the next one stands by itself.
        while self.is_within_line {
            match self.out.write(b"\n") {
                Ok(1..) => self.is_within_line = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(RETRY),
                Ok(0) | Err(_) => return count_lines(lines),
            }
        }
        let mut left = lines;
        while !left.is_empty() {
            match self.out.write(left) {
                Ok(0) => break,
                Ok(written) => {
                    let (done, rest) = left.split_at(written.min(left.len()));
                    self.is_within_line = !done.ends_with(b"\n");
                    left = rest;
                    shared.state().written += written as u64;
                    shared.progress.notify_all();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Whoever shares standard error with this process may have made it so.
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(RETRY),
                Err(_) => break,
            }
        }
        // There is nowhere to report that the log cannot be flushed.
        let _ = self.out.flush();
        count_lines(left)
    }
}

fn count_lines(lines: &[u8]) -> u64 {
    lines.iter().filter(|byte| **byte == b'\n').count() as u64
}

impl Drop for LogEnd {
    fn drop(&mut self) {
        let shared = &self.log.0;
        let mut state = shared.state();
        state.is_over = true;
        shared.changed.notify_one();
        let (mut written, mut since) = (state.written, Instant::now());
        while !state.has_ended {
            let Some(left) = LAST_WORDS.checked_sub(since.elapsed()) else {
                // It may be stuck in a system call, and ends with the process.
                return;
            };
            let waited = shared.progress.wait_timeout(state, left);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if state.written != written {
                (written, since) = (state.written, Instant::now());
            }
        }
        drop(state);
        if let Some(thread) = self.thread.take() {
            // It panics nowhere, and there would be nothing left to do about it.
            let _ = thread.join();
        }
    }
}

/// One line on its way into the log.
pub(crate) struct Line<'a> {
    shared: &'a Shared,
    is_urgent: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.shared.add(line, self.is_urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for GatheredLog {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { shared: &self.0, is_urgent: true }
    }

    fn make_writer_for(&'a self, metadata: &tracing::Metadata<'_>) -> Line<'a> {
        Line { shared: &self.0, is_urgent: *metadata.level() <= tracing::Level::WARN }
    }
}

#[cfg(test)]
#[path = "gathered_log_tests.rs"]
mod tests;
