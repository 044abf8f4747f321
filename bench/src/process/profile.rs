//! `perf record` beside a window, for whoever looks for what costs.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// A running `perf record`.
#[derive(Debug)]
pub struct Profile {
    perf: Child,
}

impl Profile {
    /// Records the process with its call chains into a file.
    ///
    /// # Errors
    /// perf cannot be started.
    pub fn record(process: u32, file: &Path) -> anyhow::Result<Self> {
        let mut perf = Command::new("perf");
        perf.args([
            "record",
            "--quiet",
            "--freq",
            "2000",
            "--call-graph",
            "fp",
            "--pid",
            &process.to_string(),
        ]);
        perf.arg("--output").arg(file).stdin(Stdio::null());
        let perf = perf.spawn().context("`perf` cannot be started; install it (apt install linux-perf)")?;
        Ok(Profile { perf })
    }

    /// Ends the record, as Ctrl-C does.
    ///
    /// # Errors
    /// perf failed.
    pub fn finish(mut self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.perf.id()).ok().and_then(Pid::from_raw).context("perf's process id")?;
        kill_process(pid, Signal::INT).context("perf is over")?;
        let status = self.perf.wait()?;
        // perf ends with the signal that ended it.
        ensure!(
            status.success() || status.code().is_none() || status.code() == Some(130),
            "perf failed: {status}"
        );
        Ok(())
    }
}
