"""A disk that is full: uploads are refused in clear words, reads and deletes go on."""

import os
import resource
import shutil
import subprocess

import pytest

from conftest import client
from programs import curl

MIB = 1 << 20
DISK = 48 * MIB


def namespace():
    """The command that gives a process a mount table of its own without being root; None where the system
    does not allow that."""
    if not shutil.which("unshare"):
        return None
    command = ["unshare", "--user", "--map-root-user", "--mount"]
    allowed = subprocess.run([*command, "true"], capture_output=True).returncode == 0
    return command if allowed else None


def limit_file_size():
    resource.setrlimit(resource.RLIMIT_FSIZE, (8 * MIB, 8 * MIB))


@pytest.fixture
def small_disk(start, tmp_path):
    """A server whose data is on a file system of 48 MiB that it alone sees, and the words in which it must say so.

    Where the system gives nobody but root a mount of his own, its files may have 8 MiB at most instead: another
    refusal of the same write, after a part of it has been written, and one that S3 has no words for.
    """
    data = tmp_path / "data"
    data.mkdir()
    own_mounts = namespace()
    if own_mounts:
        mount = f'mount -t tmpfs -o size={DISK},mode=700 none "$0" && exec "$@"'
        return start(data, wrapper=[*own_mounts, "sh", "-c", mount, str(data)]), "no room left"
    if listed := os.environ.get("XTASK_NOT_RUN"):
        with open(listed, "a") as names:
            names.write("1\ta real full disk under `presign serve`; this system lets nobody but root mount one\n")
    # Without restoring its signals the server ignores SIGXFSZ, as Python does, and sees the error instead.
    return start(data, popen={"preexec_fn": limit_file_size, "restore_signals": False}), "internal error"


def test_full_disk(small_disk, tmp_path):
    server, told = small_disk
    s3 = client(server, "s3v4")
    s3.create_bucket(Bucket="small")

    def url(operation, key):
        return s3.generate_presigned_url(operation, Params={"Bucket": "small", "Key": key})

    piece, flood = tmp_path / "piece", tmp_path / "flood"
    piece.write_bytes(bytes(range(256)) * (4 * MIB // 256))
    flood.write_bytes(bytes(1) * (64 * MIB))
    for at in range(3):
        assert curl("-T", piece, url("put_object", f"piece-{at}"))[0] == 200

    status, words = curl("-T", flood, url("put_object", "flood"))
    assert status in (500, 503, 507), (status, words)
    assert "<Code>" in words and told in words, words
    assert curl(url("get_object", "flood"))[0] == 404, "nothing of it is left"

    for at in range(3):
        copy = tmp_path / "copy"
        assert curl("-o", copy, url("get_object", f"piece-{at}"))[0] == 200
        assert copy.read_bytes() == piece.read_bytes()
    s3.delete_object(Bucket="small", Key="piece-0")
    assert curl(url("get_object", "piece-0"))[0] == 404
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="small")["Contents"]] == ["piece-1", "piece-2"]
    assert curl("-T", piece, url("put_object", "piece-3"))[0] == 200, "what was freed is used again"
