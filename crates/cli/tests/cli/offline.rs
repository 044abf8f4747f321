//! A signature that needs no network uses none; and the providers that need it are reached.

use std::process::Command;

use crate::command::Machine;
use crate::http::Service;

const INSTANCE_CREDENTIALS: &str = r#"{"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIAINSTANCE",
    "SecretAccessKey": "s", "Token": "t", "Expiration": "2999-01-01T00:00:00Z",
    "LastUpdated": "2020-01-01T00:00:00Z"}"#;

fn instance_metadata() -> Service {
    Service::start(|method, target| match (method, target) {
        ("PUT", "/latest/api/token") => (200, "token".to_owned()),
        ("GET", target) if target.ends_with("/security-credentials/") => (200, "my-role".to_owned()),
        ("GET", target) if target.ends_with("/security-credentials/my-role") => {
            (200, INSTANCE_CREDENTIALS.to_owned())
        }
        _ => (404, String::new()),
    })
}

/// A machine whose instance metadata is that service's.
fn machine(metadata: &Service) -> Machine {
    let mut machine = Machine::bare();
    machine.set("AWS_EC2_METADATA_DISABLED", "false");
    machine.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.url);
    machine
}

#[test]
fn keys_that_are_at_hand_need_no_connection_and_no_certificates() {
    let metadata = instance_metadata();
    let mut machine = machine(&metadata);
    // Whoever opens this file for its certificates waits for a writer that never comes.
    let pipe = machine.home().join("certificates.pem");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    machine.set("SSL_CERT_FILE", pipe.to_str().unwrap());
    machine.write_shared_file(
        "credentials",
        "[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = s\n",
    );
    assert!(machine.url(&["bucket/k"]).contains("AKIDFILE"));
    machine.set("AWS_ACCESS_KEY_ID", "AKIDVARIABLE").set("AWS_SECRET_ACCESS_KEY", "s");
    assert!(machine.url(&["bucket/k"]).contains("AKIDVARIABLE"));
    assert!(metadata.requests.try_recv().is_err(), "the metadata service was asked");
}

#[test]
fn an_instance_gives_its_role() {
    let metadata = instance_metadata();
    let url = machine(&metadata).url(&["bucket/k"]);
    assert!(url.contains("ASIAINSTANCE") && url.contains("X-Amz-Security-Token=t&"), "{url}");
    assert!(metadata.requests.try_recv().is_ok());
}

#[test]
fn a_machine_without_a_role_has_no_credentials() {
    let metadata = Service::start(|_, _| (403, String::new()));
    let outcome = machine(&metadata).run(&["url", "bucket/k"]);
    outcome.assert_refused(1, &["no credentials found", "AWS_ACCESS_KEY_ID", "IMDS is disabled"]);
}

#[test]
fn a_process_that_fails_is_told_with_its_profile() {
    let mut machine = Machine::bare();
    machine.write_shared_file("config", "[profile broken]\ncredential_process = false\n");
    let outcome = machine.run(&["url", "bucket/k", "--profile=broken"]);
    outcome.assert_refused(1, &["credentials of the profile `broken` cannot be loaded"]);
}

#[test]
fn an_sso_session_that_is_over_is_told_with_the_way_back() {
    let mut machine = Machine::bare();
    machine.write_shared_file(
        "config",
        "[profile office]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = reader\n\
         [sso-session s]\nsso_region = us-east-1\nsso_start_url = https://sso.example.com\n",
    );
    let outcome = machine.run(&["url", "bucket/k", "--profile=office"]);
    outcome.assert_refused(1, &["`office`", "aws sso login --profile office"]);
}

#[test]
fn a_container_gives_its_role() {
    let service = Service::start(|_, target| {
        assert_eq!(target, "/credentials");
        (200, INSTANCE_CREDENTIALS.replace("ASIAINSTANCE", "ASIACONTAINER"))
    });
    let mut machine = Machine::bare();
    machine.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/credentials", service.url));
    assert!(machine.url(&["bucket/k"]).contains("ASIACONTAINER"));
}

#[test]
fn a_web_identity_is_exchanged_for_a_role() {
    let service = Service::start(|_, _| {
        let answer = "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
            <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAWEB</AccessKeyId>\
            <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
            <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>\
            </AssumeRoleWithWebIdentityResponse>";
        (200, answer.to_owned())
    });
    let mut machine = Machine::bare();
    let token = machine.home().join("token");
    std::fs::write(&token, "a-token").unwrap();
    machine.set("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap());
    machine.set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/reader");
    machine.set("AWS_ENDPOINT_URL_STS", &service.url);
    assert!(machine.url(&["bucket/k"]).contains("ASIAWEB"));
    assert!(service.requests.recv().unwrap().contains("WebIdentityToken=a-token"));
}
