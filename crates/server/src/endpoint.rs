//! Public endpoints: what links say, and what verification accepts as Host.

use presign::{BucketUrl, EndpointError};

/// One public endpoint: scheme and authority, `https://files.example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicEndpoint {
    url: String,
    host: String,
}

impl PublicEndpoint {
    /// Reads `http://…` or `https://…` without a path.
    ///
    /// # Errors
    /// [`EndpointError`] says what is wrong with it.
    pub fn parse(url: &str) -> Result<Self, EndpointError> {
        // The library's reader of endpoints, so that what is signed and what is accepted agree on every detail.
        let probe = BucketUrl::path_style(url, "bucket")?;
        if probe.path() != "/bucket" {
            let why =
                "a public endpoint has no path; S3 signatures leave no room for one that a proxy takes off";
            return Err(EndpointError::InvalidUrl { url: url.to_owned(), why });
        }
        Ok(Self { url: probe.origin().to_owned(), host: probe.host().to_owned() })
    }

    /// The URL, without a closing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The Host that clients of this endpoint send: lower case, without the scheme's default port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_scheme_and_authority() {
        let endpoint = PublicEndpoint::parse("https://Files.Example.com:443/").unwrap();
        assert_eq!(endpoint.host(), "files.example.com");
        assert_eq!(endpoint.url(), "https://Files.Example.com:443");
        assert_eq!(PublicEndpoint::parse("http://[::1]:9000").unwrap().host(), "[::1]:9000");
        for bad in ["files.example.com", "https://files.example.com/s3", "ftp://x", "https://x?y"] {
            assert!(PublicEndpoint::parse(bad).is_err(), "{bad}");
        }
    }
}
