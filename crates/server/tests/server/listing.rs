//! Listings: order, prefixes, pages, and keys that XML cannot carry.

use presign::{Method, PresignRequest};

use crate::support::TestServer;

/// The texts of all elements of that name.
fn all<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    text.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap()).collect()
}

fn server_with(keys: &[&str]) -> TestServer {
    let server = TestServer::start();
    for key in keys {
        server.put(key, "x");
    }
    server
}

fn list(server: &TestServer, query: &str) -> String {
    let answer = server.signed(Method::Get, &format!("/bucket?{query}")).answer();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

#[test]
fn keys_come_in_the_order_of_their_bytes() {
    let server = server_with(&["b", "a/1", "\u{e9}", "B", "a", "a-"]);
    let text = list(&server, "list-type=2");
    assert_eq!(all(&text, "Key"), ["B", "a", "a-", "a/1", "b", "\u{e9}"]);
    assert_eq!(all(&text, "KeyCount"), ["6"]);
    assert_eq!(all(&text, "IsTruncated"), ["false"]);
    assert_eq!(all(&text, "StorageClass")[0], "STANDARD");
    assert_eq!(all(&text, "ETag")[0], "&quot;9dd4e461268c8034f5c8564e155c67a6&quot;");
    assert_eq!(all(&text, "LastModified")[0], "2026-11-21T12:00:00.000Z");
}

#[test]
fn a_delimiter_rolls_up_what_lies_behind_it() {
    let server = server_with(&["a", "photos/1", "photos/2", "photos/2026/x", "z"]);
    let text = list(&server, "delimiter=%2F&list-type=2");
    assert_eq!(all(&text, "Key"), ["a", "z"]);
    assert_eq!(all(&all(&text, "CommonPrefixes").join(""), "Prefix"), ["photos/"]);
    let text = list(&server, "delimiter=%2F&list-type=2&prefix=photos%2F");
    assert_eq!(all(&text, "Key"), ["photos/1", "photos/2"]);
    assert_eq!(all(&all(&text, "CommonPrefixes").join(""), "Prefix"), ["photos/2026/"]);
}

#[test]
fn pages_lead_through_everything_once() {
    let server = server_with(&["a", "b/1", "b/2", "c", "d/1", "e"]);
    let mut seen = Vec::new();
    let mut query = "delimiter=%2F&list-type=2&max-keys=2".to_owned();
    for _ in 0..10 {
        let text = list(&server, &query);
        seen.extend(all(&text, "Key").into_iter().map(str::to_owned));
        seen.extend(all(&all(&text, "CommonPrefixes").join(""), "Prefix").into_iter().map(str::to_owned));
        let Some(token) = all(&text, "NextContinuationToken")
            .first()
            .map(|token| token.replace('=', "%3D").replace('+', "%2B").replace('/', "%2F"))
        else {
            break;
        };
        query = format!("continuation-token={token}&delimiter=%2F&list-type=2&max-keys=2");
    }
    seen.sort();
    assert_eq!(seen, ["a", "b/", "c", "d/", "e"]);
    server
        .signed(Method::Get, "/bucket?continuation-token=x&list-type=2")
        .answer()
        .assert_code(400, "InvalidArgument");
}

#[test]
fn the_first_versions_markers_lead_past_common_prefixes() {
    let server = server_with(&["a", "b/1", "b/2", "c"]);
    let text = list(&server, "delimiter=%2F&max-keys=2");
    assert_eq!((all(&text, "Key"), all(&text, "NextMarker")), (vec!["a"], vec!["b/"]));
    let text = list(&server, "delimiter=%2F&marker=b%2F&max-keys=2");
    assert_eq!(
        (all(&text, "Key"), all(&text, "CommonPrefixes").len(), all(&text, "IsTruncated")),
        (vec!["c"], 0, vec!["false"])
    );
    let text = list(&server, "marker=b%2F1");
    assert_eq!(all(&text, "Key"), ["b/2", "c"]);
}

#[test]
fn a_key_that_xml_cannot_carry_comes_encoded() {
    let server = server_with(&["line\u{1}end", "a<b>&c d+e"]);
    let text = list(&server, "encoding-type=url&list-type=2");
    assert_eq!(all(&text, "Key"), ["a%3Cb%3E%26c%20d%2Be", "line%01end"]);
    assert_eq!(all(&text, "EncodingType"), ["url"]);
}

#[test]
fn one_page_has_at_most_a_thousand() {
    let server = server_with(&["a", "b"]);
    let text = list(&server, "list-type=2&max-keys=5000");
    assert_eq!(all(&text, "MaxKeys"), ["1000"]);
    let text = list(&server, "list-type=2&max-keys=0");
    assert_eq!((all(&text, "Key").len(), all(&text, "IsTruncated")), (0, vec!["false"]));
}

/// A link of the old kind signs nothing of what it lists, so that what is listed would be everything.
#[test]
fn a_sigv2_listing_by_url_is_of_the_whole_bucket_or_refused() {
    let server = TestServer::with(&[("PRESIGN_AUTH_PRESIGNED_BUCKET_OPERATIONS", "true")]);
    server.put("private/k", "x");
    let url = server.presign_sigv2(&PresignRequest::bucket(Method::Get));
    assert_eq!(all(&server.call("GET", &url).answer().text(), "Key"), ["private/k"]);
    for limit in ["prefix=public/", "list-type=2", "max-keys=0"] {
        server.call("GET", &format!("{url}&{limit}")).answer().assert_code(501, "NotImplemented");
    }
    // SigV4 signs them.
    let url = server.presign(&PresignRequest::bucket(Method::Get).query("prefix", "public/"));
    assert!(all(&server.call("GET", &url).answer().text(), "Key").is_empty());
}
