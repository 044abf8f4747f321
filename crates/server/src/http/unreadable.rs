//! The answer to a head that could not be read, so that there is no request to refuse.

use std::time::SystemTime;

use presign_s3::{S3Error, limits};

use super::date;
use super::request_id::RequestId;

/// The whole answer to a head that was found to be unreadable, in S3's words. `status` is how HTTP would say it, and `head`
/// what came of it.
pub(super) fn answer(status: u16, head: &[u8], now: SystemTime) -> Vec<u8> {
    let error = error(status, head);
    let id = RequestId::random();
    let body = error.to_xml(&id.to_string(), &id.host_id());
    format!(
        "HTTP/1.1 {} \r\nContent-Type: application/xml\r\nContent-Length: {}\r\nConnection: close\r\n\
         x-amz-request-id: {id}\r\nx-amz-id-2: {}\r\nDate: {}\r\nServer: Presign\r\n\
         X-Content-Type-Options: nosniff\r\n\r\n{}",
        error.status(),
        body.len(),
        id.host_id(),
        date::text(now),
        // The answer to a HEAD has no body, whatever it says.
        if head.starts_with(b"HEAD ") { "" } else { &body },
    )
    .into_bytes()
}

fn error(status: u16, head: &[u8]) -> S3Error {
    match status {
        431 if head.len() <= limits::URL_BYTES + limits::HEADER_BYTES => S3Error::invalid_request(format!(
            "The request has more than {} header fields",
            limits::HEADER_FIELDS
        )),
        431 => S3Error::request_header_section_too_large(limits::HEADER_BYTES),
        414 => S3Error::request_header_section_too_large(limits::URL_BYTES),
        _ => S3Error::invalid_request("The request is not well-formed HTTP"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_gets_its_words() {
        let text =
            |status, head: &[u8]| String::from_utf8(answer(status, head, SystemTime::UNIX_EPOCH)).unwrap();
        assert!(text(431, &[b'a'; 100]).contains("<Message>The request has more than 100 header fields<"));
        assert!(text(431, &[b'a'; 65536]).contains("<Code>RequestHeaderSectionTooLarge</Code>"));
        assert!(text(414, b"GET /").contains("<Code>RequestHeaderSectionTooLarge</Code>"));
        let malformed = text(400, b"GET / HTTP/1.1\r\nA : b\r\n\r\n");
        assert!(malformed.starts_with("HTTP/1.1 400 \r\n"), "{malformed}");
        assert!(malformed.contains("<Code>InvalidRequest</Code>"), "{malformed}");
        assert!(malformed.contains("\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"), "{malformed}");
        assert!(malformed.ends_with("</Error>"), "{malformed}");
        assert!(text(400, b"HEAD / HTTP/1.1\r\nA : b\r\n\r\n").ends_with("\r\n\r\n"));
    }
}
