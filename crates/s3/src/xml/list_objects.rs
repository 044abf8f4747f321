//! The answers to ListObjectsV2 and to the older ListObjects.

use jiff::Timestamp;

use super::{NAMESPACE, Owner, text};
use crate::{
    ETag,
    operation::{EncodingType, KeySelection},
    timestamp,
};

/// One object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEntry<'a> {
    /// Its key.
    pub key: &'a str,
    /// When it was last written.
    pub last_modified: Timestamp,
    /// Its entity tag.
    pub etag: &'a ETag,
    /// Bytes of its content.
    pub size: u64,
    /// Its storage class: `STANDARD`.
    pub storage_class: &'a str,
    /// Its owner; ListObjectsV2 names it only when asked (`fetch-owner=true`).
    pub owner: Option<Owner<'a>>,
}

/// What the answers of both versions have: a page of the keys that were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPage<'a> {
    /// What was asked for.
    pub keys: &'a KeySelection,
    /// The objects, in the order of their keys.
    pub objects: &'a [ObjectEntry<'a>],
    /// The common prefixes, in order.
    pub common_prefixes: &'a [&'a str],
}

/// The `ListBucketResult` document of ListObjectsV2.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListObjectsV2Answer<'a> {
    /// The page.
    pub page: KeyPage<'a>,
    /// The token that was sent.
    pub continuation_token: Option<&'a str>,
    /// The `start-after` that was sent.
    pub start_after: Option<&'a str>,
    /// Where the next page starts; there is one exactly if this is some.
    pub next_continuation_token: Option<&'a str>,
}

impl ListObjectsV2Answer<'_> {
    /// The document.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let (page, names) = (&self.page, Names(self.page.keys.encoding_type));
        let mut xml = page.begin();
        if let Some(delimiter) = &page.keys.delimiter {
            names.write(&mut xml, "Delimiter", delimiter);
        }
        if let Some(start_after) = self.start_after {
            names.write(&mut xml, "StartAfter", start_after);
        }
        if let Some(token) = self.continuation_token {
            text::element(&mut xml, "ContinuationToken", token);
        }
        if let Some(token) = self.next_continuation_token {
            text::element(&mut xml, "NextContinuationToken", token);
        }
        text::element(&mut xml, "KeyCount", &page.entries().to_string());
        text::element(&mut xml, "MaxKeys", &page.keys.max_keys.to_string());
        page.end(xml, self.next_continuation_token.is_some())
    }
}

/// The `ListBucketResult` document of ListObjects, the first version.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListObjectsAnswer<'a> {
    /// The page.
    pub page: KeyPage<'a>,
    /// The marker that was sent, empty for none.
    pub marker: &'a str,
    /// Whether there is a next page.
    pub is_truncated: bool,
    /// The last key or common prefix of this page. S3 gives it only when a delimiter was asked for; without
    /// one, clients take the last key.
    pub next_marker: Option<&'a str>,
}

impl ListObjectsAnswer<'_> {
    /// The document.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let (page, names) = (&self.page, Names(self.page.keys.encoding_type));
        let mut xml = page.begin();
        names.write(&mut xml, "Marker", self.marker);
        if let Some(next_marker) = self.next_marker {
            names.write(&mut xml, "NextMarker", next_marker);
        }
        text::element(&mut xml, "MaxKeys", &page.keys.max_keys.to_string());
        if let Some(delimiter) = &page.keys.delimiter {
            names.write(&mut xml, "Delimiter", delimiter);
        }
        page.end(xml, self.is_truncated)
    }
}

impl KeyPage<'_> {
    fn entries(&self) -> usize {
        self.objects.len() + self.common_prefixes.len()
    }

    /// The document up to what the two versions write differently.
    fn begin(&self) -> String {
        let mut xml = String::with_capacity(512 + self.entries() * 320);
        xml.push_str(text::DECLARATION);
        xml.push_str(&format!("<ListBucketResult xmlns=\"{NAMESPACE}\">"));
        text::element(&mut xml, "Name", self.keys.bucket.as_str());
        Names(self.keys.encoding_type).write(&mut xml, "Prefix", &self.keys.prefix);
        xml
    }

    /// The rest of the document.
    fn end(&self, mut xml: String, is_truncated: bool) -> String {
        let names = Names(self.keys.encoding_type);
        names.write_type(&mut xml);
        text::flag(&mut xml, "IsTruncated", is_truncated);
        names.write_entries(&mut xml, self.objects, self.common_prefixes);
        xml.push_str("</ListBucketResult>");
        xml
    }
}

/// Writes keys, prefixes and the like in the encoding that was asked for.
#[derive(Clone, Copy)]
struct Names(Option<EncodingType>);

impl Names {
    fn write(self, xml: &mut String, element: &str, name: &str) {
        match self.0 {
            None => text::exact_element(xml, element, name),
            // `%20` and not `+` for a space: clients decode by either rule, and only `%20` is right under both.
            Some(EncodingType::Url) => text::element(xml, element, &presign::encode_path(name)),
        }
    }

