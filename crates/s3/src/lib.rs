//! The S3 protocol: a verified request becomes one typed operation; XML, error codes, ranges and conditions.
//! Pure.
//!
//! The road of a request through this crate:
//!
//! 1. [`Target::parse`] reads bucket and key from host and path, decoded once.
//! 2. [`Operation`] is the typed input, built from the signed parts of a verified request and nothing else.
//!    Its [`Row`](operation::Row) in the one table of operations names the S3 action and the access-log name.
//! 3. The handler answers with the writers of [`xml`], the headers of [`metadata`], or an [`S3Error`].

pub mod checksum;
pub mod condition;
pub mod content_md5;
pub mod continuation;
pub mod error;
pub mod etag;
pub mod http_date;
pub mod limits;
pub mod metadata;
pub mod name;
pub mod operation;
pub mod range;
pub mod response_headers;
pub mod target;
mod timestamp;
pub mod xml;

pub use error::{ErrorCode, S3Error};
pub use etag::ETag;
pub use name::{BucketName, ObjectKey};
pub use operation::Operation;
pub use target::{BaseHosts, Target};
