//! The codes of S3's errors, each with its status and its usual message.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

macro_rules! codes {
    ($($code:ident $status:literal $message:literal,)*) => {
        /// The `Code` of an S3 error.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(
                #[doc = concat!("HTTP ", $status, ": ", $message)]
                $code,
            )*
        }

        impl ErrorCode {
            /// The code as the XML body and the access log carry it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)* }
            }

            /// The HTTP status it is answered with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$code => $status,)* }
            }

            /// The message S3 gives unless the case has one of its own.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$code => $message,)* }
            }
        }
    };
}

codes! {
    AccessControlListNotSupported 400 "The bucket does not allow ACLs",
    AccessDenied 403 "Access Denied",
    AccessForbidden 403 "Access Forbidden",
    AuthorizationHeaderMalformed 400 "The authorization header that you provided is not valid.",
    AuthorizationQueryParametersError 400 "The authorization query parameters that you provided are not \
        valid.",
    BadDigest 400 "The Content-MD5 you specified did not match what we received.",
    BadRequest 400 "Bad Request",
    BucketAlreadyExists 409 "The requested bucket name is not available. The bucket namespace is shared \
        by all users of the system. Please select a different name and try again.",
    BucketAlreadyOwnedByYou 409 "Your previous request to create the named bucket succeeded and you \
        already own it.",
    BucketNotEmpty 409 "The bucket you tried to delete is not empty",
    ConditionalRequestConflict 409 "The conditional request cannot succeed due to a conflicting operation \
        against this resource.",
    EntityTooLarge 400 "Your proposed upload exceeds the maximum allowed size",
    EntityTooSmall 400 "Your proposed upload is smaller than the minimum allowed size",
    ExpiredToken 400 "The provided token has expired.",
    IllegalLocationConstraintException 400 "The unspecified location constraint is incompatible for the \
        region specific endpoint this request was sent to.",
    IncompleteBody 400 "You did not provide the number of bytes specified by the Content-Length HTTP header",
    InsufficientStorage 507 "The store has no room left for this upload; free some space or give it a \
        larger disk. Reads and deletes still work.",
    InternalError 500 "We encountered an internal error. Please try again.",
    InvalidAccessKeyId 403 "The AWS Access Key Id you provided does not exist in our records.",
    InvalidArgument 400 "Invalid Argument",
    InvalidBucketName 400 "The specified bucket is not valid.",
    InvalidDigest 400 "The Content-MD5 you specified was invalid.",
    InvalidLocationConstraint 400 "The specified location-constraint is not valid",
    InvalidPolicyDocument 400 "The content of the form does not meet the conditions specified in the \
        policy document.",
    InvalidRange 416 "The requested range is not satisfiable",
    InvalidRequest 400 "Invalid Request",
    InvalidStorageClass 400 "The storage class you specified is not valid",
    InvalidToken 400 "The provided token is malformed or otherwise invalid.",
    InvalidURI 400 "Couldn't parse the specified URI.",
    KeyTooLongError 400 "Your key is too long",
    MalformedXML 400 "The XML you provided was not well-formed or did not validate against our published \
        schema",
    MaxMessageLengthExceeded 400 "Your request was too big.",
    MetadataTooLarge 400 "Your metadata headers exceed the maximum allowed metadata size",
    MethodNotAllowed 405 "The specified method is not allowed against this resource.",
    MissingContentLength 411 "You must provide the Content-Length HTTP header.",
    NoSuchBucket 404 "The specified bucket does not exist",
    NoSuchCORSConfiguration 404 "The CORS configuration does not exist",
    NoSuchKey 404 "The specified key does not exist.",
    NoSuchVersion 404 "The specified version does not exist.",
    NotImplemented 501 "A header you provided implies functionality that is not implemented",
    PreconditionFailed 412 "At least one of the pre-conditions you specified did not hold",
    RequestHeaderSectionTooLarge 400 "Your request header section exceeds the maximum allowed size.",
    RequestTimeTooSkewed 403 "The difference between the request time and the current time is too large.",
    RequestTimeout 400 "Your socket connection to the server was not read from or written to within the \
        timeout period. Idle connections will be closed.",
    ServiceUnavailable 503 "Service is unable to handle request.",
    SignatureDoesNotMatch 403 "The request signature we calculated does not match the signature you \
        provided. Check your key and signing method.",
    SlowDown 503 "Please reduce your request rate.",
    XAmzContentSHA256Mismatch 400 "The provided 'x-amz-content-sha256' header does not match what was \
        computed.",
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
