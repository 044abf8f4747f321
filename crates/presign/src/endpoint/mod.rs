//! Endpoints: AWS's by region, and anyone's by URL.

mod error;
mod partition;
mod url;

use std::net::Ipv4Addr;

use crate::bucket_url::{BucketUrl, check_bucket_name};

pub use error::EndpointError;
pub(crate) use url::EndpointUrl;

use partition::Partition;

/// How a bucket is named in a URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Addressing {
    /// Virtual-hosted style on AWS where the bucket's name is a host label; path style everywhere else: custom
    /// endpoints, names with a dot (no certificate covers them), names with capitals or underscores.
    #[default]
    Auto,
    /// `https://endpoint/bucket/key`.
    Path,
    /// `https://bucket.endpoint/key`, or an error where that cannot be.
    Virtual,
}

/// Where an S3 is.
///
/// ```
/// use presign::{Addressing, Endpoint};
///
/// let aws = Endpoint::aws("eu-central-1")?;
/// assert_eq!(aws.bucket("photos", Addressing::Auto)?.host(), "photos.s3.eu-central-1.amazonaws.com");
/// assert_eq!(aws.dualstack().bucket("my.photos", Addressing::Auto)?.path(), "/my.photos");
///
/// let own = Endpoint::custom("http://localhost:9000")?;
/// let bucket = own.bucket("photos", Addressing::Auto)?;
/// assert_eq!((bucket.origin(), bucket.path()), ("http://localhost:9000", "/photos"));
/// # Ok::<(), presign::EndpointError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    place: Place,
    dualstack: bool,
    fips: bool,
    accelerate: bool,
    global: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Aws { region: String, partition: &'static Partition },
    Custom(EndpointUrl),
}

impl Endpoint {
    /// AWS's endpoint of a region. A region that this crate has not heard of is taken for one of the commercial
    /// partition. The names that the AWS tools also take for a region are understood: `aws-global` is
    /// us-east-1, and `fips-us-east-1` is us-east-1 with [`Endpoint::fips`].
    ///
    /// # Errors
    /// [`EndpointError::InvalidRegion`] for what cannot be a part of a host's name.
    pub fn aws(region: &str) -> Result<Self, EndpointError> {
        let (name, fips) = match region.strip_prefix("fips-").or_else(|| region.strip_suffix("-fips")) {
            Some(name) => (name, true),
            None => (region, false),
        };
        let name = if name == "aws-global" { "us-east-1" } else { name };
        let is_label = (1..=63).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-')
            && !name.bytes().all(|b| b.is_ascii_digit());
        if !is_label {
            return Err(EndpointError::InvalidRegion(region.to_owned()));
        }
        let place = Place::Aws { region: name.to_owned(), partition: Partition::of_region(name) };
        Ok(Endpoint { place, dualstack: false, fips, accelerate: false, global: false })
    }

    /// Any S3 by its URL: http or https, a port, an IPv6 address in brackets, a base path.
    ///
    /// It is taken as it is: dualstack and FIPS change nothing of it, as in the AWS tools.
    ///
    /// # Errors
    /// [`EndpointError::InvalidUrl`], which says what is wrong with it.
    pub fn custom(url: &str) -> Result<Self, EndpointError> {
        let place = Place::Custom(EndpointUrl::parse(url)?);
        Ok(Endpoint { place, dualstack: false, fips: false, accelerate: false, global: false })
    }

    /// The hosts that answer on IPv6 as well as on IPv4.
    #[must_use]
    pub fn dualstack(mut self) -> Self {
        self.dualstack = true;
        self
    }

    /// The hosts whose cryptography is validated under FIPS 140.
    #[must_use]
    pub fn fips(mut self) -> Self {
        self.fips = true;
        self
    }

    /// S3 Transfer Acceleration: the nearest edge of AWS's network. The bucket must have it switched on.
    #[must_use]
    pub fn accelerate(mut self) -> Self {
        self.accelerate = true;
        self
    }

    /// The host that names no region, `bucket.s3.amazonaws.com`, which boto3 writes for every commercial region
    /// unless its addressing style is set. S3 redirects from there to the older regions and refuses for those
    /// opened since March 2019, so this is for making the same URLs as boto3 and for nothing else. It bears on
    /// plain virtual-hosted URLs only: not on path style, dualstack, FIPS or acceleration.
    #[must_use]
    pub fn global(mut self) -> Self {
        self.global = true;
        self
    }

