"""A client that remembers what was acknowledged, and holds the store against it."""

import concurrent.futures
import random
import threading

import boto3.session
import botocore.exceptions
from botocore.config import Config

BUCKET = "work"


def body(number, length):
    """The bytes of one write: its number decides all of them."""
    return random.Random(number).randbytes(length)


class StoreClient:
    """Writes to a server without ever trying twice. For each key it knows what may be found: exactly one of these
    bodies, of which `None` is no object."""

    def __init__(self, server):
        self.possible, self.next, self.lock = {}, 0, threading.Lock()
        self.connect(server)

    def connect(self, server):
        session = boto3.session.Session(
            aws_access_key_id=server.access_key_id,
            aws_secret_access_key=server.secret_access_key,
            region_name="us-east-1",
        )
        config = Config(signature_version="s3v4", retries={"total_max_attempts": 1}, read_timeout=120)
        self.s3 = session.client("s3", endpoint_url=server.url, config=config)

    def _write(self, key, becomes, call):
        """Makes a write; gives None when it was acknowledged, and otherwise the status (0: no answer)."""
        with self.lock:
            before = self.possible.get(key, {None})
            self.possible[key] = before | {becomes}
        try:
            call()
        except botocore.exceptions.ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]
        except (botocore.exceptions.HTTPClientError, botocore.exceptions.BotoCoreError):
            return 0
        with self.lock:
            self.possible[key] = {becomes}
        return None

    def create_bucket(self):
        try:
            self.s3.create_bucket(Bucket=BUCKET)
        except botocore.exceptions.ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]
        except botocore.exceptions.BotoCoreError:
            return 0
        return None

    def put(self, key, length):
        with self.lock:
            self.next += 1
            number = self.next
        write = lambda: self.s3.put_object(Bucket=BUCKET, Key=key, Body=body(number, length))  # noqa: E731
        return self._write(key, (number, length), write)

    def delete(self, key):
        return self._write(key, None, lambda: self.s3.delete_object(Bucket=BUCKET, Key=key))

    def read(self, key):
        """The bytes of an object; None when there is none."""
        try:
            return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket"):
                return None
            raise

    def present(self):
        """The keys whose object is certainly there."""
        return [key for key, possible in self.possible.items() if None not in possible]

    def verify(self, keys=None):
        """Reads keys, or all of them, and fails at the first one that is not as it must be. What was found once has to
        stay."""

        def check(key):
            found = self.read(key)
            same = {value for value in self.possible[key] if found == (None if value is None else body(*value))}
            length = None if found is None else len(found)
            assert same, f"{key}: found {length} bytes, possible are {self.possible[key]}"
            self.possible[key] = same

        in_parallel(check, list(self.possible) if keys is None else keys)


def in_parallel(call, items, threads=4):
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, items))
