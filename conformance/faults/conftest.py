"""What the tests of faults need. They need root and strace, so `cargo xtask durability` runs them, and no other test."""

import random
import subprocess

import pytest

from disk_space import MIB

def pytest_addoption(parser):
    parser.addoption("--seed", type=int, default=20261127, help="what random choices begin with")


@pytest.fixture
def chance(request):
    return random.Random(request.config.getoption("--seed"))


@pytest.fixture
def is_long(request):
    return request.config.getoption("--long")


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stderr}"


@pytest.fixture(params=["ext4", "xfs"])
def small_disk(request, tmp_path):
    """A directory that is a small file system of its own."""
    size = {"ext4": 64, "xfs": 320}[request.param] * MIB
    image, place = tmp_path / "disk", tmp_path / "mounted"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(size)
    run(f"mkfs.{request.param}", "-q", image)
    # Its loop device frees itself when it is unmounted.
    run("mount", "-t", request.param, "-o", "loop,noatime", image, place)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)
        image.unlink()
