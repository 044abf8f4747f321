//! A server as a process of ours, held to its core.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::cores::{Cores, stay_on};
use super::usage::family;

/// How long a server may take to stop by itself.
const STOP: Duration = Duration::from_secs(30);

/// A running server. It is stopped when this is dropped.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
}

impl ServerProcess {
    /// Starts it on the server's core, its output in a file.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command, output: &Path, cores: Cores) -> anyhow::Result<Self> {
        let log = File::options().create(true).append(true).open(output);
        let log = log.with_context(|| format!("{} cannot be written", output.display()))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        // A child inherits the core of the thread that starts it, with all threads and children that it will have.
        stay_on(cores.server)?;
        let child = command.spawn();
        stay_on(cores.load)?;
        let child = child
            .with_context(|| format!("{} cannot be started", command.get_program().to_string_lossy()))?;
        Ok(ServerProcess { child })
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Says so if it is over.
    ///
    /// # Errors
    /// When it ended.
    pub fn still_runs(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the server ended: {status}; its output tells more"),
        }
    }

    /// Ends it as an operator does, with SIGTERM, and waits for that.
    ///
    /// # Errors
    /// When it does not end in time; it is killed then.
    pub fn stop(mut self) -> anyhow::Result<()> {
        self.terminate();
        let deadline = Instant::now() + STOP;
        while Instant::now() < deadline {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(2));
        }
        bail!("the server did not stop within {} s", STOP.as_secs())
    }
}

impl ServerProcess {
    /// SIGTERM to it and to what it started: a tracer would leave the traced one running. Whoever is over by then needs
    /// no signal.
    fn terminate(&self) {
        for id in family(self.id()).unwrap_or_default() {
            if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::TERM);
            }
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.terminate();
            let deadline = Instant::now() + Duration::from_secs(5);
            while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
                thread::sleep(Duration::from_millis(2));
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A loopback address with a port that is free now.
///
/// # Errors
/// When there is none.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    let probe = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a free port")?;
    Ok(probe.local_addr()?)
}
