//! The HTTPS client for the providers of credentials that need one.

use std::sync::OnceLock;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{HttpClient as _, SharedHttpClient, http_client_fn};

/// A client that comes into being with the first request through it.
///
/// The SDK's own client reads the machine's root certificates as soon as a provider is put together, even one
/// that is never asked: ten milliseconds or more, for a signature that takes microseconds.
pub(super) fn lazy_client() -> SharedHttpClient {
    let client = OnceLock::new();
    http_client_fn(move |settings, components| {
        client.get_or_init(https_client).http_connector(settings, components)
    })
}

/// What the SDK takes by default: rustls, the machine's certificates, and the proxy of the environment.
fn https_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}
