//! What is known about a request besides who, what and on what: the values that policy conditions compare.

/// The condition keys of one request (`s3:signatureAge`, `aws:SourceIp`, …).
///
/// Empty until policy documents are read; it is a parameter of [`evaluate`](crate::evaluate) already, so that
/// adding a key changes no caller but the one that knows its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {}
