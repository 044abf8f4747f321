"""The command `presign`: what it prints is what other tools would have made, and works."""

import json
import os
import re
import time
from pathlib import Path

import pytest

from programs import SIGV4_CONFIG, AwsCli, curl, run, succeed

CREDENTIALS = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


def environment(credentials, region="us-east-1"):
    names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    return {**dict(zip(names, credentials)), "AWS_REGION": region}


def presign_url(presign, server, *arguments):
    credentials = (server.access_key_id, server.secret_access_key)
    command = [presign, "url", *arguments, "--endpoint-url", server.url]
    return succeed(command, env=environment(credentials)).strip()


CASES = {
    "an object": ["s3://my-bucket/file.txt", "--expires-in", "3600"],
    "a week": ["s3://my-bucket/file.txt", "--expires-in", "604800"],
    "no life given": ["s3://my-bucket/file.txt"],
    "a bucket with a dot": ["s3://my.bucket/file.txt"],
    "a hostile key": ["s3://my-bucket/a b+c/é~(1)%2F//../\U0001f600?x=1#y"],
    "a key with a leading slash": ["s3://my-bucket//lead"],
}


@pytest.mark.parametrize("arguments", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("place", ["us-east-1", "cn-north-1", "http://[::1]:9000", "https://s3.ex.org:443"])
@pytest.mark.parametrize("token", [[], ["IQoJb3JpZ2luX2VjE/+="]], ids=["long-term", "temporary"])
def test_url_is_aws_s3_presigns(presign, arguments, place, token):
    """Byte for byte, for the same second."""
    credentials = (*CREDENTIALS, *token)
    endpoint, region = (place, "us-east-1") if "://" in place else (None, place)
    aws = AwsCli(credentials, endpoint, region, SIGV4_CONFIG)
    expected = aws.succeed("s3", "presign", *arguments).strip()
    signed_at = re.search(r"X-Amz-Date=(\w+)", expected)[1]
    command = [presign, "url", *arguments, "--sign-at", signed_at, *aws.endpoint]
    assert succeed(command, env=environment(credentials, region)).strip() == expected


def test_url_names_the_region(presign):
    """Left to itself the AWS CLI writes a host without the region, which S3 has to redirect or refuses; set to
    virtual-hosted style it names the region, as `presign url` always does."""
    arguments = ["s3://my-bucket/file.txt", "--expires-in", "60"]
    config = SIGV4_CONFIG + "    addressing_style = virtual\n"
    expected = AwsCli(CREDENTIALS, region="eu-central-1", config=config).succeed("s3", "presign", *arguments).strip()
    assert expected.startswith("https://my-bucket.s3.eu-central-1.amazonaws.com/file.txt?")
    signed_at = re.search(r"X-Amz-Date=(\w+)", expected)[1]
    for config in (config, ""):
        Path(os.environ["AWS_CONFIG_FILE"]).write_text(config)
        command = [presign, "url", *arguments, "--sign-at", signed_at]
        assert succeed(command, env=environment(CREDENTIALS, "eu-central-1")).strip() == expected


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "me-south-1", "cn-north-1"])
def test_url_with_the_global_endpoint(presign, region):
    """What the AWS CLI writes when left to itself, for whoever wants that."""
    arguments = ["s3://my-bucket/file.txt", "--expires-in", "60"]
    expected = AwsCli(CREDENTIALS, region=region, config=SIGV4_CONFIG).succeed("s3", "presign", *arguments).strip()
    signed_at = re.search(r"X-Amz-Date=(\w+)", expected)[1]
    command = [presign, "url", *arguments, "--sign-at", signed_at, "--global-endpoint"]
    assert succeed(command, env=environment(CREDENTIALS, region)).strip() == expected


def test_url_is_signed_for_now(presign):
    before = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    url = succeed([presign, "url", "s3://my-bucket/k"], env=environment(CREDENTIALS)).strip()
    assert before <= re.search(r"X-Amz-Date=(\w+)", url)[1] <= time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def test_put_url_for_curl(presign, server, bucket, tmp_path):
    """`--http-method PUT`, used with nothing but curl."""
    file = tmp_path / "upload"
    file.write_text("uploaded")
    url = presign_url(presign, server, f"s3://{bucket}/inbox/upload", "--http-method", "PUT", "--expires-in", "15m")
    assert curl("-T", file, url)[0] == 200
    assert curl(presign_url(presign, server, f"s3://{bucket}/inbox/upload")) == (200, "uploaded")
    assert curl(url)[0] == 403, "it does not serve GET"


