"""Large objects in constant memory."""

import hashlib
import subprocess

import pytest

from conftest import client
from programs import program

MIB = 1 << 20
GIB = 1 << 30
MOST_GROWTH = 32 * MIB


def blocks(size):
    """`size` bytes that do not repeat, a MiB at a time, cheap to make."""
    seed = hashlib.shake_256(b"presign").digest(MIB)
    for at in range(size // MIB):
        yield at.to_bytes(16, "big") + seed[16:]


def checksum(chunks):
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def upload(url, size):
    """curl, fed through a pipe with a length that it is told, so that no file of that size is needed here."""
    command = [program("curl", "curl"), "-sS", "-f", "-T", "-", "-H", f"Content-Length: {size}", "-H", "Transfer-Encoding:"]
    curl = subprocess.Popen([*command, "-H", "Expect:", url], stdin=subprocess.PIPE)
    digest = hashlib.sha256()
    for block in blocks(size):
        digest.update(block)
        curl.stdin.write(block)
    curl.stdin.close()
    assert curl.wait(60) == 0
    return digest.hexdigest()


def download(url):
    curl = subprocess.Popen([program("curl", "curl"), "-sS", "-f", url], stdout=subprocess.PIPE)
    digest = checksum(iter(lambda: curl.stdout.read(MIB), b""))
    assert curl.wait(60) == 0
    return digest


@pytest.mark.parametrize("size", [GIB, pytest.param(5 * GIB, marks=pytest.mark.long)], ids=["1GiB", "5GiB"])
def test_round_trip_in_constant_memory(start, size):
    server = start()
    s3 = client(server, "s3v4")
    s3.create_bucket(Bucket="large")
    parameters = {"Bucket": "large", "Key": "object"}
    put = s3.generate_presigned_url("put_object", Params=parameters)
    get = s3.generate_presigned_url("get_object", Params=parameters)
    assert download_of_small_object(s3, put, get)  # Everything is loaded and warm after this.

    before = server.memory()
    uploaded = upload(put, size)
    after_upload = server.memory("VmHWM") - before
    assert s3.head_object(**parameters)["ContentLength"] == size
    downloaded = download(get)
    after_download = server.memory("VmHWM") - before
    print(f"{size >> 30} GiB: grew by {after_upload / MIB:.1f} MiB up, {after_download / MIB:.1f} MiB up and down")

    assert uploaded == downloaded
    assert after_upload <= MOST_GROWTH
    assert after_download <= MOST_GROWTH
    s3.delete_object(**parameters)


def download_of_small_object(s3, put, get):
    return upload(put, MIB) == download(get)
