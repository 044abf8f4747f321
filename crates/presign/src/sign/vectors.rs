//! AWS's own test vectors of Signature Version 4, all 76: canonical request, string to sign and signature.
//!
//! They are for a service named `service`, and some are of what the public interface does not do, such as a
//! URL that signs the body's hash; so they are run against the pieces that it is made of. Where they come from
//! is told in `tests/vectors/README.md`.

use serde_json::Value;

use crate::credentials::SecretAccessKey;
use crate::sign::authorization::canonical_request;
use crate::sign::headers::add_header;
use crate::signing_key::{SigningKey, sha256};
use crate::timestamp::Timestamp;
use crate::uri::{self, Keep};

const VECTORS: &str = include_str!("../../tests/vectors/sigv4.json");

/// The vectors whose path is normalised before it is signed, and what becomes of it. Every service but S3 does
/// so; on S3 a path is an object's key and stays as it is. Each has a twin named `unnormalized`.
const NORMALIZED: [(&str, &str); 6] = [
    ("get-relative-normalized", "/"),
    ("get-relative-relative-normalized", "/"),
    ("get-slash-dot-slash-normalized", "/"),
    ("get-slash-normalized", "/"),
    ("get-slash-pointless-dot-normalized", "/example"),
    ("get-slashes-normalized", "/example/"),
];

/// A request as the vectors write it: lines of text.
struct Request<'v> {
    method: &'v str,
    path: &'v str,
    query: &'v str,
    headers: Vec<(String, String)>,
    body: &'v str,
}

fn read_request(text: &str) -> Request<'_> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let (request_line, fields) = head.split_once('\n').unwrap();
    let (method, rest) = request_line.split_once(' ').unwrap();
    let target = rest.strip_suffix(" HTTP/1.1").unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    // A line that begins with a space goes on with the value before it.
    let unfolded = fields.replace("\n ", " ");
    let mut headers = Vec::new();
    for line in unfolded.lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap();
        add_header(&mut headers, name.to_ascii_lowercase(), value);
    }
    Request { method, path, query, headers, body }
}

#[test]
fn all_vectors_of_aws() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let (mut as_s3_does, mut with_path_normalized) = (0, 0);
    for vector in &vectors {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (name, kind, context) = (text(&vector["name"]), text(&vector["kind"]), &vector["context"]);
        let request = read_request(vector["request"].as_str().unwrap());

        let mut path = uri::read(request.path, Keep::Slash).unwrap().canonical.into_owned();
        match NORMALIZED.iter().find(|(normalized, _)| *normalized == name) {
            Some((_, normalized)) => {
                assert_ne!(path, *normalized, "{name}");
                path = (*normalized).to_owned();
                with_path_normalized += 1;
            }
            None => as_s3_does += 1,
        }

        let time = text(&context["timestamp"]).replace(['-', ':'], "");
        let time = Timestamp::parse_basic(&time).unwrap().basic();
        let secret = SecretAccessKey::new(text(&context["credentials"]["secret_access_key"]));
        let (region, service) = (text(&context["region"]), text(&context["service"]));
        let key = SigningKey::derive(&secret, time.date(), &region, &service);
        let credential = format!("{}/{}", text(&context["credentials"]["access_key_id"]), key.scope());
        let token = context["credentials"]["token"]
            .as_str()
            .filter(|_| context["omit_session_token"] != Value::Bool(true));

        let payload = sha256(request.body.as_bytes()).map(|byte| format!("{byte:02x}")).concat();
        let mut headers = request.headers;
        let mut added = Vec::new();
        if kind == "header" {
            add_header(&mut headers, "x-amz-date".to_owned(), time.as_str());
            if context["sign_body"] == Value::Bool(true) {
                add_header(&mut headers, "x-amz-content-sha256".to_owned(), &payload);
            }
            if let Some(token) = token {
                add_header(&mut headers, "x-amz-security-token".to_owned(), token);
            }
        } else {
            let mut names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            added.push(("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()));
            added.push(("X-Amz-Credential", credential));
            added.push(("X-Amz-Date", time.as_str().to_owned()));
            added.push(("X-Amz-Expires", context["expiration_in_seconds"].to_string()));
            added.push(("X-Amz-SignedHeaders", names.join(";")));
            added.extend(token.map(|token| ("X-Amz-Security-Token", token.to_owned())));
        }
        headers.sort();
        let given = request.query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            let canonical = |raw| uri::read(raw, Keep::Unreserved).unwrap().canonical.into_owned();
            (canonical(name), canonical(value))
        });
        let encode = |text: &str| uri::encode(text, Keep::Unreserved).into_owned();
        let parameters: Vec<(String, String)> =
            given.chain(added.iter().map(|(name, value)| (encode(name), encode(value)))).collect();
        let mut parameters: Vec<(&str, &str)> =
            parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();

        let (canonical, _) = canonical_request(request.method, &path, &mut parameters, &headers, &payload);
        assert_eq!(canonical, text(&vector["canonical_request"]), "{name} {kind}");
        let hash = sha256(canonical.as_bytes());
        let signature = key.sign_hash(&time, &hash);
        assert_eq!(signature.to_hex().as_str(), text(&vector["signature"]), "{name} {kind}");
        let string_to_sign = text(&vector["string_to_sign"]);
        assert_eq!(key.sign_text(string_to_sign.as_bytes()), signature, "{name} {kind}");
    }
    assert_eq!((vectors.len(), as_s3_does, with_path_normalized), (76, 64, 12));
}
