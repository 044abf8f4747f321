"""The AWS CLI, version 1, as it comes."""

import pytest

from conftest import client
from programs import SIGV4_CONFIG, AwsCli, curl


@pytest.fixture(params=["", SIGV4_CONFIG], ids=["default", "sigv4"])
def aws(request, server):
    return AwsCli((server.access_key_id, server.secret_access_key), server.url, config=request.param)


def test_copy_list_and_remove(aws, bucket, tmp_path):
    file, copy = tmp_path / "report.txt", tmp_path / "copy.txt"
    file.write_bytes(b"numbers\n" * 5000)
    aws.succeed("s3", "cp", str(file), f"s3://{bucket}/reports/2026 q4.txt")
    assert "2026 q4.txt" in aws.succeed("s3", "ls", f"s3://{bucket}/reports/")
    assert "PRE reports/" in aws.succeed("s3", "ls", f"s3://{bucket}")
    aws.succeed("s3", "cp", f"s3://{bucket}/reports/2026 q4.txt", str(copy))
    assert copy.read_bytes() == file.read_bytes()
    aws.succeed("s3", "rm", f"s3://{bucket}/reports/2026 q4.txt")
    assert aws.run("s3", "cp", f"s3://{bucket}/reports/2026 q4.txt", str(copy)).returncode != 0


def test_make_and_remove_a_bucket(aws, request):
    name = f"made-by-aws-{'sigv4' if 'sigv4' in request.node.name else 'default'}"
    aws.succeed("s3", "mb", f"s3://{name}")
    assert name in aws.succeed("s3", "ls")
    aws.succeed("s3", "rb", f"s3://{name}")
    assert name not in aws.succeed("s3", "ls")


def test_presign(aws, server, bucket):
    client(server).put_object(Bucket=bucket, Key="a file+more.txt", Body=b"content")
    url = aws.succeed("s3", "presign", f"s3://{bucket}/a file+more.txt", "--expires-in", "60").strip()
    assert curl(url) == (200, "content")
    status, words = curl(url.replace("more", "less"))
    assert status == 403 and "SignatureDoesNotMatch" in words


def test_a_wrong_secret_is_told(server, bucket):
    impostor = AwsCli((server.access_key_id, "not the secret of this key id, whatever"), server.url)
    done = impostor.run("s3", "ls", f"s3://{bucket}")
    assert done.returncode != 0 and "SignatureDoesNotMatch" in done.stderr
    honest = AwsCli((server.access_key_id, server.secret_access_key), server.url)
    honest.succeed("s3", "ls", f"s3://{bucket}")
