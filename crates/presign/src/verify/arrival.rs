//! What the receiver of a request knows of the way that it took.

use crate::verify::withheld::WithheldHeaders;

/// What is known of the way of a request, besides its head. The default is a request that came straight from its client.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrival<'a> {
    /// The hosts that the request may have been signed for besides the one in its head, likeliest first: a proxy may have
    /// put in another Host. They are tried only for a key that exists, and as far as their canonical requests have
    /// 32 KiB together.
    pub other_hosts: &'a [SignedHost<'a>],
    /// The headers whose values a refusal must not print.
    pub withheld: WithheldHeaders<'a>,
}

/// A Host that a request may have been signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedHost<'a> {
    /// The Host header's value.
    pub host: &'a str,
    /// The bucket that it names, in virtual-hosted style.
    pub bucket: Option<&'a str>,
}

/// How much of other forms of one request is hashed at most, in bytes. An ordinary canonical request has some 500, so
/// that all methods fit for ten hosts; the longest that there is fits once.
const OTHER_FORMS_BYTES: usize = 32 * 1024;
/// What each form costs besides its own length: the four blocks that sign its hash.
const SIGNATURE_BYTES: usize = 256;

/// The room for other forms of a request: with another Host, method or payload line.
pub(crate) struct OtherForms {
    left: usize,
}

impl Default for OtherForms {
    fn default() -> Self {
        OtherForms { left: OTHER_FORMS_BYTES + SIGNATURE_BYTES }
    }
}

impl OtherForms {
    /// Takes the room for a form of that many bytes; `false` where none is left.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes + SIGNATURE_BYTES) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}
