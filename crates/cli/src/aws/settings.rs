//! What the options leave open, from the environment and the shared files, in the order of the AWS SDKs.

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum as _;
use presign::{Addressing, BucketUrl, Endpoint, EndpointError, Signer};

use crate::usage::UsageError;

use super::shared_config::SharedConfig;
use super::{AddressingStyle, FoundCredentials, StoreOptions};

/// Which store is meant, once everything has been asked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    endpoint: Endpoint,
    region: String,
    addressing_style: AddressingStyle,
    /// Whether the style was asked for on the command line, for this very bucket.
    style_is_demanded: bool,
}

/// A store, and the credentials to sign for it.
pub(crate) struct Signing {
    /// The store.
    pub(crate) settings: Settings,
    /// The credentials, and their end.
    pub(crate) found: FoundCredentials,
}

impl Signing {
    /// Finds out what the options leave open.
    pub(crate) async fn find(options: &StoreOptions) -> Result<Self> {
        let env = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let profile =
            options.profile.clone().or_else(|| env("AWS_PROFILE")).or_else(|| env("AWS_DEFAULT_PROFILE"));
        let config = SharedConfig::load(profile.as_deref()).await?;
        let settings = Settings::resolve(options, &env, &config)?;
        let found =
            FoundCredentials::find(options.profile.as_deref(), profile.as_deref(), &settings.region, &env)
                .await?;
        Ok(Signing { settings, found })
    }

    /// A signer for the store.
    pub(crate) fn signer(&self) -> Result<Signer> {
        Ok(Signer::new(self.found.credentials.clone(), self.settings.region.clone())?)
    }
}

impl Settings {
    fn resolve(
        options: &StoreOptions,
        env: &dyn Fn(&str) -> Option<String>,
        config: &SharedConfig,
    ) -> Result<Self> {
        let owned = |text: &str| Some(text.to_owned());
        // A flag can only switch on; what is off on the command line may be on elsewhere.
        let switch = |flag: bool, variable: Option<&'static str>, key: &'static str| -> Result<bool> {
            if flag {
                return Ok(true);
            }
            let (value, place) = match variable.and_then(|name| Some((env(name)?, name))) {
                Some((value, name)) => (Some(value), name),
                None => (config.get(key).or_else(|| config.s3(key)).map(str::to_owned), key),
            };
            match value.as_deref().map(str::to_ascii_lowercase).as_deref() {
                None | Some("false") => Ok(false),
                Some("true") => Ok(true),
                Some(other) => bail!("{place} is `{other}`; it must be true or false"),
            }
        };
        let ignores_configured =
            switch(false, Some("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "ignore_configured_endpoint_urls")?;
        let configured = || {
            env("AWS_ENDPOINT_URL_S3")
                .or_else(|| env("AWS_ENDPOINT_URL"))
                .or_else(|| config.service_endpoint().and_then(owned))
                .or_else(|| config.get("endpoint_url").and_then(owned))
        };
        let endpoint_url = match &options.endpoint_url {
            Some(url) => Some(url.clone()),
            None if ignores_configured => None,
            None => configured(),
        };
        let aws_only = [
            ("--dualstack", options.dualstack),
            ("--fips", options.fips),
            ("--accelerate", options.accelerate),
            ("--global-endpoint", options.global_endpoint),
        ];
        if let (Some(url), Some((flag, _))) = (&endpoint_url, aws_only.iter().find(|(_, given)| *given)) {
            return Err(UsageError::new(format!(
                "{flag} chooses among AWS's endpoints, and the endpoint is {url}; leave out {flag}, or the \
                 endpoint (--endpoint-url, AWS_ENDPOINT_URL or the profile's)"
            ))
            .into());
        }
        let region = options
            .region
            .clone()
            .or_else(|| env("AWS_REGION"))
            .or_else(|| env("AWS_DEFAULT_REGION"))
            .or_else(|| config.get("region").and_then(owned))
            .unwrap_or_else(|| "us-east-1".to_owned());
        let addressing_style = match (options.addressing_style, config.s3("addressing_style")) {
            (Some(style), _) => style,
            (None, None) => AddressingStyle::Auto,
            (None, Some(text)) => AddressingStyle::from_str(text, true).ok().with_context(|| {
                format!("the profile's addressing_style is `{text}`; it must be auto, path or virtual")
            })?,
        };
        let mut endpoint = match &endpoint_url {
            Some(url) => Endpoint::custom(url)?,
            None => Endpoint::aws(&region)?,
        };
        if switch(options.dualstack, Some("AWS_USE_DUALSTACK_ENDPOINT"), "use_dualstack_endpoint")? {
            endpoint = endpoint.dualstack();
        }
        if switch(options.fips, Some("AWS_USE_FIPS_ENDPOINT"), "use_fips_endpoint")? {
            endpoint = endpoint.fips();
        }
        if switch(options.accelerate, None, "use_accelerate_endpoint")? {
            endpoint = endpoint.accelerate();
        }
        if options.global_endpoint {
            endpoint = endpoint.global();
        }
        let region = endpoint.signing_region().map_or(region, str::to_owned);
        let style_is_demanded = options.addressing_style.is_some();
        Ok(Settings { endpoint, region, addressing_style, style_is_demanded })
    }

    /// Where the bucket is.
    pub(crate) fn bucket_url(&self, bucket: &str) -> Result<BucketUrl> {
        let addressing = match self.addressing_style {
            AddressingStyle::Auto => Addressing::Auto,
            AddressingStyle::Path => Addressing::Path,
            AddressingStyle::Virtual => Addressing::Virtual,
        };
        match self.endpoint.bucket(bucket, addressing) {
            // A profile's style is for all its buckets; the AWS tools pass over it where it cannot be.
            Err(EndpointError::NotVirtualHostable { .. }) if !self.style_is_demanded => {
                Ok(self.endpoint.bucket(bucket, Addressing::Auto)?)
            }
            found => Ok(found?),
        }
    }
}
