//! The options that say which store is meant and who signs; every command that signs has them.

use clap::{Args, ValueEnum};

/// Which store, and who signs.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Store and credentials")]
pub(crate) struct StoreOptions {
    /// The store's address, as in https://s3.example.com; AWS without it
    ///
    /// Else AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or the profile's `services` section or `endpoint_url`.
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,

    /// The store's region, which is a part of every signature
    ///
    /// Else AWS_REGION, AWS_DEFAULT_REGION, the profile's `region`, or us-east-1.
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// The profile of ~/.aws/config and ~/.aws/credentials to take
    ///
    /// Its credentials then go before those of the environment. Else AWS_PROFILE, or `default`.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Where the bucket's name goes: into the host (virtual) or the path
    ///
    /// Else the profile's `addressing_style` under `s3`, or auto: the host at AWS, and the path at a custom
    /// endpoint or for a bucket with a dot in its name.
    #[arg(long, value_name = "STYLE")]
    pub(crate) addressing_style: Option<AddressingStyle>,

    /// Use AWS's endpoint for IPv4 and IPv6
    #[arg(long)]
    pub(crate) dualstack: bool,

    /// Use AWS's FIPS 140 endpoint
    #[arg(long)]
    pub(crate) fips: bool,

    /// Use AWS's Transfer Acceleration endpoint
    #[arg(long)]
    pub(crate) accelerate: bool,

    /// Leave the region out of the host at AWS, for the same URLs as boto3 and the AWS CLI v1 make
    ///
    /// They write https://bucket.s3.amazonaws.com whatever the region, unless their addressing style is set to
    /// virtual. From there S3 redirects to a bucket that is new, which a signed URL does not survive, and refuses
    /// for the regions opened since March 2019. Without this the region is part of the host, as in the URLs of
    /// the other AWS SDKs; in us-east-1 it makes no difference.
    #[arg(long, conflicts_with_all = ["dualstack", "fips", "accelerate"])]
    pub(crate) global_endpoint: bool,
}

/// Where a bucket's name goes in a URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AddressingStyle {
    /// Virtual-hosted at AWS, path at a custom endpoint
    #[default]
    Auto,
    /// https://endpoint/bucket/key
    Path,
    /// https://bucket.endpoint/key
    Virtual,
}
