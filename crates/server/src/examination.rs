//! What a request would be run as, found out without running it.
//!
//! It walks the whole road of a request up to its handler, so whoever wants to know what the store makes of a million
//! requests need not open a million sockets.

use std::net::IpAddr;

use hyper::http::request::Parts;
use presign_s3::{Operation, S3Error};

use crate::access_log::AccessRecord;
use crate::auth;
use crate::http::{Head, RequestId};
use crate::server::Server;

/// What a request would be run as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// The operation that its handler would get.
    pub operation: Operation,
    /// The SHA-256 that its body would have to have.
    pub body_sha256: Option<[u8; 32]>,
    /// The fewest bytes that its body would have to have.
    pub min_body_bytes: Option<u64>,
    /// The most bytes that its body might have.
    pub max_body_bytes: Option<u64>,
}

impl Server {
    /// Takes the head of a request through every check there is, limits, hosts, signature, rights, and stops before the
    /// handler. Nothing of the store is read or changed; a refusal is logged like any other.
    ///
    /// To be called within a Tokio runtime, where the cause of a wrong signature is looked for behind the answer.
    ///
    /// # Errors
    /// The refusal that the client would get.
    pub fn examine(&self, parts: &Parts, peer: IpAddr) -> Result<Examination, S3Error> {
        let app = self.app();
        let mut record = AccessRecord::begin(RequestId::random(), peer, parts);
        let head = Head::read(parts)?;
        let client = app.proxies.client(peer, |name| head.values(name));
        let authorized = auth::authorize(app, &head, &client, app.clock.now(), &mut record)?;
        let rules = authorized.upload;
        let allowed = authorized.gate.allow(authorized.operation)?;
        Ok(Examination {
            operation: allowed.into_inner(),
            body_sha256: rules.sha256,
            min_body_bytes: rules.min_size,
            max_body_bytes: rules.max_size,
        })
    }
}
