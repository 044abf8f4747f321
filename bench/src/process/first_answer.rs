//! How long a server takes from its start to its first answer.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

use super::server_process::ServerProcess;

const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN_ATTEMPTS: Duration = Duration::from_micros(200);

/// Waits until the server answers a plain GET of its root, with whatever status, and says how long after `began` that was.
///
/// # Errors
/// When it ends, or does not answer within a minute.
pub fn first_answer(
    server: &mut ServerProcess,
    address: SocketAddr,
    began: Instant,
) -> anyhow::Result<Duration> {
    while began.elapsed() < PATIENCE {
        if answers(address) {
            return Ok(began.elapsed());
        }
        server.still_runs()?;
        thread::sleep(BETWEEN_ATTEMPTS);
    }
    bail!("the server at {address} did not answer within {} s", PATIENCE.as_secs())
}

fn answers(address: SocketAddr) -> bool {
    let Ok(mut socket) = TcpStream::connect(address) else { return false };
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = [0; 5];
    socket.write_all(request.as_bytes()).is_ok()
        && socket.read_exact(&mut answer).is_ok()
        && answer == *b"HTTP/"
}
