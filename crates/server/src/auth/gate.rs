//! The gate before every handler.

use presign_iam::{Action, Allowed, Context, Principal, Resource, evaluate};
use presign_s3::{Operation, S3Error};

use crate::transfer_limits::Holder;

/// A verified request, ready to be dispatched.
pub(crate) struct Authorized {
    /// What it asks for.
    pub(crate) operation: Operation,
    /// Who decides whether it may.
    pub(crate) gate: Gate,
    /// What its body must be.
    pub(crate) upload: UploadRules,
    /// Whom a transfer counts for.
    pub(crate) holder: Holder,
}

/// Everything that a policy weighs about one request. It opens once, for that one.
pub(crate) struct Gate {
    pub(super) principal: Principal,
    pub(super) action: Action,
    pub(super) resource: Resource,
    pub(super) context: Context,
}

impl Gate {
    /// Lets an operation's input through to its handler, which takes nothing but what comes out of here.
    ///
    /// # Errors
    /// 403 `AccessDenied`, with who was refused what.
    pub(crate) fn allow<T>(self, input: T) -> Result<Allowed<T>, S3Error> {
        evaluate(&self.principal, self.action, &self.resource, &self.context, input)
            .map_err(|denied| S3Error::access_denied_because(denied.to_string()))
    }
}

/// What the body of a request must be, besides what its headers announce.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UploadRules {
    /// Its SHA-256, if that was signed.
    pub(crate) sha256: Option<[u8; 32]>,
    /// The fewest bytes, by a caveat of the URL.
    pub(crate) min_size: Option<u64>,
    /// The most bytes, by a caveat of the URL.
    pub(crate) max_size: Option<u64>,
}
