//! Conditional requests (RFC 9110 §13), with the precedence that S3 documents.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>

use jiff::Timestamp;

use crate::{ETag, S3Error, http_date};

/// What conditions compare: the state of the object as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validators<'a> {
    /// Its entity tag.
    pub etag: &'a ETag,
    /// When it was last written. Only whole seconds count, since headers carry no more.
    pub last_modified: Timestamp,
}

/// The tags of an `If-Match` or `If-None-Match` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags {
    /// `*`: any object, as long as there is one.
    Any,
    /// One of these.
    List(Vec<ETag>),
}

impl Tags {
    /// Reads the header's value: `*`, or tags with commas between, each with or without quotes.
    #[must_use]
    pub fn parse(header: &str) -> Self {
        let header = header.trim();
        if header == "*" {
            return Self::Any;
        }
        // A comma inside quotes is part of a tag (RFC 9110 §8.8.3), though none of S3's own has one.
        let mut quoted = false;
        let tags = header.split(move |c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        });
        Self::List(tags.filter(|tag| !tag.trim().is_empty()).map(ETag::parse).collect())
    }

    fn matches(&self, etag: &ETag) -> bool {
        match self {
            Self::Any => true,
            Self::List(tags) => tags.contains(etag),
        }
    }
}

/// The conditions of a GET or HEAD.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadConditions {
    /// `If-Match`.
    pub if_match: Option<Tags>,
    /// `If-None-Match`.
    pub if_none_match: Option<Tags>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<Timestamp>,
    /// `If-Unmodified-Since`.
    pub if_unmodified_since: Option<Timestamp>,
}

/// What the conditions of a GET or HEAD come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Serve the object.
    Serve,
    /// Answer 304 with the validators and no body.
    NotModified,
}

impl ReadConditions {
    /// Weighs the conditions against the object. A tag outranks a date: where `If-Match` holds
    /// `If-Unmodified-Since` is not looked at, and where `If-None-Match` is sent `If-Modified-Since` is not.
    ///
    /// # Errors
    /// 412 `PreconditionFailed` with the condition that does not hold.
    pub fn evaluate(&self, object: Validators<'_>) -> Result<Verdict, S3Error> {
        let last_modified = object.last_modified.as_second();
        match (&self.if_match, self.if_unmodified_since) {
            (Some(tags), _) if !tags.matches(object.etag) => {
                return Err(S3Error::precondition_failed("If-Match"));
            }
            (None, Some(since)) if last_modified > since.as_second() => {
                return Err(S3Error::precondition_failed("If-Unmodified-Since"));
            }
            _ => {}
        }
        let modified = match (&self.if_none_match, self.if_modified_since) {
            (Some(tags), _) => !tags.matches(object.etag),
            (None, Some(since)) => last_modified > since.as_second(),
            (None, None) => true,
        };
        Ok(if modified { Verdict::Serve } else { Verdict::NotModified })
    }
}

/// The `If-Range` header: a range is served only if the object is still the one the client has a part of (RFC
/// 9110 §13.1.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfRange {
    /// It still has this tag.
    Tag(ETag),
    /// It was last written exactly then.
    Date(Timestamp),
    /// A weak tag, or nothing that can be read: never the same object.
    Never,
}

impl IfRange {
    /// Reads the header's value.
    #[must_use]
    pub fn parse(header: &str) -> Self {
        let header = header.trim();
        if header.starts_with('"') {
            return Self::Tag(ETag::parse(header));
        }
        http_date::parse(header).map_or(Self::Never, Self::Date)
    }

    /// Whether the range may be served; the whole object is served otherwise.
    #[must_use]
    pub fn holds(&self, object: Validators<'_>) -> bool {
        match self {
            Self::Tag(tag) => tag == object.etag,
            Self::Date(date) => date.as_second() == object.last_modified.as_second(),
            Self::Never => false,
        }
    }
}

/// The condition of a PUT or DELETE, which the store checks in the same step as it writes.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum WriteCondition {
    /// Write whatever is there.
    #[default]
    Always,
    /// `If-None-Match: *`: only if there is no object of that key.
    Absent,
    /// `If-Match: "etag"`: only if the object there has that tag.
    Matches(ETag),
}

impl WriteCondition {
    /// The condition of a PUT. S3 takes `If-None-Match: *` and `If-Match: "etag"`.
    ///
    /// # Errors
    /// 501 `NotImplemented` for any other value, as S3 answers, and for both headers at once.
    pub fn for_put(if_match: Option<&str>, if_none_match: Option<&str>) -> Result<Self, S3Error> {
        match (if_match.map(str::trim), if_none_match.map(str::trim)) {
            (None, None) => Ok(Self::Always),
            (None, Some("*")) => Ok(Self::Absent),
            (Some("*"), None) => Err(refused_value("If-Match")),
            (Some(tag), None) => Ok(Self::Matches(ETag::parse(tag))),
            (_, Some(_)) => Err(refused_value("If-None-Match")),
        }
    }

    /// The condition of a DELETE. S3 takes `If-Match: "etag"`, and `If-Match: *`, which this server does not
    /// have.
    ///
    /// # Errors
    /// 501 `NotImplemented` for `If-Match: *`, and for `If-None-Match`, which would make no sense.
    pub fn for_delete(if_match: Option<&str>, if_none_match: Option<&str>) -> Result<Self, S3Error> {
        match (if_match.map(str::trim), if_none_match) {
            (_, Some(_)) => Err(refused_value("If-None-Match")),
            (None, None) => Ok(Self::Always),
            (Some("*"), None) => Err(refused_value("If-Match")),
            (Some(tag), None) => Ok(Self::Matches(ETag::parse(tag))),
        }
    }