    /// The region to sign for, which an AWS endpoint knows and a custom one does not.
    pub fn signing_region(&self) -> Option<&str> {
        match &self.place {
            Place::Aws { region, .. } => Some(region),
            Place::Custom(_) => None,
        }
    }

    /// Where a bucket is on this endpoint.
    ///
    /// # Errors
    /// [`EndpointError`]: the name is none, the style asked for cannot be, or AWS does not have that combination of
    /// options. What it says names the way out.
    pub fn bucket(&self, name: &str, addressing: Addressing) -> Result<BucketUrl, EndpointError> {
        let name = check_bucket_name(name)?;
        match &self.place {
            Place::Aws { region, partition } => self.aws_bucket(region, partition, name, addressing),
            Place::Custom(url) => self.custom_bucket(url, name, addressing),
        }
    }

    fn aws_bucket(
        &self,
        region: &str,
        partition: &'static Partition,
        name: &str,
        addressing: Addressing,
    ) -> Result<BucketUrl, EndpointError> {
        if self.accelerate && self.fips {
            return Err(EndpointError::AccelerateWithFips);
        }
        for (wanted, has, what) in [
            (self.dualstack, partition.has_dualstack, "dualstack endpoints"),
            (self.fips, partition.has_fips, "FIPS endpoints"),
            (self.accelerate, partition.has_accelerate, "S3 Transfer Acceleration"),
        ] {
            if wanted && !has {
                let (partition, region) = (partition.name, region.to_owned());
                return Err(EndpointError::Unavailable { partition, region, what });
            }
        }
        if self.accelerate && addressing == Addressing::Path {
            return Err(EndpointError::AccelerateInPathStyle);
        }
        let obstacle = virtual_host_obstacle(name, true);
        let is_virtual = match (addressing, obstacle) {
            (Addressing::Path, _) => false,
            (Addressing::Auto | Addressing::Virtual, None) => true,
            (Addressing::Auto, Some(_)) if !self.accelerate => false,
            (Addressing::Auto | Addressing::Virtual, Some(why)) => {
                return Err(EndpointError::NotVirtualHostable { bucket: name.to_owned(), why });
            }
        };
        let host = self.aws_host(region, partition, is_virtual);
        if is_virtual {
            Ok(BucketUrl::new_virtual_hosted(&EndpointUrl::of_host(host), name))
        } else {
            Ok(BucketUrl::new_path_style(&EndpointUrl::of_host(host), name))
        }
    }

    fn aws_host(&self, region: &str, partition: &Partition, is_virtual: bool) -> String {
        let service = match (self.accelerate, self.fips) {
            (true, _) => "s3-accelerate",
            (false, true) => "s3-fips",
            (false, false) => "s3",
        };
        let dualstack = if self.dualstack { ".dualstack" } else { "" };
        let is_plain = !self.fips && !self.dualstack && partition.is_commercial();
        let names_no_region =
            self.accelerate || is_plain && (region == "us-east-1" || self.global && is_virtual);
        let (dot, region) = if names_no_region { ("", "") } else { (".", region) };
        format!("{service}{dualstack}{dot}{region}.{}", partition.dns_suffix)
    }

    fn custom_bucket(
        &self,
        url: &EndpointUrl,
        name: &str,
        addressing: Addressing,
    ) -> Result<BucketUrl, EndpointError> {
        if self.accelerate {
            return Err(EndpointError::AccelerateWithCustomEndpoint(url.origin.clone()));
        }
        if addressing != Addressing::Virtual {
            return Ok(BucketUrl::new_path_style(url, name));
        }
        let obstacle = if url.is_address {
            Some("the endpoint's host is an IP address")
        } else {
            virtual_host_obstacle(name, url.is_https)
        };
        match obstacle {
            Some(why) => Err(EndpointError::NotVirtualHostable { bucket: name.to_owned(), why }),
            None => Ok(BucketUrl::new_virtual_hosted(url, name)),
        }
    }
}

/// What keeps a bucket's name from standing before the endpoint's host, if anything does.
fn virtual_host_obstacle(name: &str, is_https: bool) -> Option<&'static str> {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !(3..=63).contains(&name.len()) || !name.split('.').all(is_label) || name.parse::<Ipv4Addr>().is_ok() {
        return Some(
            "its name is no host label, which has 3 to 63 lower-case letters, digits and inner hyphens",
        );
    }
    if is_https && name.contains('.') {
        return Some("its name has a dot, and a certificate covers one label only");
    }
    None
}

#[cfg(test)]
mod tests;
