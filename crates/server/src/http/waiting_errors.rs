//! Memory for errors on their way out, shared by all connections.
//!
//! Anybody can have an error made, and need not read it. Where a client's socket takes no more, the body waits in memory for
//! as long as the connection is borne with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use presign_s3::S3Error;

/// What the bodies of all errors that wait may have together; past it an error is told in its short form.
const TOGETHER: usize = 16 << 20;

/// How many bytes of errors wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct WaitingErrors(Arc<AtomicUsize>);

/// The body of an error, and whether there was no room for all of it.
pub(super) struct ErrorBody {
    pub(super) bytes: Bytes,
    pub(super) is_short: bool,
}

impl WaitingErrors {
    /// The body of the error. Its bytes are counted until the last of them is gone.
    ///
    /// Without room, it has the code and the message alone.
    pub(super) fn body(&self, error: &S3Error, request_id: &str, host_id: &str) -> ErrorBody {
        let text = error.to_xml(request_id, host_id);
        let is_short = self.waiting().saturating_add(text.capacity()) > TOGETHER;
        let text = match is_short {
            true => error.to_short_xml(request_id, host_id),
            false => text,
        };
        self.0.fetch_add(text.capacity(), Ordering::Relaxed);
        let held = Held { text, waiting: Arc::clone(&self.0) };
        ErrorBody { bytes: Bytes::from_owner(held), is_short }
    }

    fn waiting(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A body that is counted.
struct Held {
    text: String,
    waiting: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.text.capacity(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use presign_s3::ErrorCode;

    use super::*;

    #[test]
    fn errors_that_nobody_reads_have_a_bound_together() {
        let errors = WaitingErrors::default();
        let mut long = S3Error::access_denied();
        for _ in 0..40 {
            long = long.field("Resource", "r".repeat(1000));
        }
        let size = long.to_xml("id", "host").capacity();
        let body = |waiting: &WaitingErrors| waiting.body(&long, "id", "host");
        let mut kept = Vec::new();
        for _ in 0..2000 {
            kept.push(body(&errors));
        }
        let whole = kept.iter().take_while(|body| !body.is_short).count();
        assert_eq!(whole, TOGETHER / size);
        assert!(kept.iter().skip(whole).all(|body| body.is_short && body.bytes.len() < 400));
        let held: usize = kept.iter().map(|body| body.bytes.len()).sum();
        assert!(held <= errors.waiting(), "{held} of {}", errors.waiting());
        assert!(errors.waiting() < TOGETHER + 2000 * 512, "{}", errors.waiting());
        let short = std::str::from_utf8(&kept.last().unwrap().bytes).unwrap();
        assert!(short.contains("<Code>AccessDenied</Code>") && short.ends_with("</Error>"), "{short}");

        // What was read gives its room back, also when only a part of it is left.
        let last = kept.pop().unwrap().bytes.slice(..1);
        drop(kept);
        assert!(errors.waiting() > 0);
        drop(last);
        assert_eq!(errors.waiting(), 0);
        assert!(!body(&errors).is_short);
        assert!(!errors.body(&S3Error::new(ErrorCode::NoSuchKey), "id", "host").is_short);
    }
}
