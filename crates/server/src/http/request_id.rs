//! The names of one request: what a client quotes and the log finds.

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
        let mut random = [0; 56];
        let _ = getrandom::fill(&mut random);
        Self(random)
    }

    /// `x-amz-id-2`, which S3's error bodies call `HostId`: 64 characters of base64.
    pub(crate) fn host_id(&self) -> String {
        let [_, _, _, _, _, _, _, _, long @ ..] = self.0;
        STANDARD.encode(long)
    }
}

/// `x-amz-request-id`: 16 upper-case hexadecimal digits.
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02X}"))
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
        assert_ne!(RequestId::random().to_string(), RequestId::random().to_string());
    }
}
