//! Credentials, found where every AWS tool finds them.

use std::fmt;

use anyhow::{Context as _, Error, Result};
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_types::region::Region;
use presign::{Credentials, Timestamp};

use super::https;

/// Credentials, and how long they last.
pub(crate) struct FoundCredentials {
    /// To sign with.
    pub(crate) credentials: Credentials,
    /// When they end, where whoever gave them said so.
    pub(crate) expires_at: Option<Timestamp>,
}

impl FoundCredentials {
    /// Asks the environment, the profile, and then the providers that need the network, in the order of every
    /// AWS SDK. A profile that was named on the command line is asked alone, as the AWS CLI does.
    ///
    /// Nothing here opens a connection or loads certificates until a provider that needs them is reached.
    pub(crate) async fn find(
        named_profile: Option<&str>,
        selected_profile: Option<&str>,
        region: &str,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        // Without a region given, the chain would ask the instance it runs on for one, over the network.
        let region = Region::new(region.to_owned());
        let config = ProviderConfig::without_region()
            .with_region(Some(region.clone()))
            .with_http_client(https::lazy_client());
        let provided = match named_profile {
            Some(name) => {
                let provider =
                    ProfileFileCredentialsProvider::builder().configure(&config).profile_name(name).build();
                provider.provide_credentials().await
            }
            None => {
                let mut chain = DefaultCredentialsChain::builder().region(region).configure(config);
                if let Some(name) = selected_profile {
                    chain = chain.profile_name(name);
                }
                chain.build().await.provide_credentials().await
            }
        };
        let provided = provided.map_err(|error| explain(error, selected_profile))?;

        let mut credentials = Credentials::new(provided.access_key_id(), provided.secret_access_key());
        let mut expires_at = provided.expiry().map(Timestamp::from);
        if let Some(token) = provided.session_token() {
            credentials = credentials.with_session_token(token);
            // Tools that put temporary credentials into the environment say their end this way; the
            // library does not read it.
            let from_environment = env("AWS_ACCESS_KEY_ID").as_deref() == Some(provided.access_key_id());
            if expires_at.is_none()
                && from_environment
                && let Some(text) = env("AWS_CREDENTIAL_EXPIRATION")
            {
                let time: jiff::Timestamp = text.parse().with_context(|| {
                    format!("AWS_CREDENTIAL_EXPIRATION is `{text}`; it must be a time such as 2026-11-21T17:15:42Z")
                })?;
                expires_at = Some(Timestamp::from_unix(time.as_second()));
            }
        }
        Ok(FoundCredentials { credentials, expires_at })
    }
}

/// The key's id only: nothing secret is printed.
impl fmt::Debug for FoundCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FoundCredentials").field("credentials", &self.credentials).finish_non_exhaustive()
    }
}

/// Adds to the library's error what can be done about it.
fn explain(error: CredentialsError, profile: Option<&str>) -> Error {
    let error = Error::new(error);
    let is_not_loaded = matches!(error.downcast_ref(), Some(CredentialsError::CredentialsNotLoaded(_)));
    let looked = match profile {
        Some(name) if is_not_loaded => format!("the profile `{name}` has none"),
        // The instance's metadata service is the last that is asked, on whatever machine this is.
        None if is_not_loaded || format!("{error:#}").contains("IMDS") => {
            "neither the environment nor the `default` profile has any, and this machine has no role that gives \
             them"
                .to_owned()
        }
        Some(name) => {
            let reasons = reasons(&error);
            // Of all failures the one that befalls everybody, once a day: the token is too old, or not there.
            let is_sso = reasons.contains("SSO token") || reasons.replace('\\', "/").contains("/sso/cache/");
            let way_out =
                if is_sso { format!("; run `aws sso login --profile {name}`") } else { String::new() };
            return Error::msg(format!(
                "the credentials of the profile `{name}` cannot be loaded{way_out}: {reasons}"
            ));
        }
        None => return Error::msg(format!("the credentials cannot be loaded: {}", reasons(&error))),
    };
    let way_out = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, run `aws configure`, or name a profile with \
                   --profile";
    let message = format!("no credentials found: {looked}; {way_out}");
    // That nobody has any is said already; why a metadata service would not answer is worth a line.
    if is_not_loaded { Error::msg(message) } else { error.context(message) }
}

/// All that the library says, but for what it says at each level before it comes to the point.
fn reasons(error: &Error) -> String {
    let levels = error.chain().map(ToString::to_string);
    let mut reasons: Vec<String> = levels.filter(|reason| !reason.starts_with(NO_REASON)).collect();
    reasons.dedup();
    if reasons.is_empty() { NO_REASON.to_owned() } else { reasons.join(": ") }
}

const NO_REASON: &str = "an error occurred while loading credentials";
