//! HeadObject.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

use super::object_read::ObjectRead;

/// The input of HeadObject: what GetObject has, answered without the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadObject {
    /// What is read and how.
    pub read: ObjectRead,
}
