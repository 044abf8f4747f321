//! The signals that a server acts on.
//!
//! SIGINT and SIGTERM stop it. SIGHUP stops it too where it has come from a terminal that was closed; otherwise it has the log
//! opened again, as SIGUSR1 does, which programs that rotate logs send. SIGUSR2, whose default would end the process without
//! a word, does nothing. SIGPIPE is ignored from the start, by Rust. SIGQUIT keeps its default: it ends the process at once,
//! with a core dump.

use std::io::{self, IsTerminal as _};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that stop a server, caught from the moment this is made.
pub(crate) struct StopSignal {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl StopSignal {
    /// Catches the signals, which then end the process no more by themselves; SIGHUP among them if `hangup_stops`.
    pub(crate) fn catch(hangup_stops: bool) -> io::Result<Self> {
        let hangup = if hangup_stops { Some(signal(SignalKind::hangup())?) } else { None };
        Ok(StopSignal {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup,
        })
    }

    /// Waits for the next of them, and gives its number.
    pub(crate) async fn received(&mut self) -> i32 {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        let kind = tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = hangup => SignalKind::hangup(),
        };
        kind.as_raw_value()
    }
}

/// The signals that have the log opened again, caught from the moment this is made.
pub(crate) struct ReopenSignal {
    hangup: Option<Signal>,
    user1: Signal,
    user2: Signal,
}

impl ReopenSignal {
    /// Catches the signals, which then end the process no more by themselves; SIGHUP among them unless `hangup_stops`.
    pub(crate) fn catch(hangup_stops: bool) -> io::Result<Self> {
        let hangup = if hangup_stops { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(ReopenSignal {
            hangup,
            user1: signal(SignalKind::user_defined1())?,
            user2: signal(SignalKind::user_defined2())?,
        })
    }

    /// Waits for the next of them.
    pub(crate) async fn received(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        let user2 = async { while self.user2.recv().await.is_some() {} };
        tokio::select! {
            _ = self.user1.recv() => {}
            _ = hangup => {}
            () = user2 => {}
        }
    }
}

/// Whether a person is at the other end. A service has none of the three at a terminal.
pub(crate) fn has_terminal() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}
