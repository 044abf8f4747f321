//! Reading an answer: its head, then as many bytes as it announces.

use anyhow::{Context as _, bail, ensure};

use super::exchange::Expected;

/// No server here answers with a longer head.
const LONGEST_HEAD: usize = 16 * 1024;

/// An answer, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The head so far; kept as it is once it is whole.
    head: Vec<u8>,
    /// The body, once the head is whole.
    body: Option<Incoming>,
    closes: bool,
}

#[derive(Debug)]
struct Incoming {
    length: u64,
    received: u64,
}

impl Answer {
    /// Forgets the last answer.
    pub(super) fn reset(&mut self) {
        self.head.clear();
        self.body = None;
        self.closes = false;
    }

    pub(super) fn is_complete(&self) -> bool {
        self.body.as_ref().is_some_and(|body| body.received == body.length)
    }

    /// The length of its head, once that is whole.
    pub(super) fn head_length(&self) -> usize {
        self.head.len()
    }

    /// Whether the server said that it closes the connection behind this answer.
    pub(super) fn closes(&self) -> bool {
        self.closes
    }

    /// Takes what has arrived, and holds it against what is expected; `compares` says whether the body's bytes are too.
    pub(super) fn take(
        &mut self,
        mut bytes: &[u8],
        expected: &Expected,
        compares: bool,
    ) -> anyhow::Result<()> {
        if self.body.is_none() {
            let before = self.head.len();
            self.head.extend_from_slice(bytes);
            // The end may have come in two pieces.
            let from = before.saturating_sub(3);
            let Some(end) = self.head.get(from..).and_then(|new| find(new, b"\r\n\r\n")) else {
                ensure!(self.head.len() <= LONGEST_HEAD, "the answer's head does not end");
                return Ok(());
            };
            let end = from + end + 4;
            bytes = bytes.get(end - before..).unwrap_or(&[]);
            self.head.truncate(end);
            self.read_head(expected)?;
        }
        let body = self.body.as_mut().context("an answer without its head")?;
        let position = body.received;
        body.received += bytes.len() as u64;
        ensure!(body.received <= body.length, "more bytes came than the answer announced");
        if compares && let Some(wanted) = &expected.bytes {
            let from = usize::try_from(position)?;
            ensure!(
                wanted.get(from..from + bytes.len()) == Some(bytes),
                "the answer has other bytes than were stored"
            );
        }
        Ok(())
    }

    fn read_head(&mut self, expected: &Expected) -> anyhow::Result<()> {
        let head = std::str::from_utf8(&self.head).context("the answer's head is no text")?;
        let mut lines = head.split("\r\n");
        let status_line = lines.next().unwrap_or_default();
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
        let Some(status) = status else { bail!("`{status_line}` is no status line") };
        let mut length = None;
        let mut closes = false;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse::<u64>().context("the answer's Content-Length")?);
            } else if name.eq_ignore_ascii_case("connection") {
                closes = value.trim().eq_ignore_ascii_case("close");
            }
        }
        ensure!(expected.statuses.contains(&status), "the answer is `{status_line}`");
        let length = match length {
            Some(length) => length,
            None if status == 204 => 0,
            None => bail!("the answer does not say its length"),
        };
        if let Some(wanted) = expected.length {
            ensure!(length == wanted, "the answer announces {length} bytes instead of {wanted}");
        }
        self.body = Some(Incoming { length, received: 0 });
        self.closes = closes;
        Ok(())
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn expected() -> Expected {
        Expected { statuses: &[200], length: Some(4), bytes: Some(Arc::from(*b"abcd")) }
    }

    fn answer_in_pieces(pieces: &[&[u8]]) -> anyhow::Result<Answer> {
        let mut answer = Answer::default();
        for piece in pieces {
            answer.take(piece, &expected(), true)?;
        }
        Ok(answer)
    }

    #[test]
    fn an_answer_may_come_in_any_pieces() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nConnection: close\r\n\r\nabcd";
        for cut in 1..whole.len() {
            let (first, second) = whole.split_at(cut);
            let answer = answer_in_pieces(&[first, second]).unwrap();
            assert!(answer.is_complete() && answer.closes(), "{cut}");
        }
        assert!(!answer_in_pieces(&[&whole[..whole.len() - 1]]).unwrap().is_complete());
    }

    #[test]
    fn a_wrong_answer_is_told() {
        let said = |answer: &[u8]| answer_in_pieces(&[answer]).unwrap_err().to_string();
        assert!(said(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").contains("403 Forbidden"));
        assert!(said(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").contains("5 bytes instead of 4"));
        assert!(said(b"HTTP/1.1 200 OK\r\n\r\n").contains("does not say its length"));
        assert!(said(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabce").contains("other bytes"));
        assert!(said(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcde").contains("more bytes"));
    }
}
