//! Conditional requests: `If-Match`, `If-None-Match`, the dates, `If-Range`.

use jiff::Timestamp;
use presign_s3::ETag;
use presign_s3::condition::{IfRange, ReadConditions, Tags, Validators, Verdict, WriteCondition};
use presign_s3::http_date;

use crate::lines::lines;

/// The object's tag, then the headers: If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range.
pub fn run(input: &[u8]) {
    let Some([tag, if_match, if_none_match, modified_since, unmodified_since, if_range]) = lines(input)
    else {
        return;
    };
    let etag = ETag::new(tag);
    let last_modified = Timestamp::constant(784_111_777, 500_000_000);
    let object = Validators { etag: &etag, last_modified };
    let sent = |header| Some(header).filter(|header: &&str| !header.is_empty());
    let conditions = ReadConditions {
        if_match: sent(if_match).map(Tags::parse),
        if_none_match: sent(if_none_match).map(Tags::parse),
        if_modified_since: http_date::parse(modified_since),
        if_unmodified_since: http_date::parse(unmodified_since),
    };
    let expected = plain_verdict(&conditions, tag, last_modified.as_second());
    match conditions.evaluate(object) {
        Ok(Verdict::Serve) => assert_eq!(expected, 200),
        Ok(Verdict::NotModified) => assert_eq!(expected, 304),
        Err(refusal) => assert_eq!(u32::from(refusal.status()), expected),
    }
    // The object's own tag, printed as the ETag header is, is a match of itself, unless it has a quote in it, which
    // none of S3's has.
    if !tag.contains('"') {
        let own =
            ReadConditions { if_match: Some(Tags::parse(&etag.to_string())), ..ReadConditions::default() };
        assert_eq!(own.evaluate(object), Ok(Verdict::Serve), "{tag:?}");
        assert!(IfRange::parse(&etag.to_string()).holds(object), "{tag:?}");
    }
    // A weak tag is never good enough for a part.
    if if_range.trim_start().starts_with("W/") {
        assert!(!IfRange::parse(if_range).holds(object));
    }
    // A write with both headers, or with one that S3 does not take, is refused and not made unconditional.
    if let Ok(WriteCondition::Always) = WriteCondition::for_put(sent(if_match), sent(if_none_match)) {
        assert!(if_match.is_empty() && if_none_match.is_empty());
    }
    if let Ok(WriteCondition::Always) = WriteCondition::for_delete(sent(if_match), sent(if_none_match)) {
        assert!(if_match.is_empty() && if_none_match.is_empty());
    }
}

/// The table of RFC 9110 §13.2.2, without the dates that a tag outranks.
fn plain_verdict(conditions: &ReadConditions, tag: &str, modified: i64) -> u32 {
    let matches = |tags: &Tags| match tags {
        Tags::Any => true,
        Tags::List(tags) => tags.iter().any(|known| known.as_str() == tag),
    };
    if let Some(tags) = &conditions.if_match {
        if !matches(tags) {
            return 412;
        }
    } else if conditions.if_unmodified_since.is_some_and(|since| modified > since.as_second()) {
        return 412;
    }
    if let Some(tags) = &conditions.if_none_match {
        if matches(tags) {
            return 304;
        }
    } else if conditions.if_modified_since.is_some_and(|since| modified <= since.as_second()) {
        return 304;
    }
    200
}
