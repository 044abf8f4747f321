//! The answer to ListBuckets.

use jiff::Timestamp;

use super::{NAMESPACE, Owner, text};
use crate::timestamp;

/// One bucket of the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketEntry<'a> {
    /// Its name.
    pub name: &'a str,
    /// When it was made.
    pub creation_date: Timestamp,
}

/// The `ListAllMyBucketsResult` document.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListBucketsAnswer<'a> {
    /// Who owns the buckets.
    pub owner: Owner<'a>,
    /// The buckets, in the order of their names.
    pub buckets: &'a [BucketEntry<'a>],
    /// The prefix that was asked for.
    pub prefix: Option<&'a str>,
    /// Where the next page starts, if there is one.
    pub next_continuation_token: Option<&'a str>,
}

impl ListBucketsAnswer<'_> {
    /// The document.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut xml = String::with_capacity(256 + self.buckets.len() * 128);
        xml.push_str(text::DECLARATION);
        xml.push_str(&format!("<ListAllMyBucketsResult xmlns=\"{NAMESPACE}\">"));
        self.owner.write(&mut xml);
        xml.push_str("<Buckets>");
        for bucket in self.buckets {
            xml.push_str("<Bucket>");
            text::element(&mut xml, "Name", bucket.name);
            text::element(&mut xml, "CreationDate", &timestamp::in_listing(bucket.creation_date));
            xml.push_str("</Bucket>");
        }
        xml.push_str("</Buckets>");
        if let Some(prefix) = self.prefix {
            text::element(&mut xml, "Prefix", prefix);
        }
        if let Some(token) = self.next_continuation_token {
            text::element(&mut xml, "ContinuationToken", token);
        }
        xml.push_str("</ListAllMyBucketsResult>");
        xml
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner<'_> = Owner { id: "presign", display_name: "root" };

    #[test]
    fn writes_every_bucket() {
        let buckets =
            [BucketEntry { name: "photos", creation_date: "2026-11-21T17:15:42Z".parse().unwrap() }];
        let answer = ListBucketsAnswer {
            owner: OWNER,
            buckets: &buckets,
            prefix: None,
            next_continuation_token: None,
        };
        assert_eq!(
            answer.to_xml(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <ListAllMyBucketsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Owner><ID>presign</ID><DisplayName>root</DisplayName></Owner>\
             <Buckets><Bucket><Name>photos</Name><CreationDate>2026-11-21T17:15:42.000Z</CreationDate></Bucket></Buckets>\
             </ListAllMyBucketsResult>"
        );
    }

    #[test]
    fn writes_the_page_it_is() {
        let answer = ListBucketsAnswer {
            owner: OWNER,
            buckets: &[],
            prefix: Some("p<"),
            next_continuation_token: Some("token"),
        };
        assert!(answer.to_xml().ends_with(
            "<Buckets></Buckets><Prefix>p&lt;</Prefix><ContinuationToken>token</ContinuationToken></ListAllMyBucketsResult>"
        ));
    }
}
