"""A small disk, filled and freed many times without a restart."""

import time

import pytest

from disk_space import MIB, free_bytes, take_all_but
from store_client import StoreClient, in_parallel

# What is left to the store, its reserve and its log included.
ROOM = 28 * MIB
PATIENCE = 120

LENGTHS = {
    "small": lambda chance: chance.randrange(1, 16_000),
    "large": lambda chance: chance.randrange(100_000, 2 * MIB),
    "mixed": lambda chance: chance.choice([chance.randrange(1, 16_000), chance.randrange(20_000, MIB)]),
}


def fill(store, cycle, lengths, chance):
    """Puts until the disk is full for several writers in a row; gives how many were acknowledged."""
    plan = [[lengths(chance) for _ in range(4_000)] for _ in range(4)]

    def write(thread):
        acknowledged = refused = 0
        for at, length in enumerate(plan[thread]):
            status = store.put(f"{cycle}/{thread}/{at}", length)
            assert status in (None, 507), status
            acknowledged += status is None
            refused = 0 if status is None else refused + 1
            if refused == 5:
                return acknowledged
        pytest.fail(f"{acknowledged} objects fitted and there is still room")

    return sum(in_parallel(write, range(4)))


@pytest.mark.parametrize("kind", LENGTHS)
def test_fill_and_free(kind, small_disk, start, chance, is_long):
    take_all_but(small_disk, ROOM)
    server = start(small_disk / "data")
    store = StoreClient(server)
    assert store.create_bucket() is None
    acknowledged = 0
    for cycle in range(50 if is_long else 3):
        acknowledged += fill(store, cycle, LENGTHS[kind], chance)
        present = store.present()
        # Full: everything can be read, listed and deleted.
        store.verify(chance.sample(present, min(40, len(present))))
        pages = store.s3.get_paginator("list_objects_v2").paginate(Bucket="work")
        listed = {entry["Key"] for page in pages for entry in page.get("Contents", [])}
        assert set(present) <= listed
        keep = set(chance.sample(present, 3))
        assert len(present) > 5, present
        doomed = [key for key in listed if key not in keep]
        assert set(in_parallel(store.delete, doomed)) == {None}
        # Freed: the same kind of write is taken again, without a restart. Blobs are unlinked behind the answer.
        deadline = time.monotonic() + PATIENCE
        while (status := store.put(f"again/{cycle}", LENGTHS[kind](chance))) is not None:
            assert status == 507, status
            assert time.monotonic() < deadline, (
                f"cycle {cycle} ({kind}): {free_bytes(small_disk)} bytes are free, and writes are still refused"
            )
            time.sleep(0.1)
        store.verify(keep | {f"again/{cycle}"})
        assert set(in_parallel(store.delete, keep | {f"again/{cycle}"})) == {None}
    assert server.process.poll() is None
    for at in range(5):
        assert store.put(f"last/{at}", 1_000 * (at + 1)) is None
    server.terminate()
    assert server.wait() == 0
    store.connect(start(small_disk / "data"))
    store.verify()
    print(f"{acknowledged} acknowledged uploads in {cycle + 1} cycles")
