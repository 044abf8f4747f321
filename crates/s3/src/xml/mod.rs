//! XML in and out: the bodies of answers, and the few request bodies that the server reads.

mod create_bucket_configuration;
mod list_buckets;
mod list_objects;
mod location;
mod reader;
pub(crate) mod text;

pub use create_bucket_configuration::CreateBucketConfiguration;
pub use list_buckets::{BucketEntry, ListBucketsAnswer};
pub use list_objects::{KeyPage, ListObjectsAnswer, ListObjectsV2Answer, ObjectEntry};
pub use location::location_constraint;

/// The namespace of S3's answers.
pub(crate) const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The owner of buckets and objects, as listings name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The canonical user id.
    pub id: &'a str,
    /// The name for people.
    pub display_name: &'a str,
}

impl Owner<'_> {
    fn write(&self, xml: &mut String) {
        xml.push_str("<Owner>");
        text::element(xml, "ID", self.id);
        text::element(xml, "DisplayName", self.display_name);
        xml.push_str("</Owner>");
    }
}
