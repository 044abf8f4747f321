//! From a raw head to a verified operation.

use std::time::SystemTime;

use presign::{
    Arrival, Mechanism, PayloadRule, Refusal, Request, SignedHost, Timestamp, Unverified, Verified,
    WithheldHeaders,
};
use presign_iam::{Action, Context, Resource};
use presign_s3::operation::ResourceKind;
use presign_s3::{Operation, S3Error, Target};

use super::cause::{Mismatched, cause};
use super::gate::{Authorized, Gate, UploadRules};
use crate::access_log::AccessRecord;
use crate::app::App;
use crate::http::{Client, Head};

/// Verifies the request, finds out what it asks for, and prepares the gate that decides.
///
/// # Errors
/// Every refusal of the signature, and of what was asked for, in S3's words.
pub(crate) fn authorize(
    app: &App,
    head: &Head<'_>,
    client: &Client,
    now: SystemTime,
    record: &mut AccessRecord,
) -> Result<Authorized, S3Error> {
    let received = head.value("host").unwrap_or_default();
    let now = Timestamp::from(now);
    let candidates = app.hosts.candidates(received, client.forwarded_host.as_deref());
    // There is a host to try, always.
    let (host, others) = candidates.split_first().ok_or_else(S3Error::access_denied)?;
    let withheld = app.withheld_from(client);
    match verify_as_sent_to(host, others, app, head, client, withheld, now, record) {
        Ok(authorized) => Ok(authorized),
        Err(Attempt::Answered(error)) => Err(error),
        Err(Attempt::Refused(Refusal::Unsigned)) if asks_for_response_headers(head) => {
            Err(S3Error::response_headers_need_a_signature())
        }
        Err(Attempt::Refused(Refusal::Unsigned)) if is_upload_form(head) => {
            Err(S3Error::operation_not_implemented("PostObject"))
        }
        Err(Attempt::Refused(refusal)) => {
            if matches!(refusal, Refusal::SignatureMismatch(_)) {
                // The likeliest host's answer is the one that helps; the others are guesses.
                look_into(host, app, head, client, withheld, now, record);
            }
            Err(refuse(refusal, withheld, record))
        }
    }
}

/// Has the wrong signature explained in the log, if it is one of a key that is known.
fn look_into(
    host: &str,
    app: &App,
    head: &Head<'_>,
    client: &Client,
    withheld: WithheldHeaders<'_>,
    now: Timestamp,
    record: &AccessRecord,
) {
    let Some(key) = record.access_key_id().and_then(|id| app.ring.find(id)) else { return };
    let request = Mismatched {
        id: record.id(),
        head,
        host,
        host_bucket: app.hosts.base().bucket_in(host),
        address: client.address,
        credentials: key.credentials.clone(),
        withheld,
        now,
    };
    app.diagnoses.begin(request, &app.policy, app.hosts.configured());
}

/// Why one attempt did not end in an operation.
enum Attempt {
    /// The verifier refused.
    Refused(Refusal),
    /// The signature is right; what it signs is not to be had.
    Answered(S3Error),
}

impl From<Refusal> for Attempt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<S3Error> for Attempt {
    fn from(error: S3Error) -> Self {
        Self::Answered(error)
    }
}

/// What an error says in the place of a credential that a proxy may have added.
const WITHHELD_CREDENTIAL: &str = "(value withheld)";

fn refuse(refusal: Refusal, withheld: WithheldHeaders<'_>, record: &mut AccessRecord) -> S3Error {
    // These two quote the Authorization header, in which a proxy may show itself to the store.
    let refusal = match refusal {
        Refusal::OnlyOneMechanism { argument: argument @ "Authorization", .. }
            if withheld.withholds("authorization") =>
        {
            Refusal::OnlyOneMechanism { argument, value: WITHHELD_CREDENTIAL.into() }
        }
        Refusal::UnsupportedAuthorization { .. } if withheld.withholds("authorization") => {
            Refusal::UnsupportedAuthorization { value: WITHHELD_CREDENTIAL.into() }
        }
        refusal => refusal,
    };
    record.because(cause(&refusal, record.is_key_known()));
    S3Error::from(&refusal)
}

