"""Who the client is, in the opinion of nginx, which sees it, and of the store, which is told."""

import os
import socket
import subprocess

import pytest

from conftest import client
from nginx import ADDRESSES, Nginx
from presign_server import PresignServer

BUCKET = "addresses"
PUBLIC = "http://files.example.com"
# The proxy connects from 127.0.0.1; on Linux all of 127.0.0.0/8 is this machine.
SETTINGS = {"log_level": "warn", "public_endpoints": PUBLIC, "trusted_proxies": "127.0.0.1"}
OWN_ADDRESS = "127.0.0.9"
SECONDS = 60
NAMING = [kind for kind in ADDRESSES if kind not in ("not", "empty-list")]
PLAIN_HOST = "files.example.com"
# Each is a host by RFC 3986, or is refused as none.
HOSTS = [
    PLAIN_HOST,
    "x;for=203.0.113.9",
    "x,for=203.0.113.9",
    "x;for=203.0.113.9;by=1",
    'x";for=203.0.113.9;by="',
    'x\\";for=203.0.113.9;by=\\"',
]
CLAIMS = [
    "",
    "X-Forwarded-For: 203.0.113.9\r\n",
    "Forwarded: for=203.0.113.9\r\n",
    "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\n",
]


@pytest.fixture(scope="module", params=ADDRESSES)
def rig(request, presign, tmp_path_factory):
    with PresignServer(presign, tmp_path_factory.mktemp("data"), settings=SETTINGS) as server:
        s3 = client(server)
        # Signed for the public name, and sent to where the store is.
        s3.meta.events.register_first("request-created.s3", lambda request, **_: rename(request, server.url, PUBLIC))
        s3.meta.events.register("before-send.s3", lambda request, **_: rename(request, PUBLIC, server.url))
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"hello")
        with Nginx(tmp_path_factory.mktemp("nginx"), server.port, request.param) as nginx:
            yield request.param, server, nginx


def rename(request, old, new):
    request.url = request.url.replace(old, new)


def link(server, network):
    """The target of a link that is good in that network."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": PUBLIC,
    }
    command = [str(server.presign), "url", f"s3://{BUCKET}/k", "--ip", network]
    made = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return made.stdout.strip().removeprefix(PUBLIC)


def get(nginx, target, host, claims=""):
    """The status that a client at OWN_ADDRESS gets."""
    with socket.create_connection(("127.0.0.1", nginx.port), SECONDS, (OWN_ADDRESS, 0)) as connection:
        head = f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{claims}Connection: close\r\n\r\n"
        connection.sendall(head.encode())
        with connection.makefile("rb") as answer:
            return int(answer.read().split(b" ", 2)[1])


@pytest.mark.parametrize("claims", CLAIMS, ids=["silent", "list", "elements", "both"])
@pytest.mark.parametrize("host", HOSTS)
def test_no_client_chooses_its_address(rig, host, claims):
    _, server, nginx = rig
    assert get(nginx, link(server, "203.0.113.0/24"), host, claims) in (400, 403)


def test_the_client_that_nginx_sees_is_the_client(rig):
    kind, server, nginx = rig
    expected = 200 if kind in NAMING else 403
    assert get(nginx, link(server, f"{OWN_ADDRESS}/32"), PLAIN_HOST) == expected
    # Also with a Host that would say something else if it were not in its quotation marks.
    for host in HOSTS[1:4]:
        assert get(nginx, link(server, f"{OWN_ADDRESS}/32"), host) == expected


def test_a_proxy_is_never_its_own_client(rig):
    _, server, nginx = rig
    assert get(nginx, link(server, "127.0.0.1/32"), PLAIN_HOST) == 403
