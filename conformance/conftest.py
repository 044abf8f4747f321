"""The built `presign`, served on a free loopback port for the tests, and stopped at their end."""

import os
import shutil
from pathlib import Path

import boto3.session
import pytest
from botocore.config import Config

from presign_server import PresignServer


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also run what takes gigabytes and minutes")


def pytest_collection_modifyitems(config, items):
    """Leaves the long tests out, visibly: they are deselected, and counted as such."""
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        items[:] = [item for item in items if not item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)


@pytest.fixture(scope="session")
def presign():
    """The path of the binary under test."""
    built = Path(__file__).parent.parent / "target" / "debug" / "presign"
    binary = Path(os.environ.get("PRESIGN_BINARY", built))
    if not binary.exists():
        pytest.fail(f"{binary} is not there: run `cargo xtask test`, which builds it, or `cargo build`")
    return binary


@pytest.fixture(autouse=True)
def nobodys_credentials(monkeypatch, tmp_path):
    """No test sees the credentials, profiles or proxies of whoever runs it."""
    for name in list(os.environ):
        if name.startswith("AWS_") or (name.startswith("PRESIGN_") and name != "PRESIGN_BINARY"):
            monkeypatch.delenv(name)
        if name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="module")
def server(presign, tmp_path_factory):
    """One running server for all tests of a file."""
    data = tmp_path_factory.mktemp("data")
    with PresignServer(presign, data) as running:
        yield running
    shutil.rmtree(data)


@pytest.fixture
def start(presign, tmp_path):
    """Starts servers that a test stops, kills or starts again, on data of its own."""
    running = []

    def start(data=None, **options):
        running.append(PresignServer(presign, data or tmp_path / "data", **options).start())
        return running[-1]

    yield start
    for one in running:
        one.kill()
    shutil.rmtree(tmp_path / "data", ignore_errors=True)


def client(server, signature_version=None, **options):
    """boto3's client: in its default configuration, or with one thing set."""
    if signature_version:
        options["config"] = Config(signature_version=signature_version)
    session = boto3.session.Session(
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
        region_name="us-east-1",
    )
    return session.client("s3", endpoint_url=server.url, **options)


@pytest.fixture(params=[None, "s3v4"], ids=["default", "sigv4"])
def s3(request, server):
    """boto3 unmodified, once as it comes (it presigns with SigV2 here) and once set to SigV4."""
    return client(server, request.param)


@pytest.fixture
def bucket(server, request):
    """A fresh bucket, named after the test."""
    name = "".join(c if c.isalnum() else "-" for c in request.node.name.lower()).strip("-")[:60].strip("-")
    client(server).create_bucket(Bucket=name)
    return name
