//! One request and its whole answer, for what has to be looked at and not only counted.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::answer::Answer;
use super::exchange::Exchange;

const PATIENCE: Duration = Duration::from_secs(60);

/// Sends the request on a connection of its own, and gives the answer's body.
///
/// # Errors
/// An answer that is not the expected one, or a connection that fails.
pub fn fetch(address: SocketAddr, exchange: &Arc<Exchange>) -> anyhow::Result<Vec<u8>> {
    let ask = || -> anyhow::Result<Vec<u8>> {
        let mut socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.write_all(&exchange.head)?;
        let mut sent = 0;
        while sent < exchange.body.length() {
            let piece = exchange.body.piece_at(sent);
            socket.write_all(piece)?;
            sent += piece.len() as u64;
        }
        let (mut answer, mut body, mut buffer) = (Answer::default(), Vec::new(), vec![0; 64 * 1024]);
        while !answer.is_complete() {
            let count = socket.read(&mut buffer)?;
            ensure!(count > 0, "the connection ended within the answer");
            let bytes = buffer.get(..count).unwrap_or_default();
            answer.take(bytes, &exchange.expected, true)?;
            body.extend_from_slice(bytes);
        }
        body.drain(..answer.head_length());
        Ok(body)
    };
    ask().with_context(|| exchange.name())
}
