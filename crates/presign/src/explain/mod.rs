//! Explaining: what a presigned URL says, and why a request was refused.
//!
//! [`Explanation`] needs nothing but the URL. Everything here may be printed, logged and sent: signatures, session
//! tokens and encryption keys are left out.

mod claimed;
mod explanation;
mod limit;
mod link;
mod location;
mod not_presigned;
mod notice;
mod observe;
mod operation;
mod redact;
mod serialize;
mod span;

pub use explanation::{Explanation, Parameter, RequiredHeader, Validity};
pub use limit::Limit;
pub use location::{AddressingStyle, Scheme};
pub use not_presigned::NotPresigned;
pub use notice::{ADVISABLE_DOWNLOAD_SECONDS, ADVISABLE_UPLOAD_SECONDS, Notice};
pub use operation::{Operation, Operations};
pub use redact::redact_url;
