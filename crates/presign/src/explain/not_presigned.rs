//! Why a URL cannot be explained.

/// A URL that is not presigned for S3, or that has lost a part on its way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotPresigned {
    /// Not an http or https URL at all.
    #[error("this is no URL that can be presigned: {why}")]
    NotAUrl {
        /// What is wrong with it.
        why: &'static str,
    },
    /// An escape is cut short, or what it stands for is not UTF-8.
    #[error(
        "the URL has a percent sign that two hexadecimal digits do not follow, or bytes that are not UTF-8; copy it \
         again from where it was made"
    )]
    MalformedEscape,
    /// It has no signature of any kind.
    #[error(
        "the URL is not signed: it has neither X-Amz-Signature (SigV4) nor Signature (SigV2) in its query; if it \
         had one, a shell may have cut it at the first `&`: put it in single quotes"
    )]
    Unsigned,
    /// Some of a signature's parameters are missing.
    #[error(
        "the URL lacks {}, so it is not whole{}",
        .missing.join(", "),
        if *.is_html_escaped {
            "; it has `&amp;` for `&`, as HTML and XML write it: undo that first"
        } else {
            "; if it was cut off when it was copied, copy it again and put it in single quotes"
        }
    )]
    MissingParameters {
        /// Their names as S3 writes them.
        missing: Vec<&'static str>,
        /// Whether the ampersands are written `&amp;`, which hides every parameter but the first.
        is_html_escaped: bool,
    },
    /// `X-Amz-Credential` has not five parts.
    #[error(
        "X-Amz-Credential is `{credential}`; it must read <access key id>/yyyymmdd/<region>/s3/aws4_request, with its \
         slashes escaped once (%2F)"
    )]
    MalformedCredential {
        /// The parameter's value.
        credential: String,
    },
    /// Parameters of two kinds of signature.
    #[error("the URL has the parameters of SigV4 and of SigV2; S3 takes one kind of signature at a time")]
    TwoMechanisms,
    /// Signed for something else than S3.
    #[error("this is a signed URL of another kind ({scheme}), which only its own service can check")]
    OtherScheme {
        /// What kind it is.
        scheme: &'static str,
    },
    /// A request whose Authorization header cannot be read.
    #[error("the request's Authorization header cannot be read: {why}")]
    MalformedAuthorization {
        /// The verifier's words.
        why: String,
    },
}
