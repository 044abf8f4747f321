"""boto3, unmodified: in its default configuration, which presigns with SigV2 here, and set to SigV4."""

import hashlib
import time
import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlsplit

import botocore.exceptions
import pytest

from conftest import client

BODY = b"the quick brown fox\n" * 1000


def send(method, url, body=None, headers=None):
    """The status and the body of an answer, whatever it is."""
    request = urllib.request.Request(url, method=method, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()


def test_the_default_is_sigv2_and_the_other_is_not(server):
    """What the two configurations are for: if boto3 changes its default, this says so."""
    for version, parameter in [(None, "AWSAccessKeyId"), ("s3v4", "X-Amz-Signature")]:
        url = client(server, version).generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
        assert parameter in parse_qs(urlsplit(url).query)


def test_upload_and_download_by_url(s3, bucket):
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "fox.txt"})
    assert send("PUT", put, BODY, {"Content-Type": ""} if "AWSAccessKeyId" in put else {})[0] == 200
    get = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "fox.txt"})
    assert send("GET", get) == (200, BODY)
    head = s3.generate_presigned_url("head_object", Params={"Bucket": bucket, "Key": "fox.txt"})
    assert send("HEAD", head)[0] == 200
    assert send("GET", head)[0] == 403, "a HEAD URL does not serve GET"
    delete = s3.generate_presigned_url("delete_object", Params={"Bucket": bucket, "Key": "fox.txt"})
    assert send("DELETE", delete) == (204, b"")
    assert send("GET", get)[0] == 404


def test_signed_calls(s3, bucket):
    """The client's own calls, signed in their headers."""
    answer = s3.put_object(Bucket=bucket, Key="fox.txt", Body=BODY, ContentType="text/plain", Metadata={"colour": "red"})
    assert answer["ETag"] == f'"{hashlib.md5(BODY).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="fox.txt")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (BODY, "text/plain", {"colour": "red"})
    part = s3.get_object(Bucket=bucket, Key="fox.txt", Range="bytes=4-8")
    assert (part["Body"].read(), part["ContentRange"]) == (b"quick", f"bytes 4-8/{len(BODY)}")
    assert s3.head_object(Bucket=bucket, Key="fox.txt")["ContentLength"] == len(BODY)
    assert [entry["Name"] for entry in s3.list_buckets()["Buckets"]].count(bucket) == 1
    s3.head_bucket(Bucket=bucket)
    with pytest.raises(botocore.exceptions.ClientError, match="BucketNotEmpty"):
        s3.delete_bucket(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="fox.txt")
    with pytest.raises(botocore.exceptions.ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="fox.txt")
    s3.delete_bucket(Bucket=bucket)
    with pytest.raises(botocore.exceptions.ClientError, match="404"):
        s3.head_bucket(Bucket=bucket)


def test_listing_in_pages(s3, bucket):
    keys = sorted(f"{folder}/{name}" for folder in "abc" for name in range(7))
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 4}))
    assert len(pages) == 6
    assert [entry["Key"] for page in pages for entry in page["Contents"]] == keys
    folders = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [prefix["Prefix"] for prefix in folders["CommonPrefixes"]] == ["a/", "b/", "c/"]
    inside = s3.list_objects_v2(Bucket=bucket, Prefix="b/", StartAfter="b/4")
    assert [entry["Key"] for entry in inside["Contents"]] == ["b/5", "b/6"]


def test_response_overrides(s3, bucket):
    s3.put_object(Bucket=bucket, Key="report", Body=BODY)
    disposition = 'attachment; filename="a b.txt"'
    url = s3.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "report", "ResponseContentDisposition": disposition}
    )
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.headers["Content-Disposition"] == disposition
        assert answer.read() == BODY
    assert send("GET", url.replace("attachment", "inline"))[0] == 403


def test_altered_and_over(s3, bucket):
    s3.put_object(Bucket=bucket, Key="fox.txt", Body=BODY)
    s3.put_object(Bucket=bucket, Key="secret.txt", Body=b"secret")
    parameters = {"Bucket": bucket, "Key": "fox.txt"}
    url = s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=4)
    assert send("GET", url) == (200, BODY)
    status, body = send("GET", url.replace("fox.txt", "secret.txt"))
    assert status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in body and b"secret\n" not in body
    status, body = send("PUT", url, b"overwritten")
    assert status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in body
    time.sleep(4.5)
    status, body = send("GET", url)
    assert status == 403 and b"<Message>Request has expired</Message>" in body
    assert send("GET", s3.generate_presigned_url("get_object", Params=parameters)) == (200, BODY)


def test_a_listing_by_url_is_refused(s3, bucket):
    """A link is for an object."""
    url = s3.generate_presigned_url("list_objects_v2", Params={"Bucket": bucket})
    status, body = send("GET", url)
    assert status == 403 and b"<Code>AccessDenied</Code>" in body
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