def test_limits_in_the_url_are_kept(presign, server, bucket, tmp_path):
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x" * 1000)
    large.write_bytes(b"x" * 1025)
    url = presign_url(presign, server, f"s3://{bucket}/k", "--http-method", "PUT", "--max-size", "1KiB")
    status, words = curl("-T", large, url)
    assert status == 400 and "EntityTooLarge" in words
    assert curl(presign_url(presign, server, f"s3://{bucket}/k"))[0] == 404
    assert curl("-T", small, url)[0] == 200
    elsewhere = presign_url(presign, server, f"s3://{bucket}/k", "--ip", "203.0.113.0/24")
    assert curl(elsewhere)[0] == 403
    here = presign_url(presign, server, f"s3://{bucket}/k", "--ip", "127.0.0.0/8")
    assert curl(here) == (200, "x" * 1000)


def test_stable_urls_are_the_same(presign):
    def at(second):
        command = [presign, "url", "s3://b-b/k", "--stable", "1h", "--sign-at", f"20261121T10{second}Z"]
        return succeed(command, env=environment(CREDENTIALS))

    assert at("0000") == at("5959")
    assert at("0000") != succeed(
        [presign, "url", "s3://b-b/k", "--stable", "1h", "--sign-at", "20261121T110000Z"], env=environment(CREDENTIALS)
    )


def test_json_and_curl_forms(presign, server, bucket, tmp_path):
    credentials = (server.access_key_id, server.secret_access_key)
    command = [presign, "url", f"s3://{bucket}/k", "--endpoint-url", server.url, "--http-method", "PUT"]
    printed = json.loads(succeed([*command, "--json", "--content-type", "text/plain"], env=environment(credentials)))
    assert printed["method"] == "PUT" and printed["url"].startswith(f"{server.url}/{bucket}/k?")
    line = succeed([*command, "--curl"], env=environment(credentials))
    assert line.startswith("curl ") and server.url in line


def test_without_credentials_the_way_out_is_told(presign):
    done = run([presign, "url", "s3://my-bucket/k"])
    assert done.returncode == 1 and done.stdout == ""
    assert "AWS_ACCESS_KEY_ID" in done.stderr
    assert run([presign, "url", "s3://my-bucket/k"], env=environment(CREDENTIALS)).returncode == 0


def test_what_makes_no_sense_is_told(presign):
    for wrong in (["s3://my-bucket/k", "--expires-in", "8d"], ["https://my-bucket/k"], ["s3://my-bucket"]):
        done = run([presign, "url", *wrong], env=environment(CREDENTIALS))
        assert done.returncode in (1, 2) and done.stdout == "" and done.stderr, wrong


def test_share(presign, server, bucket, tmp_path):
    file = tmp_path / "report.pdf"
    file.write_bytes(b"%PDF-1.7 " + bytes(range(256)) * 1000)
    command = [presign, "share", file, f"s3://{bucket}/outbox/", "--endpoint-url", server.url]
    link = succeed(command, env=environment((server.access_key_id, server.secret_access_key))).strip()
    copy = tmp_path / "copy.pdf"
    assert curl("-o", copy, link)[0] == 200
    assert copy.read_bytes() == file.read_bytes()


def test_inspect(presign, server, bucket):
    url = presign_url(presign, server, f"s3://{bucket}/k", "--http-method", "PUT", "--expires-in", "15m")
    words = succeed([presign, "inspect", url])
    assert bucket in words and server.access_key_id in words and " left" in words
    signature = re.search(r"X-Amz-Signature=(\w+)", url)[1]
    assert signature not in words, "a printed signature is a working URL for whoever reads over a shoulder"
    told = json.loads(succeed([presign, "inspect", url, "--json"]))
    assert told["bucket"] == bucket and told["key"] == "k"


def test_demo(presign, tmp_path):
    """The README's first command."""
    done = run([presign, "demo", "--once"], timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("curl") >= 2, "a GET and a PUT as curl commands"
    assert "SignatureDoesNotMatch" in done.stdout and "Request has expired" in done.stdout
