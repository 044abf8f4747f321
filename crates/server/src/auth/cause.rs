//! Why a request was refused, for the log. The client's answer is S3's and is made in `presign-s3`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use presign::{
    Cause, CaveatViolation, Credentials, Refusal, Request, RequestText, ScopeFault, Timestamp, VerifyPolicy,
    WithheldHeaders, diagnose,
};
use tokio::sync::Semaphore;

use crate::access_log::CAUSE_BYTES;
use crate::http::{Head, RequestId};

/// Which check failed, in one line. Nothing of a signature or a token is in it, and nothing of a credential whose key is not
/// known: what stands there in the place of the scope may be the rest of a secret.
pub(super) fn cause(refusal: &Refusal, is_key_known: bool) -> RequestText<'static> {
    let part = match refusal {
        Refusal::Scope { fault, .. } if !is_key_known => part_of_scope(fault),
        _ => None,
    };
    let cause = Cause::of_refusal(refusal);
    if let (Some(cause), Refusal::CaveatViolated(CaveatViolation::WrongAddress { address: None })) =
        (&cause, refusal)
    {
        return format!("{cause}: a trusted proxy does not name its client; let it set X-Forwarded-For, or a Forwarded that is well formed: docs/exposing.md")
            .into();
    }
    match (part, cause) {
        (Some(part), _) => {
            format!("the {part} of the credential is not what it must be, and its key is not known").into()
        }
        (None, Some(cause)) => cause.to_string().into(),
        (None, None) => "the signature is not the key's".into(),
    }
}

/// The part that a fault quotes.
fn part_of_scope(fault: &ScopeFault) -> Option<&'static str> {
    match fault {
        ScopeFault::Malformed => None,
        ScopeFault::Region { .. } => Some("region"),
        ScopeFault::Service { .. } => Some("service"),
        ScopeFault::Terminal { .. } => Some("end"),
        ScopeFault::DateFormat { .. } | ScopeFault::OtherDay { .. } => Some("date"),
    }
}

/// The cause in words. What nothing explains may be a host that a proxy put its own in the place of: it is in no header
/// then, so it can be tried only where the settings name it.
fn cause_text(cause: &Cause, arrived_for: &RequestText<'_>) -> String {
    match cause {
        Cause::WrongSecret { .. } | Cause::SearchGivenUp { .. } => format!(
            "{cause}; or a proxy made the Host {arrived_for}: put the address that clients use among `public_endpoints`, \
             or let the proxy pass Host on unchanged"
        ),
        cause => cause.to_string(),
    }
}

/// The cause as the log has it: no part of the sentence is a signature, which a path or a host that it quotes may be.
fn logged(cause: &Cause, arrived_for: &RequestText<'_>, known_id: &str) -> String {
    RequestText::from(cause_text(cause, arrived_for)).redacted_words(Some(known_id), CAUSE_BYTES)
}

/// Finds out why signatures are wrong, and logs it behind the answer.
///
/// One costs hundreds of signatures, of a MiB at most, which are some milliseconds. So they are made one at a time and ten
/// a second at most; whoever sends more wrong signatures than that is not somebody whose proxy needs mending.
#[derive(Debug)]
pub(crate) struct Diagnoses(Arc<Semaphore>);

/// A request with a wrong signature, kept for the time after its answer.
pub(super) struct Mismatched<'a> {
    pub(super) id: RequestId,
    pub(super) head: &'a Head<'a>,
    pub(super) host: &'a str,
    pub(super) host_bucket: Option<String>,
    pub(super) address: Option<IpAddr>,
    pub(super) credentials: Credentials,
    pub(super) withheld: WithheldHeaders<'a>,
    pub(super) now: Timestamp,
}

impl Default for Diagnoses {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Diagnoses {
    /// Diagnoses the request in the background, unless too many came before it.
    pub(super) fn begin(&self, request: Mismatched<'_>, policy: &VerifyPolicy, known_hosts: &[String]) {
        let Ok(place) = Arc::clone(&self.0).try_acquire_owned() else { return };
        let (policy, known_hosts) = (policy.clone(), known_hosts.to_vec());
        let Mismatched { id, head, host, host_bucket, address, credentials, withheld, now } = request;
        let access_key_id = credentials.access_key_id().to_owned();
        let (method, target) = (head.method.to_owned(), head.target.to_owned());
        let arrived_for = RequestText::from(host).into_owned();
        let fields = head.fields_with_host(host);
        let fields: Vec<(String, String)> =
            fields.into_iter().map(|field| owned_without_withheld(field, withheld)).collect();
        tokio::spawn(async move {
            let search = tokio::task::spawn_blocking(move || {
                let headers: Vec<(&str, &str)> =
                    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let hosts: Vec<&str> = known_hosts.iter().map(String::as_str).collect();
                let request = Request {
                    method: &method,
                    target: &target,
                    headers: &headers,
                    remote_address: address,
                    host_bucket: host_bucket.as_deref(),
                };
                diagnose(&request, &credentials, now, &policy, &hosts)
            });
            if let Ok(diagnosis) = search.await
                && let Some(cause) = diagnosis.cause
            {
                // As text and not by its `Display`: a parameter's name in it may have line ends, which the log then escapes.
                let cause = logged(&cause, &arrived_for, &access_key_id);
                tracing::info!(request_id = %id, cause, "why the signature is wrong");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            drop(place);
        });
    }
}

/// A field for a search that ends in a line of the log. Where a proxy says which Host or path it was asked for, the search
/// reads that, and prints no value of such a header itself.
fn owned_without_withheld((name, value): (&str, &str), withheld: WithheldHeaders<'_>) -> (String, String) {
    const READ: [&str; 10] = [
        "forwarded",
        "x-forwarded-host",
        "x-forwarded-path",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-host",
        "x-original-host",
        "x-original-uri",
        "x-original-url",
        "x-rewrite-url",
    ];
    let is_shown = READ.contains(&name) || !withheld.withholds(name);
    (name.to_owned(), if is_shown { value.to_owned() } else { "(value withheld)".to_owned() })
}

#[cfg(test)]
mod tests {
    use presign::{Mechanism, SentCredential, SignatureMismatch};

