"""Records what botocore makes of some requests to S3, at a fixed time, as JSON on standard output."""

import datetime
import json
from unittest import mock

import botocore.session
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

NOW = 1795282542
ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzEBc/+a==example"


def now(remove_tzinfo=True):
    time = datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc)
    return time.replace(tzinfo=None) if remove_tzinfo else time


SESSION = botocore.session.get_session()


def client(version, place):
    return SESSION.create_client(
        "s3",
        region_name=place["region"],
        endpoint_url=place["endpoint"],
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        aws_session_token=place["token"],
        config=Config(signature_version=version, s3={"addressing_style": "virtual" if place["virtual"] else "path"}),
    )


def place(bucket="photos", region="us-east-1", endpoint=None, virtual=True, token=None):
    return {"bucket": bucket, "region": region, "endpoint": endpoint, "virtual": virtual, "token": token}


PLACES = [
    place(),
    place(region="eu-central-1"),
    place(region="cn-north-1", token=TOKEN),
    place(bucket="my.photos", virtual=False),
    place(endpoint="http://localhost:9000", virtual=False),
    place(endpoint="http://[::1]:9000/base", virtual=False, token=TOKEN),
    place(endpoint="https://S3.Ex.org:443", virtual=True),
]

# Each as botocore's operation and its parameters, and as method, query and headers.
OPERATIONS = [
    ("get_object", {"Key": "a b+c/é~(1).txt"}, "GET", [], []),
    ("get_object", {"Key": "//lead//dbl/../x/."}, "GET", [], []),
    ("get_object", {"Key": "'quotes'\"%41&=?#;:@,😀\u007f\t/"}, "GET", [], []),
    (
        "get_object",
        {"Key": "k", "ResponseContentDisposition": 'attachment; filename="é 1.txt"', "VersionId": "v+1/"},
        "GET",
        [["response-content-disposition", 'attachment; filename="é 1.txt"'], ["versionId", "v+1/"]],
        [],
    ),
    ("head_object", {"Key": "k"}, "HEAD", [], []),
    ("delete_object", {"Key": "k", "VersionId": "null"}, "DELETE", [["versionId", "null"]], []),
    (
        "upload_part",
        {"Key": "k", "PartNumber": 10000, "UploadId": "u/+=1"},
        "PUT",
        [["partNumber", "10000"], ["uploadId", "u/+=1"]],
        [],
    ),
    (
        "put_object",
        {"Key": "k", "ContentType": "text/plain; charset=utf-8", "Metadata": {"b": "1 2", "a": "x"}, "ACL": "private"},
        "PUT",
        [],
        [
            ["content-type", "text/plain; charset=utf-8"],
            ["x-amz-meta-b", "1 2"],
            ["x-amz-meta-a", "x"],
            ["x-amz-acl", "private"],
        ],
    ),
    ("get_object_tagging", {"Key": "k"}, "GET", [["tagging", ""]], []),
]


def urls():
    for where in PLACES:
        for version, kind in [("s3v4", "presign"), ("s3", "presign_sigv2")]:
            if version == "s3" and where["region"] not in ("us-east-1", "eu-central-1"):
                continue
            for operation, params, method, query, headers in OPERATIONS:
                yield {
                    "kind": kind,
                    **where,
                    "method": method,
                    "key": params["Key"],
                    "query": query,
                    "headers": headers,
                    "expires_in": 900,
                    "url": client(version, where).generate_presigned_url(
                        operation, Params={"Bucket": where["bucket"], **params}, ExpiresIn=900
                    ),
                }


def headers():
    requests = [
        ("GET", "http://localhost:9000/", [], "", None),
        ("GET", "http://localhost:9000/photos/a%20b%2Bc/%C3%A9~%281%29.txt", [], "", TOKEN),
        ("GET", "https://s3.ex.org:443/photos?list-type=2&prefix=a%2Fb&delimiter=%2F&acl=", [], "", None),
        ("PUT", "https://photos.s3.amazonaws.com/k", [["Content-Type", "text/plain"], ["X-Amz-Acl", "private"]], "body", None),
        ("PUT", "http://[::1]:9000/photos//k/../x", [["User-Agent", "x"], ["Range", " bytes=0-  1 "], ["Expect", "y"]], "é", TOKEN),
        ("PUT", "http://h/b/k", [["x-amz-meta-a", "1"], ["X-Amz-Meta-A", "2"], ["x-amz-tagging", ""]], "x" * 1000, None),
        ("DELETE", "http://h/b/k?uploadId=u%2F%2B1", [], "", None),
        ("POST", "http://h/b?delete=", [["Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="]], "<Delete/>", None),
    ]
    for method, url, given, body, token in requests:
        request = AWSRequest(method=method, url=url, data=body.encode())
        for name, value in given:
            request.headers.add_header(name, value)
        S3SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY, token), "s3", "us-east-1").add_auth(request)
        added = ["Authorization", "X-Amz-Content-SHA256", "X-Amz-Date", "X-Amz-Security-Token"]
        yield {
            "kind": "authorize",
            "region": "us-east-1",
            "token": token,
            "method": method,
            "url": url,
            "headers": given,
            "body": body,
            "added": [[name.lower(), request.headers[name]] for name in added if name in request.headers],
        }


def forms():
    requests = [
        ("k", {}, [], 3600),
        ("users/é 😀/${filename}", {}, [["content-length-range", 1, 10485760]], 60),
        (
            'quote"back\\slash\x7f',
            {"acl": "private", "success_action_status": "201"},
            [{"acl": "private"}, ["starts-with", "$x-amz-meta-note", ""], ["eq", "$success_action_status", "201"]],
            604800,
        ),
        ("${filename}", {"Content-Type": "image/png"}, [["starts-with", "$Content-Type", "image/"]], 1),
    ]
    for where in PLACES:
        for version, kind in [("s3v4", "post_form"), ("s3", "post_form_sigv2")]:
            if version == "s3" and where["region"] not in ("us-east-1", "eu-central-1"):
                continue
            for key, fields, conditions, expires_in in requests:
                made = client(version, where).generate_presigned_post(
                    where["bucket"], key, Fields=fields, Conditions=list(conditions), ExpiresIn=expires_in
                )
                yield {
                    "kind": kind,
                    **where,
                    "key": key,
                    "given_fields": list(map(list, fields.items())),
                    "conditions": conditions,
                    "expires_in": expires_in,
                    "url": made["url"],
                    "fields": list(map(list, made["fields"].items())),
                }


with (
    mock.patch("botocore.auth.get_current_datetime", now),
    mock.patch("botocore.signers.get_current_datetime", now),
    mock.patch("time.time", lambda: float(NOW)),
):
    cases = [*urls(), *headers(), *forms()]
print(json.dumps({"now": NOW, "cases": cases}, indent=1))
