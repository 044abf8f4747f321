//! Where credentials, region and endpoint come from.

use crate::command::{ACCESS_KEY_ID, Machine, SECRET_ACCESS_KEY, SIGN_AT};

fn url(machine: &Machine, arguments: &[&str]) -> String {
    machine.url(&[arguments, &["s3://bucket/key"], &SIGN_AT].concat())
}

#[track_caller]
fn assert_signed(url: &str, start: &str, key: &str, region: &str) {
    assert!(url.starts_with(start), "{url}");
    assert!(url.contains(&format!("X-Amz-Credential={key}%2F20130524%2F{region}%2Fs3%2F")), "{url}");
}

const CREDENTIALS: &str = "\
[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key = s
[work]
aws_access_key_id = AKIDWORK
aws_secret_access_key = s
";

const CONFIG: &str = "\
[default]
region = eu-north-1
[profile work]
region = eu-central-1
endpoint_url = https://global.example.com
services = own
s3 =
    addressing_style = virtual
[services own]
s3 =
    endpoint_url = https://s3.example.com
[profile process]
credential_process = cat process.json
[profile broken]
region = eu-central-1
";

fn with_files() -> Machine {
    let mut machine = Machine::bare();
    machine.write_shared_file("credentials", CREDENTIALS).write_shared_file("config", CONFIG);
    machine
}

#[test]
fn from_the_default_profile() {
    let url = url(&with_files(), &[]);
    assert_signed(&url, "https://bucket.s3.eu-north-1.amazonaws.com/key?", "AKIDDEFAULT", "eu-north-1");
}

#[test]
fn from_a_named_profile_with_its_endpoint_and_style() {
    let mut machine = with_files();
    let expected = ("https://bucket.s3.example.com/key?", "AKIDWORK", "eu-central-1");
    assert_signed(&url(&machine, &["--profile", "work"]), expected.0, expected.1, expected.2);
    machine.set("AWS_PROFILE", "work");
    assert_signed(&url(&machine, &[]), expected.0, expected.1, expected.2);
}

/// As in the AWS CLI. On the command line the style is for the bucket named there, so that is told.
#[test]
fn a_profiles_style_is_passed_over_where_it_cannot_be() {
    let machine = with_files();
    let told = machine.url(&["s3://my.bucket/key", "--profile", "work"]);
    assert!(told.starts_with("https://s3.example.com/my.bucket/key?"), "{told}");
    let told = url(&machine, &["--profile=work", "--endpoint-url=http://127.0.0.1:9000"]);
    assert!(told.starts_with("http://127.0.0.1:9000/bucket/key?"), "{told}");
    let demanded = ["url", "s3://my.bucket/key", "--profile=work", "--addressing-style=virtual"];
    machine.run(&demanded).assert_refused(1, &["my.bucket", "path style"]);
}

/// As in the AWS CLI: `--profile` goes before the environment's key, AWS_PROFILE does not.
#[test]
fn a_profile_on_the_command_line_goes_before_the_environment() {
    let mut machine = with_files();
    machine.set("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID).set("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
    machine.set("AWS_PROFILE", "work");
    assert!(url(&machine, &[]).contains(ACCESS_KEY_ID));
    assert!(url(&machine, &["--profile", "work"]).contains("AKIDWORK"));
}

#[test]
fn a_flag_goes_before_a_variable_and_that_before_the_profile() {
    let mut machine = with_files();
    machine.set("AWS_PROFILE", "work").set("AWS_DEFAULT_REGION", "eu-west-2");
    assert!(url(&machine, &[]).contains("%2Feu-west-2%2F"));
    machine.set("AWS_REGION", "eu-west-1").set("AWS_ENDPOINT_URL", "https://one.example.com");
    let told = url(&machine, &[]);
    assert_signed(&told, "https://bucket.one.example.com/key?", "AKIDWORK", "eu-west-1");
    machine.set("AWS_ENDPOINT_URL_S3", "https://two.example.com");
    assert!(url(&machine, &[]).starts_with("https://bucket.two.example.com/"));
    let told = url(&machine, &["--region=eu-west-3", "--endpoint-url=https://three.example.com"]);
    assert_signed(&told, "https://bucket.three.example.com/key?", "AKIDWORK", "eu-west-3");
    machine.set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    assert!(url(&machine, &[]).starts_with("https://bucket.s3.eu-west-1.amazonaws.com/"));
}

#[test]
fn session_tokens_are_signed() {
    let mut machine = Machine::with_key();
    machine.set("AWS_SESSION_TOKEN", "a/token+");
    assert!(url(&machine, &[]).contains("&X-Amz-Security-Token=a%2Ftoken%2B&"));
}

#[test]
fn from_a_process_with_its_end() {
    let machine = with_files();
    let json = r#"{"Version": 1, "AccessKeyId": "AKIDPROCESS", "SecretAccessKey": "s", "SessionToken": "t",
        "Expiration": "2999-01-01T16:40:00Z"}"#;
    std::fs::write(machine.home().join("process.json"), json).unwrap();
    let outcome = machine.run(&["url", "b-1/k", "--profile", "process", "--sign-at=2999-01-01T16:00:00Z"]);
    outcome.assert_success();
    assert!(outcome.stdout.contains("AKIDPROCESS"));
    assert!(outcome.stderr.contains("works until 2999-01-01 16:40"), "{}", outcome.stderr);
}

#[test]
fn no_credentials_at_all() {
    let outcome = Machine::bare().run(&["url", "b-1/k"]);
    outcome.assert_refused(1, &["no credentials found", "AWS_ACCESS_KEY_ID", "--profile"]);
    with_files().run(&["url", "b-1/k", "--profile", "broken"]).assert_refused(1, &["`broken` has none"]);
}

#[test]
fn whoever_is_not_signed_in_is_told_how() {
    let mut machine = Machine::bare();
    machine.write_shared_file(
        "config",
        "[profile sso]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n\
         sso_account_id = 123456789012\nsso_role_name = reader\n",
    );
    let outcome = machine.run(&["url", "b-1/k", "--profile", "sso"]);
    outcome.assert_refused(1, &["`sso` cannot be loaded", "aws sso login --profile sso", "sso/cache"]);
    assert!(!outcome.stderr.contains("an error occurred"), "{}", outcome.stderr);
}

#[test]
fn a_profile_that_is_not_there_is_told_with_those_that_are() {
    let outcome = with_files().run(&["url", "b-1/k", "--profile", "wrok"]);
    outcome.assert_refused(1, &["no profile `wrok`", "broken, default, process, work"]);
}

#[test]
fn a_broken_configuration_is_told_with_its_line() {
    let mut machine = Machine::with_key();
    machine.write_shared_file("config", "[default]\nregion\n");
    machine.run(&["url", "b-1/k"]).assert_refused(1, &[".aws/config", "line 2"]);
    machine.write_shared_file("config", "[default]\nuse_fips_endpoint = maybe\n");
    machine.run(&["url", "b-1/k"]).assert_refused(1, &["use_fips_endpoint", "maybe", "true or false"]);
    machine.write_shared_file("config", "[default]\nuse_fips_endpoint = false\n");
    machine.run(&["url", "b-1/k"]).assert_success();
}
