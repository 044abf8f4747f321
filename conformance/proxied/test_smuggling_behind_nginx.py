"""Requests whose end is a matter of opinion, sent through nginx, where the next client would suffer from a second opinion."""

import urllib.request

import pytest

from nginx import KINDS, PATIENCE_SECONDS, Nginx
from presign_server import PresignServer
from smuggling import BOTH, CASES, CLIENT_SECONDS, HONOURED, Rig

# Longer than nginx has patience, so that it is always nginx that gives up first, and shorter than the tests have.
STORE_SECONDS = 15
SETTINGS = {"log_level": "warn", "timeouts_idle": f"{STORE_SECONDS}s", "timeouts_header_read": f"{STORE_SECONDS}s"}
assert PATIENCE_SECONDS < STORE_SECONDS < CLIENT_SECONDS
# What nginx says by itself of codings and versions that it does not know.
OWN_WORDS = (501, 505)


@pytest.fixture(scope="module", params=KINDS)
def rig(request, presign, tmp_path_factory):
    with PresignServer(presign, tmp_path_factory.mktemp("data"), settings=SETTINGS) as server:
        with Nginx(tmp_path_factory.mktemp("nginx"), server.port, request.param) as nginx:
            yield Rig(server, nginx.url)


def next_client(rig, key):
    return urllib.request.urlopen(rig.url + rig.target("get_object", key), timeout=CLIENT_SECONDS).read()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nginx_and_the_server_agree(rig, case):
    found = rig.send(case)
    for key in ("probe", "read", "probe"):
        assert next_client(rig, key) == key.encode(), f"the next client got another answer, after {found}"
    for answer in found:
        is_nginx_s = "x-amz-request-id" not in answer.fields
        assert answer.status < 500 or (is_nginx_s and answer.status in OWN_WORDS), found
    # A second request is honoured only where nginx took it for one too, and passed its answer on.
    is_honoured = rig.stored(rig.canary) is not None
    assert is_honoured == (len(found) == 3 and found[1].status == 200), found
    assert not (is_honoured and case.expected == HONOURED), found
    assert is_honoured or case.expected != BOTH, found
    # What was uploaded is the body that was meant, whoever found its end.
    subject = rig.stored(rig.subject)
    assert subject in (None, b"", b"hello") or subject.endswith(rig.body), found


def test_the_next_client_shares_the_connection(rig):
    """Else nothing above means anything."""
    rig.direct.close()
    next_client(rig, "probe")
    before = connections_to(rig.server_port)
    assert len(before) == 1
    for _ in range(20):
        next_client(rig, "read")
    assert connections_to(rig.server_port) == before


def connections_to(port):
    """The clients' ends of established connections to a port of this machine."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return {row[1] for row in rows if row[2].endswith(f":{port:04X}") and row[3] == "01"}
