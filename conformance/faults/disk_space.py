"""How much room there is on a file system."""

import os

MIB = 1 << 20


def free_bytes(directory):
    stat = os.statvfs(directory)
    return stat.f_bavail * stat.f_frsize


def take_all_but(directory, room):
    """Takes space until only `room` is left."""
    with open(directory / "ballast", "wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, free_bytes(directory) - room)
