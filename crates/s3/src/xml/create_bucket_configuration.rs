//! The request body of CreateBucket.

use super::reader;
use crate::S3Error;

/// What a `CreateBucketConfiguration` asks for.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateBucketConfiguration {
    /// The region that the bucket should be in; `None` leaves it to the server.
    pub location_constraint: Option<String>,
}

impl CreateBucketConfiguration {
    /// Reads the body of a CreateBucket request; an empty one asks for nothing.
    ///
    /// # Errors
    /// 400 `MalformedXML` if it is not that document, 400 `MaxMessageLengthExceeded` past 1 MiB, and 501
    /// `NotImplemented` for a directory bucket or tags, which must not be made silently into something else.
    pub fn parse(body: &[u8]) -> Result<Self, S3Error> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let root = reader::parse(body)?;
        if root.name != "CreateBucketConfiguration" || !root.text.is_empty() {
            return Err(S3Error::malformed_xml());
        }
        let mut configuration = Self::default();
        for child in root.children {
            match child.name.as_str() {
                "LocationConstraint"
                    if child.children.is_empty() && configuration.location_constraint.is_none() =>
                {
                    configuration.location_constraint = Some(child.text);
                }
                "Bucket" | "Location" => {
                    return Err(S3Error::operation_not_implemented("CreateBucket of a directory bucket"));
                }
                "Tags" => return Err(S3Error::operation_not_implemented("CreateBucket with tags")),
                _ => return Err(S3Error::malformed_xml()),
            }
        }
        configuration.location_constraint =
            configuration.location_constraint.filter(|region| !region.is_empty());
        Ok(configuration)
    }

    /// Checks that the bucket may be made in `region`, the server's own.
    ///
    /// # Errors
    /// 400 `IllegalLocationConstraintException` if another region is asked for.
    pub fn check_region(&self, region: &str) -> Result<(), S3Error> {
        match &self.location_constraint {
            Some(asked_for) if asked_for != region => Err(S3Error::illegal_location_constraint(asked_for)),
            _ => Ok(()),
        }
    }
}
