//! The decision.

use std::ops::Deref;

use crate::{Action, Context, Principal, Resource};

/// A request that the evaluator let through.
///
/// The field is private and there is no other constructor: holding an `Allowed` is the proof that
/// [`evaluate`] said yes.
///
/// ```compile_fail
/// // Nobody but the evaluator makes one.
/// let forged = presign_iam::Allowed("the request");
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Allowed<T>(T);

impl<T> Allowed<T> {
    /// The request itself, once the proof is no longer needed.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Allowed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Why a request was denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// No statement allows it, and what is not allowed is denied.
    ImplicitDeny,
}

/// A request that the evaluator refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "User: {principal} is not authorized to perform: {action} on resource: \"{resource}\" \
     because no identity-based policy allows the {action} action"
)]
pub struct Denied {
    /// Who asked.
    pub principal: Principal,
    /// For what.
    pub action: Action,
    /// On what.
    pub resource: Resource,
    /// What decided it.
    pub reason: Reason,
}

/// Decides whether `principal` may perform `action` on `resource`, and if so marks `request` as allowed.
///
/// Root may do everything. Everybody else is denied, because no policy allows them anything yet.
///
/// # Errors
/// [`Denied`], which says who was refused what on which resource and why; the request is dropped.
pub fn evaluate<T>(
    principal: &Principal,
    action: Action,
    resource: &Resource,
    _context: &Context,
    request: T,
) -> Result<Allowed<T>, Denied> {
    match principal {
        Principal::Root => Ok(Allowed(request)),
        Principal::User { .. } => Err(Denied {
            principal: principal.clone(),
            action,
            resource: resource.clone(),
            reason: Reason::ImplicitDeny,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: Action = Action::new("s3:GetObject");

    fn decide(principal: &Principal) -> Result<Allowed<u8>, Denied> {
        evaluate(principal, GET, &Resource::from_arn("arn:aws:s3:::b/k"), &Context::default(), 7)
    }

    #[test]
    fn root_may_do_everything() {
        let allowed = decide(&Principal::root()).unwrap();
        assert_eq!(*allowed, 7);
        assert_eq!(allowed.into_inner(), 7);
    }

    #[test]
    fn everybody_else_is_denied_and_told_what() {
        let denied = decide(&Principal::user("alice")).unwrap_err();
        assert_eq!(denied.reason, Reason::ImplicitDeny);
        assert_eq!(
            denied.to_string(),
            "User: arn:aws:iam::presign:user/alice is not authorized to perform: s3:GetObject on resource: \
             \"arn:aws:s3:::b/k\" because no identity-based policy allows the s3:GetObject action"
        );
    }
}
