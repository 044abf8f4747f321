"""The end of a server: asked for, and not."""

import hashlib
import http.client
import signal
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from conftest import client
from presign_server import PresignServer

MIB = 1 << 20
BODY = hashlib.shake_256(b"shutdown").digest(64 * MIB)


def url(server, operation, key):
    return client(server, "s3v4").generate_presigned_url(operation, Params={"Bucket": "work", "Key": key})


def connection_and_target(url):
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=30), f"{parts.path}?{parts.query}"


@pytest.fixture
def running(start):
    server = start()
    client(server, "s3v4").create_bucket(Bucket="work")
    return server


def wait_until_it_stops_listening(server):
    """A stopping server takes no new connections."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        probe = http.client.HTTPConnection("127.0.0.1", server.port, timeout=2)
        try:
            probe.connect()
        except OSError:
            return
        finally:
            probe.close()
        time.sleep(0.05)
    pytest.fail("it was told to stop a minute ago and still takes connections")


def test_sigterm_in_the_middle_of_a_download(running):
    client(running, "s3v4").put_object(Bucket="work", Key="k", Body=BODY)
    connection, target = connection_and_target(url(running, "get_object", "k"))
    connection.request("GET", target)
    answer = connection.getresponse()
    received = answer.read(MIB)
    running.terminate()
    wait_until_it_stops_listening(running)
    assert running.process.poll() is None, "it waits for the transfer"
    received += answer.read()
    connection.close()
    assert hashlib.sha256(received).digest() == hashlib.sha256(BODY).digest()
    assert running.wait() == 0


def test_sigterm_in_the_middle_of_an_upload(running, start):
    connection, target = connection_and_target(url(running, "put_object", "k"))
    connection.putrequest("PUT", target)
    connection.putheader("Content-Length", str(len(BODY)))
    connection.endheaders()
    # More than the sockets between them hold, so the server has begun with it.
    connection.send(BODY[: 48 * MIB])
    running.terminate()
    wait_until_it_stops_listening(running)
    connection.send(BODY[48 * MIB :])
    assert connection.getresponse().status == 200
    connection.close()
    assert running.wait() == 0
    again = start(running.data)
    assert client(again, "s3v4").get_object(Bucket="work", Key="k")["Body"].read() == BODY


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_log_that_nobody_reads_holds_up_neither_requests_nor_the_end(presign, tmp_path, told):
    server = PresignServer(presign, tmp_path / "data", reads_log_on=False).start()
    try:
        # Each leaves a line in the log; a pipe holds 64 KiB.
        for _ in range(500):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(f"{server.url}/bucket/key", timeout=30)
        server.process.send_signal(told)
        assert server.wait() == 0
    finally:
        server.kill()
