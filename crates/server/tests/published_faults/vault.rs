//! A server with something that nobody has a URL for.

use presign::Method;

use crate::support::TestServer;

pub(crate) const SECRET_WORDS: &str = "nobody may read this";

/// A server whose bucket `vault` holds the object `secret`.
pub(crate) fn server() -> TestServer {
    with(&[])
}

pub(crate) fn with(settings: &[(&str, &str)]) -> TestServer {
    let server = TestServer::with(settings);
    assert_eq!(server.signed(Method::Put, "/vault").answer().status, 200);
    assert_eq!(server.signed(Method::Put, "/vault/secret").body(SECRET_WORDS).answer().status, 200);
    server
}

/// What `key` of the bucket holds, if there is such an object.
pub(crate) fn stored(server: &TestServer, key: &str) -> Option<String> {
    let answer = server.get(key);
    match answer.status {
        200 => Some(answer.text()),
        404 => None,
        other => panic!("{other}: {}", answer.text()),
    }
}
