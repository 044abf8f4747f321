//! What a presigned URL shall allow.

use std::borrow::Cow;
use std::time::Duration;

use crate::caveats::Caveats;
use crate::method::Method;

/// The life of a URL when nothing else is said: an hour, as boto3 and the AWS CLI have it.
pub const DEFAULT_LIFE: Duration = Duration::from_secs(3600);
/// The longest life that SigV4 allows: seven days.
pub const MAX_LIFE: Duration = Duration::from_secs(604_800);

/// One operation on one object (or bucket) that a URL's holder may perform, and for how long.
///
/// ```
/// use std::time::Duration;
/// use presign::PresignRequest;
///
/// let upload = PresignRequest::put("photos/cat.jpg")
///     .header("content-type", "image/jpeg")
///     .expires_in(Duration::from_secs(15 * 60));
/// ```
#[derive(Clone, Debug)]
pub struct PresignRequest<'a> {
    pub(crate) method: Method,
    pub(crate) key: Option<Cow<'a, str>>,
    pub(crate) query: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(crate) headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(crate) life: Duration,
    pub(crate) stable_window: Duration,
    pub(crate) caveats: Caveats,
}

impl<'a> PresignRequest<'a> {
    /// Any method on the object of that key.
    pub fn object(method: Method, key: impl Into<Cow<'a, str>>) -> Self {
        PresignRequest { key: Some(key.into()), ..PresignRequest::bucket(method) }
    }

    /// Any method on the bucket itself. Many stores, this project's among them, refuse such URLs unless
    /// told otherwise: a link is for an object.
    pub fn bucket(method: Method) -> Self {
        PresignRequest {
            method,
            key: None,
            query: Vec::new(),
            headers: Vec::new(),
            life: DEFAULT_LIFE,
            stable_window: Duration::ZERO,
            caveats: Caveats::default(),
        }
    }

    /// A download.
    pub fn get(key: impl Into<Cow<'a, str>>) -> Self {
        PresignRequest::object(Method::Get, key)
    }

    /// An upload.
    pub fn put(key: impl Into<Cow<'a, str>>) -> Self {
        PresignRequest::object(Method::Put, key)
    }

    /// A look at an object's metadata.
    pub fn head(key: impl Into<Cow<'a, str>>) -> Self {
        PresignRequest::object(Method::Head, key)
    }

    /// A deletion.
    pub fn delete(key: impl Into<Cow<'a, str>>) -> Self {
        PresignRequest::object(Method::Delete, key)
    }

    /// The upload of one part of a multipart upload. Part numbers run from 1 to 10,000.
    pub fn upload_part(
        key: impl Into<Cow<'a, str>>,
        upload_id: impl Into<Cow<'a, str>>,
        part_number: u32,
    ) -> Self {
        PresignRequest::put(key).query("uploadId", upload_id).query("partNumber", part_number.to_string())
    }

    /// A signed query parameter: a sub-resource (`tagging`, with an empty value), `versionId`, or one that
    /// the application reads in its logs (its name then begins with `x-`).
    #[must_use]
    pub fn query(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// A header that the URL's holder must send, with this very value.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// One version of the object.
    #[must_use]
    pub fn version_id(self, version_id: impl Into<Cow<'a, str>>) -> Self {
        self.query("versionId", version_id)
    }

    /// Sets the answer's Content-Disposition, for a download's file name.
    #[must_use]
    pub fn response_content_disposition(self, value: impl Into<Cow<'a, str>>) -> Self {
        self.query("response-content-disposition", value)
    }

    /// Sets the answer's Content-Type.
    #[must_use]
    pub fn response_content_type(self, value: impl Into<Cow<'a, str>>) -> Self {
        self.query("response-content-type", value)
    }

    /// Allows an upload to create the object and never to replace it: `If-None-Match: *`, signed in the
    /// query, so that the holder has no header to send. The second upload gets 412.
    #[must_use]
    pub fn create_only(self) -> Self {
        self.query("If-None-Match", "*")
    }

    /// How long the URL works, from its signing time. One second to seven days; fractions are dropped.
    #[must_use]
    pub fn expires_in(mut self, life: Duration) -> Self {
        self.life = life;
        self
    }

    /// Signs as if at the start of the current window, so that everyone who asks within the window gets the
    /// same URL, and browser and CDN caches hit. The URL works at least as long as asked for, and at most
    /// one window longer.
    #[must_use]
    pub fn stable(mut self, window: Duration) -> Self {
        self.stable_window = window;
        self
    }

    /// Limits beyond what S3 itself checks; see [`Caveats`].
    #[must_use]
    pub fn caveats(mut self, caveats: Caveats) -> Self {
        self.caveats = caveats;
        self
    }
}
