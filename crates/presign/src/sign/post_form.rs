//! Signing a form with which a browser uploads straight to the store.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::bucket_url::BucketUrl;
use crate::sign::headers::lower_header_name;
use crate::sign::post_policy::{PostCondition, policy_json};
use crate::sign::prepared::check_key;
use crate::sign::{DEFAULT_LIFE, MAX_LIFE, SignError, Signer};
use crate::signing_key::ALGORITHM;
use crate::sigv2;
use crate::timestamp::Timestamp;

/// The largest upload that S3 takes in one request: 5 GiB.
const MAX_UPLOAD_BYTES: u64 = 5 << 30;

/// What stands in a key for the uploaded file's own name.
const FILENAME: &str = "${filename}";

/// What a form shall allow: uploads to one key, or to all keys with a prefix.
///
/// ```
/// use presign::PostRequest;
///
/// let avatar = PostRequest::new("avatars/${filename}").max_size(1 << 20).content_type("image/*");
/// ```
#[derive(Clone, Debug)]
pub struct PostRequest {
    key: String,
    fields: Vec<(String, String)>,
    conditions: Vec<PostCondition>,
    min_size: Option<u64>,
    max_size: Option<u64>,
    life: Duration,
}

impl PostRequest {
    /// Uploads to that key. Where it ends in `${filename}`, the store puts the uploaded file's name there, and
    /// any key with the prefix before it is allowed.
    pub fn new(key: impl Into<String>) -> Self {
        PostRequest {
            key: key.into(),
            fields: Vec::new(),
            conditions: Vec::new(),
            min_size: None,
            max_size: None,
            life: DEFAULT_LIFE,
        }
    }

    /// A field of the form, as boto3's `Fields` has it. The policy must speak of it, in a condition of its own.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// A condition, as boto3's `Conditions` has it. Those on the bucket and the key are written by the signer.
    #[must_use]
    pub fn condition(mut self, condition: PostCondition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// A field of the form with the condition that it stays as it is.
    #[must_use]
    pub fn fixed_field(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.field(name.clone(), value.clone()).condition(PostCondition::Equals { field: name, value })
    }

    /// The largest file, in bytes.
    #[must_use]
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = Some(bytes);
        self
    }

    /// The smallest file, in bytes.
    #[must_use]
    pub fn min_size(mut self, bytes: u64) -> Self {
        self.min_size = Some(bytes);
        self
    }

    /// The Content-Type: `image/png` becomes a field of the form, `image/*` and `*/*` a condition on the field
    /// that the form's user adds.
    #[must_use]
    pub fn content_type(self, media_range: &str) -> Self {
        match media_range.strip_suffix('*') {
            Some("*/") => self.condition(PostCondition::starts_with("Content-Type", "")),
            Some(prefix) => self.condition(PostCondition::starts_with("Content-Type", prefix)),
            None => self.fixed_field("Content-Type", media_range),
        }
    }

    /// The status of the answer to an upload: 200, 201 with a description of the object, or 204, as it is
    /// without this.
    #[must_use]
    pub fn success_action_status(self, status: u16) -> Self {
        self.fixed_field("success_action_status", status.to_string())
    }

    /// Where the browser is sent after an upload; an absolute URL.
    #[must_use]
    pub fn success_action_redirect(self, url: impl Into<String>) -> Self {
        self.fixed_field("success_action_redirect", url)
    }

    /// How long uploads are taken. One second to seven days; fractions are dropped.
    #[must_use]
    pub fn expires_in(mut self, life: Duration) -> Self {
        self.life = life;
        self
    }

