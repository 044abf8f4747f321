"""A person with nothing but curl or wget, and a URL."""

import pytest

from conftest import client
from programs import curl, wget

METHODS = {"get": "get_object", "put": "put_object"}


@pytest.fixture(params=[None, "s3v4"], ids=["sigv2", "sigv4"])
def url_for(request, server, bucket):
    signer = client(server, request.param)

    def url_for(what, key, **parameters):
        parameters = {"Bucket": bucket, "Key": key, **parameters}
        return signer.generate_presigned_url(METHODS[what], Params=parameters)

    return url_for


def test_curl_uploads_and_downloads(url_for, tmp_path):
    file, copy = tmp_path / "photo.jpg", tmp_path / "copy.jpg"
    file.write_bytes(bytes(range(256)) * 4096)
    assert curl("-T", file, url_for("put", "album/photo 1.jpg"))[0] == 200
    assert curl("-o", copy, url_for("get", "album/photo 1.jpg"))[0] == 200
    assert copy.read_bytes() == file.read_bytes()


def test_curl_resumes_a_download(url_for, tmp_path):
    file, copy = tmp_path / "file", tmp_path / "copy"
    file.write_bytes(bytes(range(256)) * 4096)
    assert curl("-T", file, url_for("put", "file"))[0] == 200
    copy.write_bytes(file.read_bytes()[:100_000])
    assert curl("-C", "-", "-o", copy, url_for("get", "file"))[0] == 206
    assert copy.read_bytes() == file.read_bytes()


def test_wget_uploads_and_downloads(url_for, tmp_path):
    file, copy = tmp_path / "notes.txt", tmp_path / "copy.txt"
    file.write_text("notes\n" * 1000)
    # wget gives every upload this type, and SigV2 signs the type.
    url = url_for("put", "notes.txt", ContentType="application/x-www-form-urlencoded")
    header = "--header=Content-Type: application/x-www-form-urlencoded"
    done = wget("--method=PUT", f"--body-file={file}", header, "-O", "-", url)
    assert done.returncode == 0, done.stderr
    done = wget("-O", copy, url_for("get", "notes.txt"))
    assert done.returncode == 0, done.stderr
    assert copy.read_text() == file.read_text()


def test_a_signed_content_type_must_be_sent(url_for, tmp_path):
    file = tmp_path / "page.html"
    file.write_text("<p>hello</p>")
    url = url_for("put", "page.html", ContentType="text/html")
    status, words = curl("-T", file, "-H", "Content-Type: text/plain", url)
    assert status == 403 and "SignatureDoesNotMatch" in words
    assert curl("-T", file, "-H", "Content-Type: text/html", url)[0] == 200


def test_an_unsigned_copy_source_is_refused(url_for, server, bucket, tmp_path):
    """What four servers got wrong in 2026: the upload URL of one object reading another."""
    client(server).put_object(Bucket=bucket, Key="secret", Body=b"secret")
    status, words = curl("-X", "PUT", "-H", f"x-amz-copy-source: /{bucket}/secret", url_for("put", "mine"))
    assert status == 403
    file = tmp_path / "mine"
    file.write_text("mine")
    assert curl("-T", file, url_for("put", "mine"))[0] == 200
    assert curl(url_for("get", "mine")) == (200, "mine")


def test_create_only(server, bucket, presign, tmp_path):
    """A URL that creates and never replaces, with plain curl."""
    from test_command import presign_url

    file = tmp_path / "once"
    file.write_text("once")
    url = presign_url(presign, server, f"s3://{bucket}/once", "--http-method", "PUT", "--create-only")
    assert curl("-T", file, url)[0] == 200
    assert curl("-T", file, url)[0] == 412
