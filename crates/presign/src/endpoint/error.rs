//! Why an endpoint has no URL for a bucket.

/// An endpoint that cannot be, or that cannot reach the bucket in the way asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The text is no endpoint URL.
    #[error("`{url}` is no endpoint: {why}")]
    InvalidUrl {
        /// The text.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A region is part of the host, so it must be a host label.
    #[error("`{0}` is no region name; it has letters, digits and hyphens, as in us-east-1")]
    InvalidRegion(String),
    /// No S3 has a bucket of that name.
    #[error("`{0}` is no bucket name; it has 1 to 255 letters, digits, dots, hyphens and underscores")]
    InvalidBucketName(String),
    /// Virtual-hosted style was asked for, and the bucket's name cannot be part of the host.
    #[error("the bucket `{bucket}` cannot be addressed in virtual-hosted style: {why}; use path style")]
    NotVirtualHostable {
        /// The bucket.
        bucket: String,
        /// What stands in the way.
        why: &'static str,
    },
    /// Path style was asked for together with S3 Transfer Acceleration.
    #[error(
        "S3 Transfer Acceleration has no path style; use virtual-hosted style, or do without acceleration"
    )]
    AccelerateInPathStyle,
    /// FIPS was asked for together with S3 Transfer Acceleration.
    #[error("S3 Transfer Acceleration has no FIPS endpoint; do without one of the two")]
    AccelerateWithFips,
    /// Acceleration is AWS's own.
    #[error("the custom endpoint {0} cannot be accelerated; S3 Transfer Acceleration is AWS's own")]
    AccelerateWithCustomEndpoint(String),
    /// The region's partition lacks what was asked for.
    #[error("the partition {partition} of the region {region} has no {what}; do without")]
    Unavailable {
        /// The partition, as in `aws-cn`.
        partition: &'static str,
        /// The region.
        region: String,
        /// What it does not have.
        what: &'static str,
    },
}