    /// The caller's fields and the key.
    fn checked_fields(&self) -> Result<Vec<(String, String)>, SignError> {
        check_key(&self.key)?;
        for (at, (name, _)) in self.fields.iter().enumerate() {
            let lower = lower_header_name(name, "").map_err(|_| SignError::InvalidField(name.clone()))?;
            if WRITTEN_BY_THE_SIGNER.contains(&lower.as_str()) {
                return Err(SignError::ReservedField(name.clone()));
            }
            if self.fields.iter().take(at).any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
                return Err(SignError::RepeatedField(name.clone()));
            }
            let is_meant = |condition: &PostCondition| {
                condition.field().is_some_and(|field| field.eq_ignore_ascii_case(name))
            };
            if !lower.starts_with("x-ignore-") && !self.conditions.iter().any(is_meant) {
                return Err(SignError::FieldWithoutCondition(name.clone()));
            }
        }
        let mut fields = Vec::with_capacity(self.fields.len() + 7);
        fields.extend_from_slice(&self.fields);
        push(&mut fields, "key", &self.key);
        Ok(fields)
    }

    /// The caller's conditions, and those on size, bucket and key.
    fn checked_conditions(&self, bucket: &str) -> Result<Vec<PostCondition>, SignError> {
        let mut conditions = Vec::with_capacity(self.conditions.len() + 7);
        conditions.extend_from_slice(&self.conditions);
        if self.min_size.is_some() || self.max_size.is_some() {
            let (min, max) = (self.min_size.unwrap_or(0), self.max_size.unwrap_or(MAX_UPLOAD_BYTES));
            conditions.push(PostCondition::ContentLengthRange { min, max });
        }
        for condition in &conditions {
            if let PostCondition::ContentLengthRange { min, max } = *condition
                && min > max
            {
                return Err(SignError::InvalidSizeRange { min, max });
            }
        }
        conditions.push(PostCondition::equals("bucket", bucket));
        conditions.push(match self.key.strip_suffix(FILENAME) {
            Some(prefix) => PostCondition::starts_with("key", prefix),
            None => PostCondition::equals("key", &self.key),
        });
        Ok(conditions)
    }

    fn expiration(&self, now: Timestamp) -> Result<Timestamp, SignError> {
        let seconds = self.life.as_secs();
        if seconds == 0 || seconds > MAX_LIFE.as_secs() {
            return Err(SignError::LifeOutOfRange { seconds, stable_seconds: 0 });
        }
        Ok(now.plus(Duration::from_secs(seconds)))
    }
}

/// Fields that follow from the signature, or from the request's other parts; in lower case.
const WRITTEN_BY_THE_SIGNER: [&str; 12] = [
    "awsaccesskeyid",
    "bucket",
    "file",
    "key",
    "policy",
    "signature",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
];

/// A signed form: where it is sent to, and what is sent before the file.
#[derive(Clone, PartialEq, Eq)]
pub struct PostForm {
    url: String,
    fields: Vec<(String, String)>,
    expires_at: Timestamp,
}

