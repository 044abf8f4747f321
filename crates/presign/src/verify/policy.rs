//! What a verifier accepts.

/// What the store that verifies is, and which kinds of signature it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyPolicy {
    /// The store's region; a signature for another is refused.
    pub region: String,
    /// The service that signatures must be for: `s3`.
    pub service: String,
    /// Whether SigV2 is still taken.
    pub sigv2: SigV2,
    /// Whether URLs that belong to a link registry are taken.
    pub links: Links,
}

impl VerifyPolicy {
    /// The policy of an S3 store in that region: SigV2 is taken, links of a registry are not.
    pub fn new(region: impl Into<String>) -> Self {
        VerifyPolicy {
            region: region.into(),
            service: "s3".to_owned(),
            sigv2: SigV2::Allow,
            links: Links::Refuse,
        }
    }
}

/// Whether the old SigV2 is taken. boto3 and AWS CLI v1 still presign with it in the old regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigV2 {
    /// Taken, for at most seven days ahead.
    Allow,
    /// Refused, with a word on what the client must set.
    Deny,
}

/// What happens to a URL with an `x-presign-link` caveat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Refused: there is no registry, so revocation could not be kept.
    Refuse,
    /// The caller looks [`Caveats::link`](crate::Caveats) up and decides.
    CallerDecides,
}
