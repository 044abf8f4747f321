//! The log of `presign serve`: where its lines go, in which form, and what becomes of panics.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use presign_server::{LogConfig, LogFormat};
use tracing_subscriber::EnvFilter;

use crate::gathered_log::{GatheredLog, LogEnd, standard_error};
use crate::log_line::LogLine;

/// The log of this process.
pub(crate) struct ServerLog {
    log: GatheredLog,
    /// The file that standard error was at the start, if it was one.
    file: Option<PathBuf>,
}

impl ServerLog {
    /// Begins the log on standard error, for all events and panics of this process, and gives what ends it. Lines are
    /// gathered, but not for a person who watches a terminal.
    ///
    /// # Errors
    /// A filter that is none; those of the system.
    pub(crate) fn begin(config: &LogConfig) -> Result<(Self, LogEnd)> {
        let filter = EnvFilter::try_new(&config.level).with_context(|| {
            let level = &config.level;
            format!(
                "log.level is `{level}`; it must be error, warn, info, debug, or a filter such as info,presign_server=debug"
            )
        })?;
        let is_terminal = io::stderr().is_terminal();
        let out = standard_error().context("standard error cannot be had")?;
        let file = path_of(&out);
        let begun = match is_terminal {
            true => GatheredLog::begin_at_once(out, report_lost),
            false => GatheredLog::begin(out, report_lost),
        };
        let (log, end) = begun.context("the log cannot be begun")?;
        let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(is_terminal);
        let subscriber = subscriber.with_writer(log.clone());
        match config.format {
            LogFormat::Json => subscriber.json().init(),
            LogFormat::Text if is_terminal => subscriber.init(),
            LogFormat::Text => subscriber.event_format(LogLine).init(),
        }
        // The default hook writes to standard error itself, and would wait for it.
        std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a task of the server panicked")));
        Ok((Self { log, file }, end))
    }

    /// Says a line that is no event.
    pub(crate) fn say(&self, line: &str) {
        self.log.say(&format!("{line}\n"));
    }

    /// Opens the log's file again under the name that it had at the start: what has that name now may be another one, as when
    /// logs are rotated. A pipe, or a socket of the system's journal, has no name and stays.
    pub(crate) fn reopen(&self) {
        let Some(path) = &self.file else {
            tracing::info!("standard error is no file: there is no log to open again");
            return;
        };
        // To open a named pipe would wait for its reader.
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            tracing::warn!(path = %path.display(), "the log goes on where it was: another kind of file has its name");
            return;
        }
        match OpenOptions::new().append(true).create(true).mode(0o640).open(path) {
            Ok(file) => {
                self.log.reopen(file);
                tracing::info!(path = %path.display(), "the log was opened again");
            }
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "the log cannot be opened again and goes on where it was");
            }
        }
    }
}

fn report_lost(lines: u64) {
    tracing::warn!(lines, "lines of the log were lost: standard error did not take them");
}

/// The path of an open file, if it is a regular one that has a name. Only Linux tells it.
fn path_of(file: &File) -> Option<PathBuf> {
    let found = file.metadata().ok()?;
    if !found.is_file() || found.nlink() == 0 {
        return None;
    }
    let path = std::fs::read_link(format!("/proc/self/fd/{}", file.as_fd().as_raw_fd())).ok()?;
    path.is_absolute().then_some(path)
}
