//! The log of a server on standard error: a line with every request, and no system call with every line.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait for others.
const PATIENCE: Duration = Duration::from_millis(100);
/// How many bytes of lines wait at most, unless one line alone is longer.
const GATHERED_BYTES: usize = 64 * 1024;

/// Gathers lines and writes many of them at once. Warnings and errors do not wait, and take with them what came before.
///
/// A killed process loses the lines of its last 100 ms.
#[derive(Clone)]
pub(crate) struct GatheredLog(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    lines: Vec<u8>,
    out: Box<dyn Write + Send>,
    is_over: bool,
}

/// Writes what was gathered when it is dropped, and afterwards every line at once.
pub(crate) struct LogEnd {
    log: GatheredLog,
    thread: Option<JoinHandle<()>>,
}

impl GatheredLog {
    /// A log that ends in `out`, and what ends it.
    ///
    /// # Errors
    /// Those of starting a thread.
    pub(crate) fn begin(out: impl Write + Send + 'static) -> io::Result<(Self, LogEnd)> {
        let state = State { lines: Vec::with_capacity(GATHERED_BYTES), out: Box::new(out), is_over: false };
        let log = Self(Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() }));
        let shared = Arc::clone(&log.0);
        let thread = std::thread::Builder::new()
            .name("presign-log".into())
            .spawn(move || shared.write_now_and_then())?;
        Ok((log.clone(), LogEnd { log, thread: Some(thread) }))
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_now_and_then(&self) {
        let mut state = self.state();
        while !state.is_over {
            if state.lines.is_empty() {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let waited = self.changed.wait_timeout_while(state, PATIENCE, |state| !state.is_over);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            state.write();
        }
    }

    fn add(&self, line: &[u8], is_urgent: bool) {
        let mut state = self.state();
        // Before the buffer would have to grow, which costs more than the line. It grows only for a line that is longer than
        // all of it, and is cut back once that is written.
        if state.lines.len() + line.len() > GATHERED_BYTES {
            state.write();
        }
        let is_first = state.lines.is_empty();
        state.lines.extend_from_slice(line);
        if is_urgent || state.is_over {
            state.write();
        } else if is_first {
            self.changed.notify_one();
        }
    }
}

impl State {
    fn write(&mut self) {
        // There is nowhere to report that the log cannot be written.
        let _ = self.out.write_all(&self.lines).and_then(|()| self.out.flush());
        self.lines.clear();
        self.lines.shrink_to(GATHERED_BYTES);
    }
}

impl Drop for LogEnd {
    fn drop(&mut self) {
        let mut state = self.log.0.state();
        state.is_over = true;
        state.write();
        drop(state);
        self.log.0.changed.notify_one();
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
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    struct Told(Sender<Vec<u8>>);

    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map(|()| bytes.len()).map_err(io::Error::other)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log() -> (GatheredLog, LogEnd, Receiver<Vec<u8>>) {
        let (written, writes) = channel();
        let (log, end) = GatheredLog::begin(Told(written)).unwrap();
        (log, end, writes)
    }

    fn line(log: &GatheredLog, text: &str, is_urgent: bool) {
        Line { shared: &log.0, is_urgent }.write_all(text.as_bytes()).unwrap();
    }

    fn gathered(writes: &Receiver<Vec<u8>>) -> String {
        String::from_utf8(writes.iter().flatten().collect()).unwrap()
    }

    #[test]
    fn a_line_arrives_although_no_other_follows() {
        let (log, _end, writes) = log();
        line(&log, "one\n", false);
        assert_eq!(writes.recv().unwrap(), b"one\n");
        line(&log, "two\n", false);
        assert_eq!(writes.recv().unwrap(), b"two\n");
    }

    #[test]
    fn nothing_is_lost_or_out_of_order_and_most_lines_share_a_write() {
        let (log, end, writes) = log();
        let lines: Vec<String> = (0..10_000).map(|at| format!("line {at}\n")).collect();
        for (at, text) in lines.iter().enumerate() {
            line(&log, text, at == 5_000);
        }
        drop(end);
        line(&log, "afterwards\n", false);
        drop(log);
        let writes: Vec<Vec<u8>> = writes.iter().collect();
        assert!(writes.len() < 5_000, "{} writes", writes.len());
        assert_eq!(writes.concat(), (lines.concat() + "afterwards\n").into_bytes());
    }

    #[test]
    fn a_warning_does_not_wait() {
        let (log, end, writes) = log();
        line(&log, "request\n", false);
        line(&log, "warning\n", true);
        // Both have left before the call returned, at the latest.
        let now: Vec<u8> = writes.try_iter().flatten().collect();
        assert_eq!(now, b"request\nwarning\n");
        drop((log, end));
        assert_eq!(gathered(&writes), "");
    }
}
