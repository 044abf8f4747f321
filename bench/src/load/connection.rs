//! One connection, with one request on its way.

use std::io::{self, ErrorKind, IoSlice, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::answer::Answer;
use super::exchange::Exchange;

/// A connection and what it is about.
pub(super) struct Connection {
    address: SocketAddr,
    socket: TcpStream,
    running: Option<Running>,
    answer: Answer,
}

struct Running {
    exchange: Arc<Exchange>,
    sent: u64,
    began: Instant,
    compares: bool,
}

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// The server takes no more for now.
    WaitsToSend,
    /// All is sent.
    WaitsForAnswer,
    /// The answer is whole, and right; it took this long.
    Answered(Duration),
}

impl Connection {
    pub(super) fn open(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Connection { address, socket: connect(address)?, running: None, answer: Answer::default() })
    }

    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    pub(super) fn is_idle(&self) -> bool {
        self.running.is_none()
    }

    /// Whether the server closes it: it must be opened again before the next request.
    pub(super) fn is_over(&self) -> bool {
        self.answer.closes()
    }

    pub(super) fn reopen(&mut self) -> anyhow::Result<()> {
        self.socket = connect(self.address)?;
        Ok(())
    }

    /// Begins a request, and sends what the server takes at once.
    pub(super) fn begin(&mut self, exchange: Arc<Exchange>, compares: bool) -> anyhow::Result<Progress> {
        self.answer.reset();
        self.running = Some(Running { exchange, sent: 0, began: Instant::now(), compares });
        self.send()
    }

    /// Sends on.
    pub(super) fn send(&mut self) -> anyhow::Result<Progress> {
        let Some(running) = &mut self.running else { return Ok(Progress::WaitsForAnswer) };
        let exchange = &running.exchange;
        let whole = exchange.head.len() as u64 + exchange.body.length();
        while running.sent < whole {
            let head =
                usize::try_from(running.sent).ok().and_then(|sent| exchange.head.get(sent..)).unwrap_or(&[]);
            let body = exchange.body.piece_at(running.sent.saturating_sub(exchange.head.len() as u64));
            match self.socket.write_vectored(&[IoSlice::new(head), IoSlice::new(body)]) {
                Ok(sent) => running.sent += sent as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Progress::WaitsToSend),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).with_context(|| format!("sending {}", exchange.name())),
            }
        }
        Ok(Progress::WaitsForAnswer)
    }

    /// Receives what is there.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> anyhow::Result<Progress> {
        let Some(running) = &self.running else {
            bail!("the server closed an idle connection, or sent unasked")
        };
        let name = || running.exchange.name();
        loop {
            let count = match self.socket.read(buffer) {
                Ok(0) => bail!("{}: the connection ended within the answer", name()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Progress::WaitsForAnswer),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error).with_context(|| format!("the answer to {}", name())),
            };
            let bytes = buffer.get(..count).unwrap_or_default();
            self.answer.take(bytes, &running.exchange.expected, running.compares).with_context(name)?;
            if self.answer.is_complete() {
                let took = running.began.elapsed();
                self.running = None;
                return Ok(Progress::Answered(took));
            }
            if count < buffer.len() {
                // Most likely that was all for now, and `epoll` says when there is more.
                return Ok(Progress::WaitsForAnswer);
            }
        }
    }
}

fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let opened = || -> io::Result<TcpStream> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    opened().with_context(|| format!("connecting to {address}"))
}
