"""A server whose operator takes no SigV2."""

import pytest

from conftest import client
from programs import SIGV4_CONFIG, AwsCli, curl


@pytest.fixture
def strict(start):
    return start(settings={"auth_sigv2": "deny"})


def test_the_old_kind_is_refused_in_words_that_say_what_to_set(strict):
    sigv4 = client(strict, "s3v4")
    sigv4.create_bucket(Bucket="strict")
    sigv4.put_object(Bucket="strict", Key="k", Body=b"content")
    parameters = {"Bucket": "strict", "Key": "k"}

    status, words = curl(client(strict).generate_presigned_url("get_object", Params=parameters))
    assert status in (400, 403)
    assert "Config(signature_version='s3v4')" in words.replace("&apos;", "'")
    assert "aws configure set default.s3.signature_version s3v4" in words

    assert curl(sigv4.generate_presigned_url("get_object", Params=parameters)) == (200, "content")


def test_the_same_with_the_aws_cli(strict):
    sigv4 = client(strict, "s3v4")
    sigv4.create_bucket(Bucket="strict")
    sigv4.put_object(Bucket="strict", Key="k", Body=b"content")
    credentials = (strict.access_key_id, strict.secret_access_key)

    old = AwsCli(credentials, strict.url).succeed("s3", "presign", "s3://strict/k").strip()
    assert "AWSAccessKeyId=" in old and curl(old)[0] in (400, 403)
    new = AwsCli(credentials, strict.url, config=SIGV4_CONFIG).succeed("s3", "presign", "s3://strict/k").strip()
    assert curl(new) == (200, "content")
