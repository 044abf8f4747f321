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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    fn region(body: &str) -> Result<Option<String>, ErrorCode> {
        CreateBucketConfiguration::parse(body.as_bytes())
            .map(|configuration| configuration.location_constraint)
            .map_err(|refusal| refusal.code())
    }

    #[test]
    fn takes_the_region() {
        let body = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n  \
                    <LocationConstraint>eu-west-1</LocationConstraint>\n</CreateBucketConfiguration>";
        assert_eq!(region(body), Ok(Some("eu-west-1".to_owned())));
    }

    #[test]
    fn nothing_asks_for_nothing() {
        for body in [
            "",
            "<CreateBucketConfiguration/>",
            "<CreateBucketConfiguration><LocationConstraint/></CreateBucketConfiguration>",
        ] {
            assert_eq!(region(body), Ok(None), "{body}");
        }
    }

    #[test]
    fn refuses_another_document() {
        for body in [
            "<LocationConstraint>eu-west-1</LocationConstraint>",
            "<CreateBucketConfiguration>eu-west-1</CreateBucketConfiguration>",
            "<CreateBucketConfiguration><Region>a</Region></CreateBucketConfiguration>",
            "<CreateBucketConfiguration><LocationConstraint>a</LocationConstraint>\
             <LocationConstraint>b</LocationConstraint></CreateBucketConfiguration>",
            " ",
        ] {
            assert_eq!(region(body), Err(ErrorCode::MalformedXML), "{body}");
        }
    }

    #[test]
    fn refuses_what_it_would_have_to_leave_out() {
        for part in ["<Bucket><Type>Directory</Type></Bucket>", "<Tags/>"] {
            let body = format!("<CreateBucketConfiguration>{part}</CreateBucketConfiguration>");
            assert_eq!(region(&body), Err(ErrorCode::NotImplemented));
        }
    }

    #[test]
    fn only_the_servers_own_region_will_do() {
        let asking = |region: Option<&str>| CreateBucketConfiguration {
            location_constraint: region.map(str::to_owned),
        };
        assert_eq!(asking(None).check_region("eu-west-1"), Ok(()));
        assert_eq!(asking(Some("eu-west-1")).check_region("eu-west-1"), Ok(()));
        let refusal = asking(Some("eu-west-2")).check_region("eu-west-1").unwrap_err();
        assert_eq!(refusal.code(), ErrorCode::IllegalLocationConstraintException);
    }
}
