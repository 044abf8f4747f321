"""A server that anybody can reach: thousands of connections that do nothing, and a healthy client beside them."""

import resource
import socket
import time
from contextlib import ExitStack

import pytest
from botocore.config import Config

from conftest import client

CONNECTIONS = 5_000
MEMORY = 150 * 1024 * 1024
# Sockets of this process, and whatever else pytest has open.
FILES = CONNECTIONS + 500
# Three quarters of the server's limit are for connections.
SERVER_FILES = CONNECTIONS * 4 // 3 + 100


@pytest.fixture
def many_files():
    """Leave to open thousands of sockets, for this process and for the server that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = max(FILES, SERVER_FILES)
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.fail(f"{needed} open files are needed and the hard limit is {hard}: raise it (ulimit -Hn {needed})")
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed if soft == resource.RLIM_INFINITY else max(soft, needed), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(server, stack):
    return stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))


def read_answer(connection):
    """The status of an answer to a HEAD, which ends with its head."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        read = connection.recv(65536)
        assert read, f"the connection ended within {head!r}"
        head += read
    return int(head.split(b" ", 2)[1])


def is_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    finally:
        connection.settimeout(60)


def settled_memory(server):
    """What is resident once that does not fall any more."""
    least = server.memory()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        time.sleep(1)
        now = server.memory()
        if now > least * 0.99:
            break
        least = now
    return server.memory()


def a_healthy_client_is_served(server):
    s3 = client(server, config=Config(retries={"total_max_attempts": 1}))
    s3.put_object(Bucket="open", Key="k", Body=b"hello")
    assert s3.get_object(Bucket="open", Key="k")["Body"].read() == b"hello"


# An hour: that they are closed in time is another test's subject, and a slow machine must have the time to open them.
PATIENT = {"timeouts_idle": "1h", "timeouts_header_read": "1h", "log_level": "warn"}


def test_five_thousand_silent_connections(many_files, start):
    server = start(settings=PATIENT)
    client(server).create_bucket(Bucket="open")
    with ExitStack() as stack:
        idle = [connect(server, stack) for _ in range(CONNECTIONS)]
        a_healthy_client_is_served(server)
        memory = server.memory()
        print(f"{CONNECTIONS} silent connections: {memory / 1024 / 1024:.1f} MiB resident")
        assert memory <= MEMORY
        assert all(is_open(connection) for connection in idle)


def test_five_thousand_connections_that_were_used_and_kept(many_files, start):
    server = start(settings=PATIENT)
    client(server).create_bucket(Bucket="open")
    client(server).put_object(Bucket="open", Key="k", Body=b"hello")
    url = client(server, config=Config(signature_version="s3v4")).generate_presigned_url(
        "head_object", {"Bucket": "open", "Key": "k"}
    )
    request = f"HEAD {url.removeprefix(server.url)} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    with ExitStack() as stack:
        idle = [connect(server, stack) for _ in range(CONNECTIONS)]
        # All of them at once, so that none has given back what it needs for a request before the last one has it too.
        for _ in range(2):
            for connection in idle:
                connection.sendall(request)
            for connection in idle:
                assert read_answer(connection) == 200
        most = server.memory("VmHWM")
        a_healthy_client_is_served(server)
        print(
            f"{CONNECTIONS} kept connections: {server.memory() / 1024 / 1024:.1f} MiB resident, "
            f"{most / 1024 / 1024:.1f} MiB at most, {settled_memory(server) / 1024 / 1024:.1f} MiB settled"
        )
        assert most <= MEMORY
        assert all(is_open(connection) for connection in idle)
        # Parked or not, they go on.
        for connection in idle[:: CONNECTIONS // 50]:
            connection.sendall(request)
            assert read_answer(connection) == 200


def test_a_full_house_makes_room(many_files, start):
    """As many connections as there are places, none in use: everybody who comes still gets in."""
    server = start(settings={**PATIENT, "limits_connections": "500"})
    client(server).create_bucket(Bucket="open")
    with ExitStack() as stack:
        for _ in range(700):
            connect(server, stack)
        for _ in range(5):
            a_healthy_client_is_served(server)
