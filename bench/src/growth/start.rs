//! How long the store takes to its first answer.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::compare::PresignServe;
use crate::process::{Cores, ServerProcess, first_answer, free_address};

/// A store that is served.
pub(super) struct Serving {
    pub(super) process: ServerProcess,
    pub(super) address: std::net::SocketAddr,
    /// From its start to its first answer.
    pub(super) started_in: Duration,
}

/// Starts `presign serve` on this data, as a user does. `wrapper` is a command that runs it, if there is to be one.
pub(super) fn serve(program: &Path, data: &Path, cores: Cores, wrapper: &[&str]) -> anyhow::Result<Serving> {
    let address = free_address()?;
    let mut command = PresignServe::serve(program, address, data, wrapper);
    let began = Instant::now();
    let mut process = ServerProcess::start(&mut command, &data.with_extension("log"), cores)?;
    let started_in = first_answer(&mut process, address, began)?;
    Ok(Serving { process, address, started_in })
}
