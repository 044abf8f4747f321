//! The limit on the sizes of files (`ulimit -f`, `LimitFSIZE=`).

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// Makes a write past the limit on the sizes of files an error of that write. Without this the system ends the whole process,
/// by SIGXFSZ. To be called within a runtime that has signals; holds for as long as the process runs.
/// <https://man7.org/linux/man-pages/man2/setrlimit.2.html>
///
/// # Errors
/// The system's, when the signal cannot be caught.
pub fn survive_file_size_limit() -> std::io::Result<()> {
    // Nobody listens. That the signal has a handler is enough, and the handler stays when this is dropped.
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}
