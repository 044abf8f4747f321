//! XML bodies: CreateBucketConfiguration, which is the one that is taken so far.

use presign_s3::xml::{CreateBucketConfiguration, location_constraint};

/// The input is the body.
pub fn run(input: &[u8]) {
    let Ok(configuration) = CreateBucketConfiguration::parse(input) else { return };
    if input.is_empty() {
        assert_eq!(configuration, CreateBucketConfiguration::default());
    }
    // No document type, and so no entity of its own, is ever taken; within CDATA or a comment the letters are letters.
    assert!(!input.trim_ascii_start().starts_with(b"<!DOCTYPE"), "a document type was taken");
    let Some(region) = configuration.location_constraint else { return };
    assert!(configuration_of(&region).check_region(&region).is_ok());
    // Written by us, read by us.
    let mut escaped = String::new();
    for c in region.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\r' => escaped.push_str("&#13;"),
            c => escaped.push(c),
        }
    }
    let body = format!(
        "<CreateBucketConfiguration><LocationConstraint>{escaped}</LocationConstraint></CreateBucketConfiguration>"
    );
    let again = CreateBucketConfiguration::parse(body.as_bytes()).expect("it is well formed");
    assert_eq!(again, configuration_of(&region), "{body}");
    assert!(location_constraint(&region).starts_with("<?xml"));
}

fn configuration_of(region: &str) -> CreateBucketConfiguration {
    CreateBucketConfiguration { location_constraint: Some(region.to_owned()) }
}