impl PostForm {
    /// The form's action.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The fields in the order in which they are to be sent. The file comes last, in a field named `file`; S3
    /// does not look at what comes after it.
    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    /// The first second in which the form no longer works.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

/// The form is a credential while it lives, so its fields are not printed.
impl fmt::Debug for PostForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostForm")
            .field("url", &self.url)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// Signs a form, as of `now`.
    ///
    /// ```
    /// use presign::{Addressing, Credentials, Endpoint, PostRequest, Signer, Timestamp};
    ///
    /// let signer = Signer::new(Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret"), "eu-central-1")?;
    /// let bucket = Endpoint::aws("eu-central-1")?.bucket("photos", Addressing::Auto)?;
    /// let request = PostRequest::new("users/7/${filename}").max_size(10 << 20);
    /// let form = signer.post_form(&bucket, &request, Timestamp::from_unix(1_795_282_542))?;
    /// assert_eq!(form.url(), "https://photos.s3.eu-central-1.amazonaws.com/");
    /// let names: Vec<_> = form.fields().iter().map(|(name, _)| name.as_str()).collect();
    /// assert_eq!(
    ///     names,
    ///     ["key", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "policy", "x-amz-signature"]
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SignError`]: the life, the key, a field or the range of sizes is not one that S3 takes.
    pub fn post_form(
        &self,
        bucket: &BucketUrl,
        request: &PostRequest,
        now: Timestamp,
    ) -> Result<PostForm, SignError> {
        let expires_at = request.expiration(now)?;
        let mut fields = request.checked_fields()?;
        let mut conditions = request.checked_conditions(bucket.bucket())?;
        let time = now.basic();
        let day = self.day(&time);
        let key = day.key();
        let credential = format!("{}/{}", self.credentials().access_key_id(), key.scope());
        let token = self.credentials().session_token().map(|token| ("x-amz-security-token", token));
        let signed = [
            ("x-amz-algorithm", ALGORITHM),
            ("x-amz-credential", &credential),
            ("x-amz-date", time.as_str()),
        ];
        for (name, value) in signed.into_iter().chain(token) {
            push(&mut fields, name, value);
            conditions.push(PostCondition::equals(name, value));
        }
        let policy = STANDARD.encode(policy_json(expires_at, &conditions));
        let signature = key.sign_text(policy.as_bytes()).to_hex();
        push(&mut fields, "policy", &policy);
        push(&mut fields, "x-amz-signature", signature.as_str());
        Ok(PostForm { url: form_url(bucket), fields, expires_at })
    }

    /// Signs a form of the old kind, Signature Version 2. Do not use it where SigV4 is understood; see
    /// [`Signer::presign_sigv2`].
    ///
    /// # Errors
    /// As [`Signer::post_form`].
    pub fn post_form_sigv2(
        &self,
        bucket: &BucketUrl,
        request: &PostRequest,
        now: Timestamp,
    ) -> Result<PostForm, SignError> {
        let expires_at = request.expiration(now)?;
        let mut fields = request.checked_fields()?;
        let mut conditions = request.checked_conditions(bucket.bucket())?;
        push(&mut fields, "AWSAccessKeyId", self.credentials().access_key_id());
        if let Some(token) = self.credentials().session_token() {
            push(&mut fields, "x-amz-security-token", token);
            conditions.push(PostCondition::equals("x-amz-security-token", token));
        }
        let policy = STANDARD.encode(policy_json(expires_at, &conditions));
        let signature = sigv2::sign(self.credentials().secret_access_key(), &policy);
        push(&mut fields, "policy", &policy);
        push(&mut fields, "signature", &signature);
        Ok(PostForm { url: form_url(bucket), fields, expires_at })
    }
}

fn push(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.push((name.to_owned(), value.to_owned()));
}

fn form_url(bucket: &BucketUrl) -> String {
    let slash = if bucket.path().is_empty() { "/" } else { "" };
    format!("{}{}{slash}", bucket.origin(), bucket.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Credentials;

    fn bucket() -> BucketUrl {
        BucketUrl::path_style("http://localhost:9000", "photos").unwrap()
    }

    fn sign(request: &PostRequest) -> Result<PostForm, SignError> {
        let signer = Signer::new(Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret"), "us-east-1").unwrap();
        let now = Timestamp::from_unix(0);
        let form = signer.post_form(&bucket(), request, now);
        assert_eq!(form.as_ref().err(), signer.post_form_sigv2(&bucket(), request, now).as_ref().err());
        form
    }

    /// The policy, from its conditions to the bucket's.
    fn conditions(request: &PostRequest) -> String {
        let form = sign(request).unwrap();
        let (_, policy) = form.fields().iter().find(|(name, _)| name == "policy").unwrap();
        let json = String::from_utf8(STANDARD.decode(policy).unwrap()).unwrap();
        let (_, conditions) = json.split_once("\"conditions\": [").unwrap();
        conditions.split_once("{\"bucket\": \"photos\"}").unwrap().0.trim_end_matches(", ").to_owned()
    }

    #[test]
    fn conveniences_are_conditions() {
        let new = || PostRequest::new("k");
        for (request, expected) in [
            (new(), ""),
            (new().max_size(10), r#"["content-length-range", 0, 10]"#),
            (new().min_size(1), r#"["content-length-range", 1, 5368709120]"#),
            (new().min_size(1).max_size(1), r#"["content-length-range", 1, 1]"#),
            (new().content_type("image/*"), r#"["starts-with", "$Content-Type", "image/"]"#),
            (new().content_type("*/*"), r#"["starts-with", "$Content-Type", ""]"#),
            (new().content_type("image/png"), r#"{"Content-Type": "image/png"}"#),
            (new().success_action_status(201), r#"{"success_action_status": "201"}"#),
            (
                new().max_size(2).success_action_redirect("https://e.org/"),
                r#"{"success_action_redirect": "https://e.org/"}, ["content-length-range", 0, 2]"#,
            ),
        ] {
            assert_eq!(conditions(&request), expected);
        }
        let field = |request: &PostRequest| sign(request).unwrap().fields()[0].clone();
        assert_eq!(field(&new().content_type("image/png")), ("Content-Type".into(), "image/png".into()));
        assert_eq!(field(&new().content_type("image/*")), ("key".into(), "k".into()));
    }

    #[test]
    fn every_field_needs_a_condition() {
        let with_field = || PostRequest::new("k").field("ACL", "private");
        assert_eq!(sign(&with_field()).unwrap_err(), SignError::FieldWithoutCondition("ACL".to_owned()));
        assert!(sign(&with_field().condition(PostCondition::starts_with("acl", ""))).is_ok());
        assert!(sign(&PostRequest::new("k").field("x-ignore-me", "1")).is_ok());
    }

    #[test]
    fn fields_that_would_break_the_form_are_refused() {
        let fixed = |name: &str| PostRequest::new("k").fixed_field(name, "1");
        assert!(sign(&fixed("x-amz-meta-a")).is_ok());
        for name in ["key", "Policy", "X-Amz-Signature", "awsaccesskeyid", "file"] {
            assert_eq!(sign(&fixed(name)).unwrap_err(), SignError::ReservedField(name.to_owned()));
        }
        for name in ["", "a b", "a\"b", "a\r\nb"] {
            assert_eq!(sign(&fixed(name)).unwrap_err(), SignError::InvalidField(name.to_owned()));
        }
        assert_eq!(
            sign(&fixed("acl").fixed_field("Acl", "2")).unwrap_err(),
            SignError::RepeatedField("Acl".to_owned())
        );
    }

    #[test]
    fn limits_of_key_size_and_life() {
        assert_eq!(sign(&PostRequest::new("")).unwrap_err(), SignError::EmptyKey);
        assert_eq!(
            sign(&PostRequest::new("k".repeat(1025))).unwrap_err(),
            SignError::KeyTooLong { bytes: 1025 }
        );
        assert_eq!(
            sign(&PostRequest::new("k").min_size(2).max_size(1)).unwrap_err(),
            SignError::InvalidSizeRange { min: 2, max: 1 }
        );
        let living = |life| sign(&PostRequest::new("k").expires_in(life)).map(|form| form.expires_at());
        assert_eq!(living(MAX_LIFE), Ok(Timestamp::from_unix(604_800)));
        assert_eq!(living(Duration::from_secs(1)), Ok(Timestamp::from_unix(1)));
        for life in [Duration::ZERO, MAX_LIFE + Duration::from_secs(1), Duration::MAX] {
            assert!(matches!(living(life), Err(SignError::LifeOutOfRange { .. })), "{life:?}");
        }
    }

    #[test]
    fn the_signature_is_not_printed() {
        let form = sign(&PostRequest::new("k")).unwrap();
        let printed = format!("{form:?}");
        assert!(printed.contains("http://localhost:9000/photos"));
        assert!(form.fields().iter().all(|(_, value)| value == "k" || !printed.contains(value)));
    }
}
