"""curl, wget, node and the AWS CLI, run as people run them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MINUTES = 60


def program(name, package):
    """The path of a program that the machine must have."""
    found = shutil.which(name)
    if not found:
        pytest.fail(f"`{name}` was not found, and this test is about it: install {package}")
    return found


def run(command, *, env=None, input=None, timeout=10 * MINUTES):
    """Runs a program to its end. Gives its output as text, whatever its status."""
    return subprocess.run(
        [str(word) for word in command],
        env={**os.environ, **(env or {})},
        input=input,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def succeed(command, **options):
    """Runs a program that must succeed, and gives its standard output."""
    done = run(command, **options)
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def curl(*arguments, **options):
    """The status code and the answer's body."""
    text = succeed([program("curl", "curl"), "-sS", "-w", "\n%{http_code}", *arguments], **options)
    body, _, status = text.rpartition("\n")
    return int(status), body


def wget(*arguments, **options):
    return run([program("wget", "wget"), "-nv", *arguments], **options)


def node(*arguments, **options):
    return succeed([program("node", "Node.js"), *arguments], **options)


class AwsCli:
    """The AWS CLI, version 1, with a server's credentials or with others."""

    def __init__(self, credentials, endpoint_url=None, region="us-east-1", config=""):
        self.endpoint = ["--endpoint-url", endpoint_url] if endpoint_url else []
        self.environment = {
            "AWS_ACCESS_KEY_ID": credentials[0],
            "AWS_SECRET_ACCESS_KEY": credentials[1],
            "AWS_DEFAULT_REGION": region,
        }
        if len(credentials) > 2:
            self.environment["AWS_SESSION_TOKEN"] = credentials[2]
        Path(os.environ["AWS_CONFIG_FILE"]).write_text(config)

    def command(self, *arguments):
        aws = Path(sys.executable).parent / "aws"
        return [sys.executable, aws, *arguments, *self.endpoint]

    def run(self, *arguments, **options):
        return run(self.command(*arguments), env=self.environment, **options)

    def succeed(self, *arguments, **options):
        return succeed(self.command(*arguments), env=self.environment, **options)


SIGV4_CONFIG = "[default]\ns3 =\n    signature_version = s3v4\n"