    fn write_type(self, xml: &mut String) {
        if let Some(EncodingType::Url) = self.0 {
            text::element(xml, "EncodingType", "url");
        }
    }

    fn write_entries(self, xml: &mut String, objects: &[ObjectEntry<'_>], common_prefixes: &[&str]) {
        for object in objects {
            xml.push_str("<Contents>");
            self.write(xml, "Key", object.key);
            text::element(xml, "LastModified", &timestamp::in_listing(object.last_modified));
            // S3 escapes the quotes here, though it need not.
            xml.push_str("<ETag>&quot;");
            text::escape(xml, object.etag.as_str());
            xml.push_str("&quot;</ETag>");
            text::element(xml, "Size", &object.size.to_string());
            if let Some(owner) = &object.owner {
                owner.write(xml);
            }
            text::element(xml, "StorageClass", object.storage_class);
            xml.push_str("</Contents>");
        }
        for prefix in common_prefixes {
            xml.push_str("<CommonPrefixes>");
            self.write(xml, "Prefix", prefix);
            xml.push_str("</CommonPrefixes>");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BucketName;

    fn time() -> Timestamp {
        "2026-11-21T17:15:42Z".parse().unwrap()
    }

    fn entry<'a>(key: &'a str, etag: &'a ETag) -> ObjectEntry<'a> {
        ObjectEntry { key, last_modified: time(), etag, size: 11, storage_class: "STANDARD", owner: None }
    }

    fn selection(prefix: &str, delimiter: &str, max_keys: u32) -> KeySelection {
        KeySelection {
            bucket: BucketName::parse("bucket").unwrap(),
            prefix: prefix.to_owned(),
            delimiter: Some(delimiter.to_owned()),
            max_keys,
            encoding_type: None,
        }
    }

    #[test]
    fn writes_a_page() {
        let etag = ETag::new("d41d8cd98f00b204e9800998ecf8427e");
        let answer = ListObjectsV2Answer {
            page: KeyPage {
                keys: &selection("a&b/", "/", 2),
                objects: &[entry("a&b/<c>\u{1}", &etag)],
                common_prefixes: &["a&b/d/"],
            },
            continuation_token: Some("this"),
            start_after: None,
            next_continuation_token: Some("next"),
        };
        assert_eq!(
            answer.to_xml(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Name>bucket</Name><Prefix>a&amp;b/</Prefix><Delimiter>/</Delimiter>\
             <ContinuationToken>this</ContinuationToken><NextContinuationToken>next</NextContinuationToken>\
             <KeyCount>2</KeyCount><MaxKeys>2</MaxKeys><IsTruncated>true</IsTruncated>\
             <Contents><Key>a&amp;b/&lt;c&gt;&#1;</Key><LastModified>2026-11-21T17:15:42.000Z</LastModified>\
             <ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>11</Size>\
             <StorageClass>STANDARD</StorageClass></Contents>\
             <CommonPrefixes><Prefix>a&amp;b/d/</Prefix></CommonPrefixes></ListBucketResult>"
        );
    }

    #[test]
    fn encodes_names_when_asked() {
        let etag = ETag::new("e");
        let owner = Owner { id: "presign", display_name: "root" };
        let keys = KeySelection { encoding_type: Some(EncodingType::Url), ..selection("a b", "+", 1000) };
        let answer = ListObjectsV2Answer {
            page: KeyPage {
                keys: &keys,
                objects: &[ObjectEntry { owner: Some(owner), ..entry("a b/\u{1}", &etag) }],
                common_prefixes: &["a b+"],
            },
            continuation_token: None,
            start_after: Some("é"),
            next_continuation_token: None,
        };
        let xml = answer.to_xml();
        for part in [
            "<Prefix>a%20b</Prefix><Delimiter>%2B</Delimiter><StartAfter>%C3%A9</StartAfter><KeyCount>2</KeyCount>",
            "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><Contents><Key>a%20b/%01</Key>",
            "<Size>11</Size><Owner><ID>presign</ID><DisplayName>root</DisplayName></Owner><StorageClass>",
            "<CommonPrefixes><Prefix>a%20b%2B</Prefix></CommonPrefixes>",
        ] {
            assert!(xml.contains(part), "{part} in {xml}");
        }
    }

    #[test]
    fn the_first_version_has_markers() {
        let etag = ETag::new("e");
        let answer = ListObjectsAnswer {
            page: KeyPage {
                keys: &selection("", "/", 1),
                objects: &[entry("b", &etag)],
                common_prefixes: &[],
            },
            marker: "a",
            is_truncated: true,
            next_marker: Some("b"),
        };
        let xml = answer.to_xml();
        let head = "<Name>bucket</Name><Prefix></Prefix><Marker>a</Marker><NextMarker>b</NextMarker>\
                    <MaxKeys>1</MaxKeys><Delimiter>/</Delimiter><IsTruncated>true</IsTruncated><Contents>";
        assert!(xml.contains(head), "{xml}");
        assert!(!xml.contains("KeyCount"));
    }
}
