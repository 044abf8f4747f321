//! A CORS preflight: never authenticated, and no bucket has rules yet.

use crate::support::TestServer;

#[test]
fn a_preflight_is_answered_without_credentials() {
    let server = TestServer::start();
    let call = || server.call("OPTIONS", "/bucket/k");
    call().answer().assert_error(
        400,
        "BadRequest",
        "Insufficient information. Origin request header needed.",
        &[],
    );
    let asked = call().header("Origin", "https://app.example").header("Access-Control-Request-Method", "PUT");
    asked.answer().assert_error(
        403,
        "AccessForbidden",
        "CORSResponse: CORS is not enabled for this bucket.",
        &[("Method", "PUT"), ("ResourceType", "BUCKET")],
    );
}

#[test]
fn a_get_from_another_origin_has_no_cors_headers() {
    let server = TestServer::start();
    server.put("k", "hello");
    let url = server.presign(&presign::PresignRequest::get("k"));
    let answer = server.call("GET", &url).header("Origin", "https://app.example").answer();
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
}