    /// The refusal when the condition does not hold: `object_exists` says whether there is an object of that
    /// key now. `If-Match` on a key without an object is 404 `NoSuchKey`, everything else 412
    /// `PreconditionFailed`.
    pub fn refusal(&self, key: &str, object_exists: bool) -> S3Error {
        match self {
            Self::Absent => S3Error::precondition_failed("If-None-Match"),
            Self::Matches(_) if !object_exists => S3Error::no_such_key(key),
            _ => S3Error::precondition_failed("If-Match"),
        }
    }
}

fn refused_value(header: &str) -> S3Error {
    S3Error::header_not_implemented(
        header,
        format!("We don't accept the provided value of {header} header for this API"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    const MODIFIED: i64 = 784_111_777;

    fn object(etag: &ETag) -> Validators<'_> {
        Validators { etag, last_modified: Timestamp::from_millisecond(MODIFIED * 1000 + 900).unwrap() }
    }

    /// `serve`, `304`, or the condition that failed.
    fn outcome(conditions: &ReadConditions) -> String {
        match conditions.evaluate(object(&ETag::new("abc"))) {
            Ok(Verdict::Serve) => "serve".to_owned(),
            Ok(Verdict::NotModified) => "304".to_owned(),
            Err(refusal) => {
                assert_eq!(refusal.status(), 412);
                refusal.fields()[0].1.clone()
            }
        }
    }

    fn conditions(
        if_match: &str,
        if_none_match: &str,
        modified_since: Option<i64>,
        unmodified_since: Option<i64>,
    ) -> ReadConditions {
        let tags = |header: &str| (!header.is_empty()).then(|| Tags::parse(header));
        let date =
            |offset: Option<i64>| offset.map(|offset| Timestamp::from_second(MODIFIED + offset).unwrap());
        ReadConditions {
            if_match: tags(if_match),
            if_none_match: tags(if_none_match),
            if_modified_since: date(modified_since),
            if_unmodified_since: date(unmodified_since),
        }
    }

    #[test]
    fn each_condition_alone() {
        for (if_match, if_none_match, modified_since, unmodified_since, expected) in [
            ("", "", None, None, "serve"),
            ("\"abc\"", "", None, None, "serve"),
            ("abc", "", None, None, "serve"),
            ("*", "", None, None, "serve"),
            ("\"x\", W/\"abc\"", "", None, None, "serve"),
            ("\"x\"", "", None, None, "If-Match"),
            ("\"ABC\"", "", None, None, "If-Match"),
            ("", "\"abc\"", None, None, "304"),
            ("", "*", None, None, "304"),
            ("", "\"x\", \"y\"", None, None, "serve"),
            ("", "", Some(0), None, "304"),
            ("", "", Some(1), None, "304"),
            ("", "", Some(-1), None, "serve"),
            ("", "", None, Some(0), "serve"),
            ("", "", None, Some(1), "serve"),
            ("", "", None, Some(-1), "If-Unmodified-Since"),
        ] {
            let conditions = conditions(if_match, if_none_match, modified_since, unmodified_since);
            assert_eq!(outcome(&conditions), expected, "{conditions:?}");
        }
    }

    #[test]
    fn a_tag_outranks_a_date() {
        assert_eq!(outcome(&conditions("abc", "", None, Some(-1))), "serve");
        assert_eq!(outcome(&conditions("", "abc", Some(-1), None)), "304");
        assert_eq!(outcome(&conditions("", "x", Some(1), None)), "serve");
        assert_eq!(outcome(&conditions("x", "abc", None, None)), "If-Match");
    }

    #[test]
    fn a_comma_in_quotes_does_not_divide() {
        assert_eq!(Tags::parse("\"a,b\",c,"), Tags::List(vec![ETag::new("a,b"), ETag::new("c")]));
    }

    #[test]
    fn a_range_is_served_only_of_the_same_object() {
        let etag = ETag::new("abc");
        for header in ["\"abc\"", "Sun, 06 Nov 1994 08:49:37 GMT"] {
            assert!(IfRange::parse(header).holds(object(&etag)), "{header}");
        }
        for header in ["\"x\"", "W/\"abc\"", "Sun, 06 Nov 1994 08:49:36 GMT", "nonsense", ""] {
            assert!(!IfRange::parse(header).holds(object(&etag)), "{header}");
        }
    }

    #[test]
    fn a_put_takes_what_s3_takes() {
        assert_eq!(WriteCondition::for_put(None, None), Ok(WriteCondition::Always));
        assert_eq!(WriteCondition::for_put(None, Some(" * ")), Ok(WriteCondition::Absent));
        assert_eq!(
            WriteCondition::for_put(Some("\"abc\""), None),
            Ok(WriteCondition::Matches(ETag::new("abc")))
        );
        for (if_match, if_none_match) in
            [(None, Some("\"abc\"")), (Some("*"), None), (Some("\"abc\""), Some("*"))]
        {
            let refusal = WriteCondition::for_put(if_match, if_none_match).unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::NotImplemented);
            assert_eq!(refusal.fields().len(), 2);
        }
    }

    #[test]
    fn the_refusal_says_which_condition() {
        assert_eq!(WriteCondition::Absent.refusal("k", true), S3Error::precondition_failed("If-None-Match"));
        let matches = WriteCondition::Matches(ETag::new("abc"));
        assert_eq!(matches.refusal("k", true), S3Error::precondition_failed("If-Match"));
        assert_eq!(matches.refusal("k", false), S3Error::no_such_key("k"));
    }
}
