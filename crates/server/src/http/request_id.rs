//! The names of one request: what a client quotes and the log finds.

use std::cell::RefCell;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// `x-amz-request-id` and `x-amz-id-2` of one request. Random, so that two servers never give the same.
#[derive(Clone, Copy)]
pub(crate) struct RequestId([u8; 56]);

impl RequestId {
    /// A new id. Should the system have no random numbers, it is all zeros: an id is no secret, and a request is not
    /// refused for want of one.
    pub(crate) fn random() -> Self {
        POOL.with_borrow_mut(Pool::take)
    }

    /// `x-amz-request-id`: 16 upper-case hexadecimal digits.
    pub(crate) fn digits(&self) -> [u8; 16] {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        let mut digits = [0; 16];
        for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
        digits
    }

    /// `x-amz-id-2`, which S3's error bodies call `HostId`.
    pub(crate) fn host_id(&self) -> String {
        String::from_utf8_lossy(&self.host_id_characters()).into_owned()
    }

    /// The same, as 64 characters of base64.
    pub(crate) fn host_id_characters(&self) -> [u8; 64] {
        let [_, _, _, _, _, _, _, _, long @ ..] = self.0;
        let mut text = [0; 64];
        // 48 bytes are 64 characters, always.
        let _ = STANDARD.encode_slice(long, &mut text);
        text
    }
}

/// Random bytes for the ids to come: asking the system for each would cost a request a system call.
struct Pool {
    bytes: [u8; 56 * 64],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; 56 * 64], used: 56 * 64 }) };
}

impl Pool {
    fn take(&mut self) -> RequestId {
        if self.used >= self.bytes.len() {
            if getrandom::fill(&mut self.bytes).is_err() {
                self.bytes.fill(0);
            }
            self.used = 0;
        }
        let next = self.bytes.get(self.used..).and_then(<[u8]>::first_chunk);
        self.used += 56;
        // The pool holds whole ids, so there always is one.
        RequestId(next.copied().unwrap_or([0; 56]))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_s3s_form() {
        assert_eq!(RequestId([0xab; 56]).to_string(), "ABABABABABABABAB");
        assert_eq!(RequestId([0; 56]).to_string(), "0000000000000000");
        assert_eq!(RequestId::random().host_id().len(), 64);
        let ids: std::collections::BTreeSet<_> = (0..1_000).map(|_| RequestId::random().host_id()).collect();
        assert_eq!(ids.len(), 1_000);
    }
}
