//! Headers whose values a refusal does not print.
//!
//! A refusal prints the canonical request, and with it the values of all headers that the request lists as signed. A proxy
//! before the store adds headers of its own, secrets between the two among them. Whoever holds a link can list their names
//! in a request with any signature, and would be told their values.

use crate::parameter_name::{is_amz, starts_with_ignoring_case};

/// Stands for a withheld value.
pub(crate) const WITHHELD: &str = "(value withheld)";
/// Stands for the hash of a canonical request with a withheld value.
pub(crate) const WITHHELD_HASH: &str = "(hash withheld, for it covers a withheld value)";

/// Which headers' values a refusal withholds. Their names it prints.
#[derive(Clone, Copy, Debug, Default)]
pub struct WithheldHeaders<'a> {
    listed: &'a [String],
    rule: Rule,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rule {
    #[default]
    Nothing,
    ProxyHeaders,
    AllButClientHeaders,
}

impl<'a> WithheldHeaders<'a> {
    /// None: every value is printed.
    pub const NONE: WithheldHeaders<'static> = WithheldHeaders { listed: &[], rule: Rule::Nothing };

    /// Of a request that came from a client: those that proxies write (`Forwarded`, `Via`, `X-Forwarded-*`, `X-Real-IP`
    /// and their like), for there may be a proxy that nobody told the store of, and `listed`, in whatever case.
    pub fn from_client(listed: &'a [String]) -> Self {
        WithheldHeaders { listed, rule: Rule::ProxyHeaders }
    }

    /// Of a request that came through a proxy: all that no client of S3 sends or signs by itself, since the proxy may have
    /// added each of them, and `listed`.
    pub fn from_proxy(listed: &'a [String]) -> Self {
        WithheldHeaders { listed, rule: Rule::AllButClientHeaders }
    }

    /// Whether the value of that header, in whatever case, is withheld.
    pub fn withholds(&self, name: &str) -> bool {
        let by_rule = match self.rule {
            Rule::Nothing => false,
            Rule::ProxyHeaders => is_proxy_header(name),
            Rule::AllButClientHeaders => is_proxy_header(name) || !is_client_header(name),
        };
        by_rule || self.listed.iter().any(|listed| listed.eq_ignore_ascii_case(name))
    }
}

/// Whether proxies and content delivery networks write that header for the server behind them, going by its name.
pub(crate) fn is_proxy_header(name: &str) -> bool {
    const PREFIXES: [&str; 8] =
        ["x-forwarded-", "x-original-", "x-envoy-", "x-amzn-", "cf-", "cloudfront-", "fastly-", "proxy-"];
    const NAMES: [&str; 12] = [
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "true-client-ip",
        "client-ip",
        "x-host",
        "x-rewrite-url",
        "x-request-id",
        "x-origin-verify",
        "x-amz-cf-id",
    ];
    PREFIXES.iter().any(|prefix| starts_with_ignoring_case(name, prefix))
        || NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether clients of S3 send that header themselves. `Authorization` and `Cookie` are left out: proxies write both.
fn is_client_header(name: &str) -> bool {
    const NAMES: [&str; 24] = [
        "host",
        "accept",
        "accept-encoding",
        "accept-language",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-md5",
        "content-type",
        "date",
        "expect",
        "expires",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
        "transfer-encoding",
        "user-agent",
    ];
    is_amz(name) || NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_proxy_may_have_added_is_withheld() {
        let listed = ["x-amz-meta-inner".to_owned(), "X-Secret".to_owned()];
        let nothing = WithheldHeaders::default();
        let client = WithheldHeaders::from_client(&listed);
        let proxy = WithheldHeaders::from_proxy(&listed);
        for (name, by_client, by_proxy) in [
            ("host", false, false),
            ("Content-Type", false, false),
            ("x-amz-meta-a", false, false),
            ("x-mine", false, true),
            ("cookie", false, true),
            ("authorization", false, true),
            ("Forwarded", true, true),
            ("X-Forwarded-For", true, true),
            ("x-origin-verify", true, true),
            ("x-secret", true, true),
            ("X-Amz-Meta-Inner", true, true),
        ] {
            assert_eq!(
                (client.withholds(name), proxy.withholds(name), nothing.withholds(name)),
                (by_client, by_proxy, false),
                "{name}"
            );
        }
    }
}
