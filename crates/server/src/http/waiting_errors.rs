//! Memory for errors on their way out, shared by all connections.
//!
//! Anybody can have an error made, and need not read it. Where a client's socket takes no more, the body waits in memory for
//! as long as the connection is borne with. Each client address has a share, so that the errors of others stay whole.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use presign_s3::S3Error;

use crate::transfer_limits::network;

/// What the bodies of all errors that wait may have together; past it an error is told in its short form.
const TOGETHER: usize = 16 << 20;
/// What those for one client address may have of it, or for one /64 network of IPv6. All clients whose address is not known
/// are one.
const PER_CLIENT: usize = 1 << 20;

/// How many bytes of errors wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct WaitingErrors(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    together: usize,
    by_client: HashMap<Option<u64>, usize>,
}

/// The body of an error, and whether there was no room for all of it.
pub(super) struct ErrorBody {
    pub(super) bytes: Bytes,
    pub(super) is_short: bool,
}

impl WaitingErrors {
    /// The body of the error. Its bytes are counted until the last of them is gone.
    ///
    /// Without room, it has the code and the message alone.
    pub(super) fn body(
        &self,
        error: &S3Error,
        request_id: &str,
        host_id: &str,
        client: Option<IpAddr>,
    ) -> ErrorBody {
        let client = client.map(network);
        let whole = error.to_xml(request_id, host_id);
        let mut waiting = lock(&self.0);
        let is_short = !waiting.has_room(client, whole.capacity());
        let text = match is_short {
            true => error.to_short_xml(request_id, host_id),
            false => whole,
        };
        waiting.add(client, text.capacity());
        drop(waiting);
        let held = Held { text, client, waiting: Arc::clone(&self.0) };
        ErrorBody { bytes: Bytes::from_owner(held), is_short }
    }
}

impl Waiting {
    fn has_room(&self, client: Option<u64>, bytes: usize) -> bool {
        let of_client = self.by_client.get(&client).copied().unwrap_or_default();
        self.together.saturating_add(bytes) <= TOGETHER && of_client.saturating_add(bytes) <= PER_CLIENT
    }

    fn add(&mut self, client: Option<u64>, bytes: usize) {
        self.together = self.together.saturating_add(bytes);
        let of_client = self.by_client.entry(client).or_default();
        *of_client = of_client.saturating_add(bytes);
    }

    fn remove(&mut self, client: Option<u64>, bytes: usize) {
        self.together = self.together.saturating_sub(bytes);
        if let Entry::Occupied(mut of_client) = self.by_client.entry(client) {
            *of_client.get_mut() = of_client.get().saturating_sub(bytes);
            if *of_client.get() == 0 {
                of_client.remove();
            }
        }
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A body that is counted.
struct Held {
    text: String,
    client: Option<u64>,
    waiting: Arc<Mutex<Waiting>>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        lock(&self.waiting).remove(self.client, self.text.capacity());
    }
}

#[cfg(test)]
mod tests {
    use presign_s3::ErrorCode;

    use super::*;

    fn long_error() -> S3Error {
        (0..40).fold(S3Error::access_denied(), |error, _| error.field("Resource", "r".repeat(1000)))
    }

    fn together(errors: &WaitingErrors) -> usize {
        lock(&errors.0).together
    }

    fn address(at: usize) -> Option<IpAddr> {
        Some([203, 0, 113, u8::try_from(at % 256).unwrap()].into())
    }

    #[test]
    fn errors_that_nobody_reads_have_a_bound_together() {
        let (errors, long) = (WaitingErrors::default(), long_error());
        let size = long.to_xml("id", "host").capacity();
        let body = |at| errors.body(&long, "id", "host", address(at));
        let mut kept: Vec<ErrorBody> = (0..2000).map(body).collect();
        let whole = kept.iter().take_while(|body| !body.is_short).count();
        assert_eq!(whole, TOGETHER / size);
        assert!(kept.iter().skip(whole).all(|body| body.is_short && body.bytes.len() < 400));
        let held: usize = kept.iter().map(|body| body.bytes.len()).sum();
        assert!(held <= together(&errors), "{held} of {}", together(&errors));
        assert!(together(&errors) < TOGETHER + 2000 * 512, "{}", together(&errors));
        let short = std::str::from_utf8(&kept.last().unwrap().bytes).unwrap();
        assert!(short.contains("<Code>AccessDenied</Code>") && short.ends_with("</Error>"), "{short}");

        // What was read gives its room back, also when only a part of it is left.
        let last = kept.pop().unwrap().bytes.slice(..1);
        drop(kept);
        assert!(together(&errors) > 0);
        drop(last);
        assert_eq!(together(&errors), 0);
        assert!(lock(&errors.0).by_client.is_empty());
        assert!(!body(0).is_short);
        assert!(!errors.body(&S3Error::new(ErrorCode::NoSuchKey), "id", "host", None).is_short);
    }

    /// The connections of one client that did not read made the errors of everybody short.
    #[test]
    fn a_client_that_does_not_read_its_errors_leaves_those_of_others_whole() {
        let long = long_error();
        let size = long.to_xml("id", "host").capacity();
        let all = TOGETHER / size + 1;
        for (client, errors_unread) in [(address(1), all), (None, 100), ("2001:db8::1".parse().ok(), 100)] {
            let errors = WaitingErrors::default();
            let body = |client| errors.body(&long, "id", "host", client);
            let unread: Vec<ErrorBody> = (0..errors_unread).map(|_| body(client)).collect();
            assert_eq!(unread.iter().filter(|body| !body.is_short).count(), PER_CLIENT / size);
            assert!(body(client).is_short);
            assert!(!body(address(2)).is_short, "beside {client:?}");
            drop(unread);
            assert!(!body(client).is_short);
        }
        // The addresses of one network of IPv6 are one client.
        let errors = WaitingErrors::default();
        let body = |text: &str| errors.body(&long, "id", "host", text.parse().ok());
        let _unread: Vec<ErrorBody> = (0..40).map(|at| body(&format!("2001:db8::{at}"))).collect();
        assert!(body("2001:db8::ffff").is_short && !body("2001:db8:0:1::1").is_short);
    }
}
