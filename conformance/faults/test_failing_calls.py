"""System calls that fail, one at a time: nothing that was acknowledged is lost, and after a failed flush nothing is
acknowledged any more.

strace makes the call fail. What is on the disk after that is what the calls that succeeded left there, so this shows
what the server answers; what a disk keeps is shown by the losses of power.
"""

import contextlib
import fcntl
import shutil
import subprocess
import time

import pytest

from store_client import StoreClient

# Of each kind, which of them fail in a short run; in a long one all do, until none is left to fail.
SHORT = (1, 5)
LONGEST = 80

# The byte of the index of the log that the last of SQLite's readers locks.
LAST_READER = 127

FLUSHES = ("fsync", "fdatasync")
SITES = [
    *[(call, "error=EIO") for call in FLUSHES],
    ("pwrite64", "error=ENOSPC"),
    ("pwrite64", "error=EDQUOT"),
    ("pwrite64", "error=EIO"),
    ("pwrite64", "retval=0"),
    ("writev", "error=ENOSPC"),
    ("writev", "error=EDQUOT"),
    ("writev", "error=EIO"),
    ("fallocate", "error=ENOSPC"),
    ("fallocate", "error=EDQUOT"),
    ("ftruncate", "error=EIO"),
    ("renameat", "error=ENOSPC"),
    ("mkdirat", "error=ENOSPC"),
    ("unlinkat", "error=EIO"),
]


def failing(call, fault, at, log):
    """The command line that runs a server whose `at`th call of a kind fails. The server, not strace, is the process that
    is started."""
    trace = ["-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={at}"]
    return ["strace", "-D", "-f", "-qq", "-o", str(log), *trace]


def has_failed(log):
    return log.exists() and "(INJECTED)" in log.read_text(errors="replace")


def write_everything(store, log, rounds=2):
    """Every kind of write, one after the other; gives those that were acknowledged although a call had failed before."""
    acknowledged_after = []

    def write(name, make):
        failed_before = has_failed(log)
        if make() is None and failed_before:
            acknowledged_after.append(name)

    for round in range(rounds):
        write("put small", lambda: store.put("small", 500))
        write("put large", lambda: store.put("large", 150_000))
        write("overwrite", lambda: store.put("changing", 150_000 if round % 2 else 500))  # noqa: B023
        write("delete", lambda: store.delete("small" if round % 2 else "large"))  # noqa: B023
        # Longer than the server waits before it writes its log back.
        time.sleep(1.2)
    return acknowledged_after


def holds_after_a_restart(start, data, store):
    server = start(data)
    store.connect(server)
    store.verify()
    assert store.put("afterwards", 100_000) is None
    store.verify(["afterwards"])
    server.kill()


@pytest.mark.parametrize(("call", "fault"), SITES)
def test_one_call_fails(call, fault, start, tmp_path, is_long):
    reached = 0
    for at in range(1, LONGEST) if is_long else SHORT:
        data, log = tmp_path / f"data-{at}", tmp_path / f"strace-{at}"
        # The store is made without a fault, so that the call fails in its work.
        server = start(data)
        store = StoreClient(server)
        assert store.create_bucket() is None
        assert store.put("before", 2_000) is None
        assert store.put("before large", 200_000) is None
        server.kill()
        try:
            server = start(data, wrapper=failing(call, fault, at, log))
        except RuntimeError as error:
            # It may refuse to start on a disk that fails; then it must end by itself.
            assert "ended with status" in str(error), error
        else:
            store.connect(server)
            acknowledged_after = write_everything(store, log)
            if call in FLUSHES:
                assert not acknowledged_after, f"{call} {at} failed, and then was acknowledged: {acknowledged_after}"
            server.kill()
        failed = has_failed(log)
        holds_after_a_restart(start, data, store)
        shutil.rmtree(data)
        reached += failed
        if not failed:
            break
    print(f"{call} {fault}: {reached} failed")
    assert reached > 0, f"no {call} was made, so none failed"


def is_traced(process):
    with open(f"/proc/{process}/status") as status:
        return not any(line.split() == ["TracerPid:", "0"] for line in status)


@contextlib.contextmanager
def no_more_writes(server, file, log):
    """Has every write to a file fail from now on, as on a disk that is full."""
    fault = ["-e", "trace=pwrite64", "-e", "inject=pwrite64:error=ENOSPC", "-P", str(file)]
    process = server.process.pid
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", str(log), "-p", str(process), *fault])
    try:
        deadline = time.monotonic() + 60
        while not is_traced(process):
            assert tracer.poll() is None and time.monotonic() < deadline, "strace does not trace the server"
            time.sleep(0.05)
        yield
    finally:
        tracer.terminate()
        tracer.wait(60)


def test_the_index_of_the_log_cannot_grow(start, tmp_path):
    """SQLite has the index grow when a commit is in the log and flushed: that commit is neither made nor refused."""
    data, log = tmp_path / "data", tmp_path / "strace"
    server = start(data)
    store = StoreClient(server)
    assert store.create_bucket() is None
    # As long as somebody has the lock of a reader, the log does not begin anew, and grows.
    reader = open(data / "metadata.sqlite-shm", "rb")
    fcntl.lockf(reader, fcntl.LOCK_SH, 1, LAST_READER)
    with no_more_writes(server, data / "metadata.sqlite-shm", log):
        refused = None
        for number in range(400):
            refused = store.put(f"small-{number % 20}", 60_000) or store.put("changing", 150_000 + number)
            if refused:
                break
        assert has_failed(log), "the index did not grow"
        assert refused == 503
        assert [store.put("changing", 160_000), store.delete("changing")] == [503, 503]
    reader.close()
    server.kill()
    holds_after_a_restart(start, data, store)