    use super::*;

    #[test]
    fn no_line_holds_what_was_signed_with() {
        let mismatch = SignatureMismatch {
            access_key_id: "AKID".to_owned(),
            string_to_sign: "hidden".to_owned(),
            signature_provided: "hidden".to_owned(),
            canonical_request: Some("hidden".to_owned()),
        };
        let value = SentCredential::from("AWS4-HMAC-SHA256 Signature=hidden");
        for refusal in [
            Refusal::SignatureMismatch(Box::new(mismatch)),
            Refusal::OnlyOneMechanism { argument: "Authorization", value: value.clone() },
            Refusal::UnsupportedAuthorization { value },
        ] {
            assert!(!cause(&refusal, true).to_string().contains("hidden"), "{refusal:?}");
        }
        let negative = cause(&Refusal::ExpiresNegative, true).to_string();
        assert!(negative.contains("X-Amz-Expires must be non-negative"));
    }

    #[test]
    fn of_a_credential_whose_key_is_not_known_nothing_is_quoted() {
        let (mechanism, given) = (Mechanism::QueryV4, "K7MDENG".to_owned());
        let expected = "us-east-1".to_owned();
        for fault in [
            ScopeFault::Region { given: given.clone(), expected: expected.clone() },
            ScopeFault::Service { given: given.clone(), expected },
            ScopeFault::Terminal { given: given.clone() },
            ScopeFault::DateFormat { given: given.clone() },
            ScopeFault::OtherDay { given: given.clone(), request_day: "20261129".to_owned() },
        ] {
            let refusal = Refusal::Scope { mechanism, fault };
            assert!(cause(&refusal, true).to_string().contains(&given));
            assert!(!cause(&refusal, false).to_string().contains(&given));
        }
    }

    #[test]
    fn the_search_gets_no_value_that_is_withheld() {
        let listed = ["x-amz-meta-inner".to_owned()];
        let owned = |field| owned_without_withheld(field, WithheldHeaders::from_proxy(&listed)).1;
        assert_eq!(owned(("x-forwarded-host", "files.example.com")), "files.example.com");
        assert_eq!(owned(("x-amz-meta-a", "a")), "a");
        for name in ["x-origin-verify", "x-amz-meta-inner", "x-forwarded-for", "x-anything", "cookie"] {
            assert_eq!(owned((name, "hidden")), "(value withheld)", "{name}");
        }
        let from = |address| {
            cause(&Refusal::CaveatViolated(CaveatViolation::WrongAddress { address }), true).to_string()
        };
        assert!(from(None).contains("X-Forwarded-For"));
        assert!(!from("192.0.2.7".parse().ok()).contains("X-Forwarded-For"));
    }

    #[test]
    fn no_sentence_in_the_log_tells_a_signature_that_it_quotes() {
        const V4: &str = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        const V2: &str = "1GgixJ+/GtZX9vML7SCLyUqpvoA";
        for word in [V4, V2, "a-plain-word"] {
            let text = || RequestText::from(word.to_owned());
            let host = text();
            for cause in [
                Cause::ParameterAdded { names: vec![text()] },
                Cause::HeaderMissing { name: text(), signed: None },
                Cause::PathPrefixAdded { prefix: format!("/{word}").into() },
                Cause::SlashesChanged { signed_path: format!("/b/{word}//").into() },
                Cause::UnknownMethod { method: text() },
                Cause::WrongSecret { or_headers: Vec::new() },
            ] {
                let told = logged(&cause, &host, "AKID");
                assert_eq!(told.contains(word), word == "a-plain-word", "{told}");
                assert!(told.len() > 20, "the rest of the sentence stays: {told}");
                assert_eq!(told.contains("REDACTED"), word != "a-plain-word", "{told}");
            }
        }
    }

    #[test]
    fn what_nothing_explains_may_be_the_host() {
        let told = |cause| cause_text(&cause, &"inner:9000".into());
        let unexplained = told(Cause::WrongSecret { or_headers: Vec::new() });
        assert!(unexplained.contains("Host inner:9000") && unexplained.contains("`public_endpoints`"));
        assert!(!told(Cause::SessionTokenMissing).contains("public_endpoints"));
    }
}
