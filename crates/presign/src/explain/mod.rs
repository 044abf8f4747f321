//! Explaining: what a presigned URL says, and why a request was refused.
//!
//! [`Explanation`] needs nothing but the URL. [`diagnose`] has the key as well: when the signature does not match, it
//! alters the request in all the ways in which proxies, clients and people are known to alter one, until it matches,
//! and so names the [`Cause`]. Everything here may be printed, logged and sent: signatures, session tokens and
//! encryption keys are left out.

mod access_key_ids;
mod attempt;
mod cause;
mod cause_text;
mod claimed;
mod decoded;
mod diagnosis;
mod difference;
mod explanation;
mod limit;
mod link;
mod location;
mod not_presigned;
mod notice;
mod observe;
mod operation;
mod ordinary_link;
mod redact;
#[cfg(test)]
mod redact_tests;
mod refusal_cause;
mod request_text;
mod search;
mod serialize;
mod signature_shape;
mod span;
mod trial;
mod userinfo;
mod variations;

pub use cause::{Cause, Place, Side};
pub use diagnosis::{Diagnosis, Verdict, diagnose, diagnose_url};
pub use difference::{LineDifference, LinePart, compare_canonical_requests};
pub use explanation::{Explanation, Parameter, RequiredHeader, Validity};
pub use limit::Limit;
pub use location::{AddressingStyle, Scheme};
pub use not_presigned::NotPresigned;
pub use notice::{ADVISABLE_DOWNLOAD_SECONDS, ADVISABLE_UPLOAD_SECONDS, Notice};
pub use operation::{Operation, Operations};
pub use redact::redact_url;
pub use request_text::RequestText;