/// Verifies the request for `host`, and for the `others` where the key is known and the signature is not right for that.
#[allow(clippy::too_many_arguments, reason = "all that is known of one request")]
fn verify_as_sent_to(
    host: &str,
    others: &[&str],
    app: &App,
    head: &Head<'_>,
    client: &Client,
    withheld: WithheldHeaders<'_>,
    now: Timestamp,
    record: &mut AccessRecord,
) -> Result<Authorized, Attempt> {
    let fields = head.fields_with_host(host);
    let host_bucket = app.hosts.base().bucket_in(host);
    let buckets: Vec<Option<String>> = others.iter().map(|host| app.hosts.base().bucket_in(host)).collect();
    let other_hosts = others.iter().zip(&buckets);
    let other_hosts: Vec<SignedHost<'_>> =
        other_hosts.map(|(host, bucket)| SignedHost { host, bucket: bucket.as_deref() }).collect();
    let request = Request {
        method: head.method,
        target: head.target,
        headers: &fields,
        remote_address: client.address,
        host_bucket: host_bucket.as_deref(),
    };
    let unverified = Unverified::parse(request)?;
    let key = app.ring.find(unverified.access_key_id());
    record.claimed(unverified.access_key_id(), key.is_some(), unverified.mechanism());
    let arrival = Arrival { other_hosts: &other_hosts, withheld };
    let known = key.as_ref().map(|key| &key.verification);
    let verified = unverified.verify_arrived(known, now, &app.policy, &arrival)?;
    // The verifier lets nobody through without a key.
    let key = key.ok_or_else(S3Error::access_denied)?;

    let target = Target::parse(verified.host(), head.path().as_bytes(), app.hosts.base())?;
    let is_query = matches!(verified.mechanism(), Mechanism::QueryV4 | Mechanism::QueryV2);
    if is_query && target.resource_kind() != ResourceKind::Object && !app.presigned_bucket_operations {
        return Err(Attempt::Answered(S3Error::access_denied_because(
            "A presigned URL of this store is for an object; sign a request about a bucket in its Authorization \
             header, or set auth.presigned_bucket_operations",
        )));
    }
    let operation = Operation::from_verified(&verified, &target)?;
    record.operation(&operation);
    let arn = operation.resource_arn();
    let holder = app.transfers.holder(&verified, &arn, client.address);
    let gate = Gate {
        principal: key.principal.clone(),
        action: Action::new(operation.name().action()),
        resource: Resource::from_arn(arn),
        context: Context::default(),
    };
    Ok(Authorized { upload: upload_rules(&verified)?, gate, operation, holder })
}

/// Whether the query has a parameter with which the signer of a download decides headers of its answer.
fn asks_for_response_headers(head: &Head<'_>) -> bool {
    let query = head.target.split_once('?').map_or("", |(_, query)| query);
    matches!(head.method, "GET" | "HEAD") && query.split('&').any(|pair| pair.starts_with("response-"))
}

/// Whether this is a browser's upload form, which carries its signature in the body.
fn is_upload_form(head: &Head<'_>) -> bool {
    let form = "multipart/form-data";
    let media_type = head.value("content-type").unwrap_or_default().as_bytes();
    head.method == "POST"
        && media_type.get(..form.len()).is_some_and(|start| start.eq_ignore_ascii_case(form.as_bytes()))
}

/// What the signature and the URL's caveats ask of the body.
fn upload_rules(verified: &Verified<'_>) -> Result<UploadRules, S3Error> {
    let sha256 = match verified.payload() {
        PayloadRule::Unsigned => None,
        PayloadRule::Sha256(digest) => Some(*digest),
        PayloadRule::Streaming(value) => {
            let why = format!(
                "{value}: uploads in signed chunks or with a trailing checksum are not implemented by this server; send \
                 UNSIGNED-PAYLOAD or the SHA-256 of the body"
            );
            return Err(S3Error::header_not_implemented("x-amz-content-sha256", why));
        }
    };
    let caveats = verified.caveats();
    Ok(UploadRules { sha256, min_size: caveats.min_size, max_size: caveats.max_size })
}
