//! The answer to GetBucketLocation.

use super::{NAMESPACE, text};

/// The `LocationConstraint` document. us-east-1 is an empty element, because it is older than the parameter.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html>
#[must_use]
pub fn location_constraint(region: &str) -> String {
    let declaration = text::DECLARATION;
    if region == "us-east-1" {
        return format!("{declaration}<LocationConstraint xmlns=\"{NAMESPACE}\"/>");
    }
    let mut xml = format!("{declaration}<LocationConstraint xmlns=\"{NAMESPACE}\">");
    text::escape(&mut xml, region);
    xml.push_str("</LocationConstraint>");
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_region() {
        assert_eq!(
            location_constraint("eu-west-1"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">eu-west-1</LocationConstraint>"
        );
    }

    #[test]
    fn us_east_1_is_empty() {
        assert_eq!(
            location_constraint("us-east-1"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>"
        );
    }
}
