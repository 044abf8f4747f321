"""The process is killed in the middle of its work: everything acknowledged is there, byte for byte."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

from store_client import StoreClient, in_parallel

WRITERS = 4
KEYS = 12
ENOUGH_SECONDS = 120


def write_until_killed(server, store, chance, enough):
    """Puts, overwrites and deletes from several threads; kills the server after `enough` acknowledgements. What any of
    the threads finds wrong is raised here."""
    acknowledged, counted, killed = 0, threading.Condition(), threading.Event()
    seeds = [chance.random() for _ in range(WRITERS)]

    def write(writer):
        nonlocal acknowledged
        own = random.Random(seeds[writer])
        while True:
            key = f"{writer}/{own.randrange(KEYS)}"
            # From well within a row to well within a file.
            length = own.choice([0, 900, 16_384, 16_385, 65_537, 300_000])
            status = store.delete(key) if own.random() < 0.2 else store.put(key, length)
            if status is not None:
                assert status == 0, f"{key}: the server answered {status}"
                assert killed.is_set(), f"{key}: no answer from a server that nobody has killed yet"
                return
            with counted:
                acknowledged += 1
                counted.notify()

    def ended(_):
        with counted:
            counted.notify()

    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, writer) for writer in range(WRITERS)]
        for writer in writers:
            writer.add_done_callback(ended)
        try:
            # A writer that ends before the kill has found something wrong.
            over = lambda: acknowledged >= enough or any(writer.done() for writer in writers)  # noqa: E731
            with counted:
                counted.wait_for(over, ENOUGH_SECONDS)
        finally:
            killed.set()
            server.kill()
    for writer in writers:
        writer.result()
    assert acknowledged >= enough, f"{acknowledged} of {enough} writes were acknowledged within {ENOUGH_SECONDS} s"
    return acknowledged


def test_after_sigkill_everything_acknowledged_is_there(start, request):
    """Five cycles, or two hundred with --long, on one data directory."""
    chance = random.Random(20261127)
    cycles = 200 if request.config.getoption("--long") else 5
    server = start()
    store = StoreClient(server)
    assert store.create_bucket() is None
    acknowledged = 0
    for _ in range(cycles):
        acknowledged += write_until_killed(server, store, chance, enough=chance.randrange(1, 80))
        server = start(server.data)
        store.connect(server)
        store.verify()
        pages = store.s3.get_paginator("list_objects_v2").paginate(Bucket="work")
        listed = {entry["Key"] for page in pages for entry in page.get("Contents", [])}
        assert set(store.present()) <= listed <= set(store.possible)
    # What one cycle left open, the next one's reading has not settled; now everything is written once more.
    assert set(in_parallel(lambda key: store.put(key, 1_000), list(store.possible))) == {None}
    store.verify()
    print(f"{acknowledged} acknowledged writes in {cycles} cycles, all there")
