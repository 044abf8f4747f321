"""Keys with every hostile character: uploaded by URL, listed, downloaded back, deleted."""

from pathlib import Path

import pytest

from conftest import client
from oracle.hostile import WHOLE_KEYS, KEY_PIECES, Hostile
from programs import curl

# Python's own HTTP clients tidy some paths up on their way, so these are sent by curl, told to leave them alone.
AS_IT_IS = ["--path-as-is", "--globoff"]


def hostile_keys():
    """Every byte of ASCII, each of the known traps, and a hundred random keys."""
    keys = {f"ascii/{code:02x}/{chr(code)}/end" for code in range(1, 128)}
    keys |= set(WHOLE_KEYS) | {f"piece/{piece}" for piece in KEY_PIECES}
    hostile = Hostile(seed=2026)
    keys |= {hostile.key() for _ in range(100)}
    return sorted(keys, key=lambda key: key.encode())


@pytest.fixture(scope="module")
def filled(server):
    """A bucket with an object under each key, uploaded by SigV4 and SigV2 URLs in turn."""
    signers = [client(server, "s3v4"), client(server)]
    signers[0].create_bucket(Bucket="hostile")
    for at, key in enumerate(hostile_keys()):
        url = signers[at % 2].generate_presigned_url("put_object", Params={"Bucket": "hostile", "Key": key})
        status, words = curl(*AS_IT_IS, "-X", "PUT", "-H", "Content-Type:", "--data-binary", f"at {at}", url)
        assert status == 200, (key, words)
    return "hostile"


def test_all_are_listed_in_the_order_of_their_bytes(server, filled):
    pages = client(server, "s3v4").get_paginator("list_objects_v2").paginate(
        Bucket=filled, PaginationConfig={"PageSize": 50}
    )
    assert [entry["Key"] for page in pages for entry in page["Contents"]] == hostile_keys()


def test_each_is_downloaded_back(server, filled):
    signers = [client(server), client(server, "s3v4")]
    for at, key in enumerate(hostile_keys()):
        url = signers[at % 2].generate_presigned_url("get_object", Params={"Bucket": filled, "Key": key})
        assert curl(*AS_IT_IS, url) == (200, f"at {at}"), key


def test_one_byte_more_than_a_key_can_have(server, filled):
    """1,024 bytes is the longest key, and is among those above."""
    assert any(len(key.encode()) == 1024 for key in hostile_keys())
    signer = client(server, "s3v4")
    url = signer.generate_presigned_url("put_object", Params={"Bucket": filled, "Key": "k" * 1025})
    status, words = curl("-X", "PUT", "--data-binary", "x", "-H", "Content-Type:", url)
    assert status == 400 and "KeyTooLongError" in words


def test_none_of_them_left_its_folder(server, filled):
    """Keys are no paths: nothing under the data directory, or beside it, is named after one."""
    names = {path.name for path in Path(server.data).parent.rglob("*")}
    assert not names & {"passwd", "lead", "index.html", "x"}
