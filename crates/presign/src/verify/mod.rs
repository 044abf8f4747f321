//! Verifying: a request as it arrived becomes a [`Verified`] one, or a [`Refusal`].
//!
//! [`Unverified::parse`] finds the one mechanism and reads its parameters; the caller looks the access key up;
//! [`Unverified::verify`] makes every check. Nothing here reads a clock or a table of keys.

mod arrival;
mod authorization;
mod conditions;
pub(crate) mod credential;
mod form;
mod form_policy;
mod header_index;
pub(crate) mod parameters;
mod policy;
mod refusal;
mod repeated;
mod request;
mod signed_headers;
pub(crate) mod unverified;
mod v2;
pub(crate) mod v4;
mod verification_key;
mod verified;
mod withheld;

pub use arrival::{Arrival, SignedHost};
pub use form::{UnverifiedForm, VerifiedForm};
pub use parameters::MAX_PARAMETERS;
pub use policy::{Links, SigV2, VerifyPolicy};
pub use refusal::{
    FormFault, MAX_CLOCK_SKEW_SECONDS, Mechanism, Refusal, ScopeFault, SentCredential, SignatureMismatch,
};
pub use request::Request;
pub use signed_headers::MAX_SIGNED_HEADERS;
pub use unverified::Unverified;
pub use verification_key::VerificationKey;
pub use verified::{PayloadRule, Verified};
pub use withheld::WithheldHeaders;
pub(crate) use withheld::is_proxy_header;

#[cfg(test)]
mod cost_tests;
