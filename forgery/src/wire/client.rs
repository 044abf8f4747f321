//! A client that sends any bytes and keeps its connection for as long as the server does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

/// So long that only a server that has forgotten the request lets it pass.
const PATIENCE: Duration = Duration::from_secs(120);

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub(super) struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(super) fn new(address: SocketAddr) -> Self {
        Client { address, connection: None }
    }

    /// Sends one request and reads its answer. `None`: the server closed without a word.
    pub(super) fn send(&mut self, bytes: &[u8], is_head: bool) -> anyhow::Result<Option<Answer>> {
        let was_open = self.connection.is_some();
        match self.try_send(bytes, is_head) {
            // A kept connection may have been closed since; then the request was never read.
            Ok(None) | Err(_) if was_open => self.try_send(bytes, is_head),
            outcome => outcome,
        }
    }

    fn try_send(&mut self, bytes: &[u8], is_head: bool) -> anyhow::Result<Option<Answer>> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let stream = TcpStream::connect(self.address).context("the server takes no connection")?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                BufReader::new(stream)
            }
        };
        connection.get_mut().write_all(bytes)?;
        let Some(answer) = read_answer(&mut connection, is_head)? else { return Ok(None) };
        if answer.header("connection") != Some("close") {
            self.connection = Some(connection);
        }
        Ok(Some(answer))
    }
}

fn read_answer(connection: &mut BufReader<TcpStream>, is_head: bool) -> anyhow::Result<Option<Answer>> {
    loop {
        let mut line = Vec::new();
        if connection.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        let status: u16 = line
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3))
            .and_then(|status| status.parse().ok())
            .with_context(|| format!("no status line: {line:?}"))?;
        let mut headers = Vec::new();
        loop {
            let mut line = Vec::new();
            connection.read_until(b'\n', &mut line)?;
            // Latin-1, as header values may be.
            let line: String = line.iter().map(|byte| char::from(*byte)).collect();
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').with_context(|| format!("no header: {line:?}"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        if status == 100 {
            continue;
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        let length = answer.header("content-length").map(str::parse::<usize>).transpose()?;
        if !is_head && !matches!(status, 204 | 304) {
            let Some(length) = length else { bail!("an answer without a length: {answer:?}") };
            answer.body = vec![0; length];
            connection.read_exact(&mut answer.body)?;
        }
        return Ok(Some(answer));
    }
}
