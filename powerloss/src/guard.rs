//! The end of the FUSE file system when this process is killed.
//!
//! A thread that waits in the kernel for a file system on the shelf cannot be killed while it waits, and what it waits for
//! would come from another thread of the same process, which is dead by then; the file of the connection, which would end
//! it, stays open until the last thread has gone. So another process watches, and ends the connection.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;

use crate::mounted::run;

/// How often it looks.
const PERIOD: Duration = Duration::from_millis(200);

/// What a guard is told on its command line.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Watch {
    /// The process to be watched.
    #[arg(long, hide = true, requires = "abort")]
    pub(crate) guard: Option<u32>,
    /// What is written to when it has ended.
    #[arg(long, hide = true)]
    abort: Option<PathBuf>,
}

/// A process that ends the connection of the shelf when this one is killed; it is stopped when this is dropped.
pub(crate) struct Guard(Child);

impl Guard {
    /// Watches over the shelf that is mounted on a directory.
    pub(crate) fn start(shelf: &Path, control: &Path) -> anyhow::Result<Self> {
        run(Command::new("mount").args(["-t", "fusectl", "none"]).arg(control))?;
        // The kernel names a connection after the minor number of its device.
        let device =
            std::fs::metadata(shelf).with_context(|| format!("looking at {}", shelf.display()))?.dev();
        let abort = control.join(rustix::fs::minor(device).to_string()).join("abort");
        anyhow::ensure!(abort.exists(), "{} is not there", abort.display());
        let guard = Command::new(std::env::current_exe().context("where this program is")?)
            .arg("--guard")
            .arg(std::process::id().to_string())
            .arg("--abort")
            .arg(abort)
            // Ctrl-C is for the other one.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        Ok(Self(guard.context("the guard could not be started")?))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Watches until the process has ended, or begun to end, and then ends the connection.
pub(crate) fn watch(watch: &Watch) -> anyhow::Result<()> {
    let (Some(process), Some(abort)) = (watch.guard, &watch.abort) else { return Ok(()) };
    while is_alive(process) {
        thread::sleep(PERIOD);
    }
    std::fs::write(abort, "1").with_context(|| format!("writing to {}", abort.display()))
}

/// Whether the first thread of a process runs.
fn is_alive(process: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return false };
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    !matches!(state, Some('Z' | 'X'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_has_ended_is_not_alive_though_nobody_has_waited_for_it() {
        assert!(is_alive(std::process::id()));
        let mut child = Command::new("true").spawn().unwrap();
        let id = child.id();
        for _ in 0..6_000 {
            if !is_alive(id) {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        assert!(!is_alive(id));
        child.wait().unwrap();
        assert!(!is_alive(id));
    }
}
