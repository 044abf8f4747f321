//! Buckets: made, found, listed, deleted; by signed headers, and by URL only where the operator says so.

use presign::{Method, PresignRequest};

use crate::support::{TestServer, noon, signer, target_of};

#[test]
fn a_bucket_is_made_found_and_deleted() {
    let server = TestServer::start();
    let made = server.signed(Method::Put, "/second").answer();
    assert_eq!((made.status, made.header("location"), made.body.len()), (200, Some("/second"), 0));
    let head = server.signed(Method::Head, "/second").answer();
    assert_eq!((head.status, head.header("x-amz-bucket-region")), (200, Some("us-east-1")));
    let location = server.signed(Method::Get, "/second?location").answer();
    assert!(location.text().contains("<LocationConstraint"), "{}", location.text());
    let list = server.signed(Method::Get, "/").answer();
    assert!(list.text().contains("<Name>bucket</Name><CreationDate>2026-11-21T12:00:00.000Z</CreationDate>"));
    assert!(list.text().contains("<Name>second</Name>"));
    assert_eq!(server.signed(Method::Delete, "/second").answer().status, 204);
    assert_eq!(server.signed(Method::Head, "/second").answer().status, 404);
    server.signed(Method::Delete, "/second").answer().assert_error(
        404,
        "NoSuchBucket",
        "The specified bucket does not exist",
        &[("BucketName", "second")],
    );
}

#[test]
fn a_bucket_with_objects_stays() {
    let server = TestServer::start();
    server.put("k", "x");
    server.signed(Method::Delete, "/bucket").answer().assert_code(409, "BucketNotEmpty");
    assert_eq!(server.signed(Method::Delete, "/bucket/k").answer().status, 204);
    assert_eq!(server.signed(Method::Delete, "/bucket").answer().status, 204);
}

#[test]
fn making_a_bucket_twice_succeeds_in_us_east_1_alone() {
    let server = TestServer::start();
    assert_eq!(server.signed(Method::Put, "/bucket").answer().status, 200);
}

#[test]
fn a_bucket_is_made_in_the_servers_own_region() {
    let server = TestServer::start();
    let body = |region: &str| {
        format!(
            "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
        )
    };
    let make = |body: String| server.signed(Method::Put, "/second").body(body).answer();
    make(body("eu-west-1")).assert_code(400, "IllegalLocationConstraintException");
    make("<Create".to_owned()).assert_code(400, "MalformedXML");
    assert_eq!(server.signed(Method::Head, "/second").answer().status, 404);
    assert_eq!(make(body("us-east-1")).status, 200);
    server.signed(Method::Put, "/Bad_Name").answer().assert_code(400, "InvalidBucketName");
}

#[test]
fn a_presigned_url_is_for_an_object() {
    let list = |server: &TestServer| {
        let request = PresignRequest::bucket(Method::Get).query("list-type", "2");
        let url = signer().presign(&server.bucket_url(), &request, noon()).unwrap();
        server.call("GET", &target_of(url.as_str())).answer()
    };
    let server = TestServer::start();
    list(&server).assert_code(403, "AccessDenied");
    assert_eq!(server.signed(Method::Get, "/bucket?list-type=2").answer().status, 200);
    let open = TestServer::with(&[("PRESIGN_AUTH_PRESIGNED_BUCKET_OPERATIONS", "true")]);
    assert_eq!(list(&open).status, 200);
}

#[test]
fn an_object_needs_its_bucket() {
    let server = TestServer::start();
    for method in [Method::Get, Method::Put, Method::Delete] {
        let mut call = server.signed(method, "/nowhere/k");
        if method == Method::Put {
            call = call.body("x");
        }
        call.answer().assert_error(
            404,
            "NoSuchBucket",
            "The specified bucket does not exist",
            &[("BucketName", "nowhere")],
        );
    }
}

#[test]
fn what_is_not_there_yet_is_said_to_be_so() {
    let server = TestServer::start();
    server.put("k", "x");
    for (method, target) in [
        (Method::Get, "/bucket/k?tagging"),
        (Method::Delete, "/bucket/k?tagging"),
        (Method::Post, "/bucket/k?uploads"),
        (Method::Put, "/bucket/k?uploadId=1&partNumber=1"),
        (Method::Get, "/bucket?versioning"),
        (Method::Put, "/bucket?policy"),
    ] {
        server.signed(method, target).answer().assert_code(501, "NotImplemented");
    }
    server.signed(Method::Post, "/bucket/k").answer().assert_code(405, "MethodNotAllowed");
    assert_eq!(server.get("k").text(), "x");
}
