//! From a verified request to a typed operation.

use std::sync::LazyLock;

use presign::{Method, Payload, Request, UnsignedRequest, Unverified};
use presign_s3::{BaseHosts, Operation, Target};

use super::signed::{KEY, NOW, ORIGIN, POLICY, SIGNER};

static BASES: LazyLock<BaseHosts> = LazyLock::new(|| BaseHosts::new(["files.example.com"]));
const METHODS: [Method; 5] = [Method::Get, Method::Head, Method::Put, Method::Post, Method::Delete];

/// A byte for the method; then lines: the target, and headers, each signed.
pub fn run(input: &[u8]) {
    let Some((&choice, text)) = input.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let (target, headers) = text.split_once('\n').unwrap_or((text, ""));
    let method = METHODS[usize::from(choice) % METHODS.len()];
    let Ok(mut unsigned) = UnsignedRequest::url(method, &format!("{ORIGIN}{target}")) else { return };
    let mut sent: Vec<(&str, &str)> = vec![("host", "files.example.com")];
    for line in headers.lines().take(6) {
        let Some((name, value)) = line.split_once(':') else { continue };
        unsigned = unsigned.header(name, value);
        sent.push((name, value));
    }
    let Ok(authorized) = SIGNER.authorize(&unsigned.payload(Payload::Unsigned), NOW) else { return };
    let url = authorized.url().strip_prefix(ORIGIN).expect("our own host").to_owned();
    sent.extend(authorized.headers().iter().map(|(name, value)| (*name, value.as_str())));
    let Ok(unverified) = Unverified::parse(Request::new(method.as_str(), &url, &sent)) else { return };
    let Ok(verified) = unverified.verify(Some(&KEY), NOW, &POLICY) else { return };
    let path = url.split('?').next().unwrap();
    let Ok(target) = Target::parse("files.example.com", path.as_bytes(), &BASES) else { return };
    match Operation::from_verified(&verified, &target) {
        Ok(operation) => {
            // No order of the parameters, which nobody has signed, makes another operation of it.
            let own = |name: &&str| !name.is_empty() && !name.to_ascii_lowercase().starts_with("x-");
            let mut names: Vec<&str> = verified.parameters().map(|(name, _)| name).filter(own).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|two| two[0] != two[1]), "{url}");
            // Whatever it is, it is about the bucket and the key that were signed.
            let arn = operation.resource_arn();
            if let Some(key) = target.key() {
                assert!(arn.ends_with(key.as_str()), "{arn} for {key}");
            }
            if let Some(bucket) = target.bucket() {
                assert!(arn.contains(bucket.as_str()), "{arn} for {bucket}");
            }
        }
        Err(refusal) => {
            assert!((400..600).contains(&refusal.status()) && refusal.status() != 500, "{refusal:?}");
            let xml = refusal.to_xml("id", "host");
            // Whatever it quotes, the answer is one document.
            assert!(xml.starts_with("<?xml") && xml.trim_end().ends_with("</Error>"), "{xml}");
            assert_eq!(xml.matches("<Error>").count(), 1, "{xml}");
        }
    }
}
