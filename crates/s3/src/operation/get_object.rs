//! GetObject.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

use super::object_read::ObjectRead;

/// The input of GetObject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetObject {
    /// What is read and how.
    pub read: ObjectRead,
}
