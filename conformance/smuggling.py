"""Requests on whose end two readers might disagree, and what came of them.

Each case carries a *canary* where a careless reader would find a second request: a `PUT` that a key really signed, so that
nothing but its place keeps it from being honoured. Behind each case comes a *probe*, a signed `GET` that ends the connection,
which only a reader who found the true end of the case can answer.
"""

import socket
from dataclasses import dataclass

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from conftest import client

BUCKET = "smuggling"
# How long an answer is waited for.
CLIENT_SECONDS = 60
# One answer, a refusal, and the end of the connection.
REFUSED = "refused"
# The request is honoured, what looks like the canary is its body, and the connection goes on.
HONOURED = "honoured"
# The request is answered, and the connection ends whatever it was.
ENDED = "ended"
# Controls: the canary stands where the next request stands, and is one.
BOTH = "both"


@dataclass(frozen=True)
class Case:
    name: str
    expected: str
    text: str

    def __str__(self):
        return self.name


def _put(name, expected, fields, body="{canary}"):
    """An upload with these fields beside its Host."""
    lines = "".join(field + "\r\n" for field in fields)
    return Case(name, expected, "PUT {put} HTTP/1.1\r\nHost: {host}\r\n" + lines + "\r\n" + body)


def _length(name, expected, value):
    return _put(f"length-{name}", expected, [f"Content-Length: {value}"])


def _coding(name, expected, field):
    """A length, and a coding that one reader may take for `chunked` and another not."""
    return _put(f"coding-{name}", expected, ["Content-Length: {chunked_n}", field], "0\r\n\r\n{canary}")


def _chunks(name, body):
    """A body in chunks for the one operation that reads such a body, CreateBucket. None of them has a second request."""
    fields = "{authorization}Transfer-Encoding: chunked\r\n\r\n"
    return Case(f"chunks-{name}", ENDED, "PUT /{new_bucket} HTTP/1.1\r\nHost: {host}\r\n" + fields + body)


def _get(name, expected, text):
    return Case(name, expected, text)


CASES = [
    # Controls.
    _put("control-upload", HONOURED, ["Content-Length: {n}"]),
    _put("control-pipelined", BOTH, ["Content-Length: 5"], "hello{canary}"),
    _get("control-after-a-refusal", BOTH, "PUT /{bucket}/k HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nhello{canary}"),
    _get("control-leading-empty-line", BOTH, "\r\nGET {get} HTTP/1.1\r\nHost: {host}\r\n\r\n{canary}"),
    # A length and chunks.
    _put("cl-te", REFUSED, ["Content-Length: {chunked_n}", "Transfer-Encoding: chunked"], "0\r\n\r\n{canary}"),
    _put("te-cl", REFUSED, ["Transfer-Encoding: chunked", "Content-Length: 4"], "{hex}\r\n{canary}\r\n0\r\n\r\n"),
    _put("cl-te-cl", REFUSED, ["Content-Length: 4", "Transfer-Encoding: chunked", "Content-Length: {n}"]),
    _put("te-alone", REFUSED, ["Transfer-Encoding: chunked"], "0\r\n\r\n{canary}"),
    # Codings that are chunked to some.
    _coding("twice", REFUSED, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    _coding("and-identity", REFUSED, "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
    _coding("identity-and", REFUSED, "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked"),
    _coding("list-ends-otherwise", REFUSED, "Transfer-Encoding: chunked, identity"),
    _coding("gzip-chunked", REFUSED, "Transfer-Encoding: gzip, chunked"),
    _coding("xchunked", REFUSED, "Transfer-Encoding: xchunked"),
    _coding("quoted", REFUSED, 'Transfer-Encoding: "chunked"'),
    _coding("upper-case", REFUSED, "TRANSFER-ENCODING: CHUNKED"),
    _coding("tab", REFUSED, "Transfer-Encoding:\tchunked"),
    _coding("vertical-tab", REFUSED, "Transfer-Encoding:\x0bchunked"),
    _coding("semicolon", REFUSED, "Transfer-Encoding: chunked;q=1"),
    _coding("comma", REFUSED, "Transfer-Encoding: ,chunked"),
    _coding("empty", REFUSED, "Transfer-Encoding:"),
    _coding("space-before-colon", REFUSED, "Transfer-Encoding : chunked"),
    _coding("folded-value", REFUSED, "Transfer-Encoding:\r\n chunked"),
    _coding("folded-name", REFUSED, "X-Folded: a\r\n Transfer-Encoding: chunked"),
    _coding("bare-cr", REFUSED, "X-Cr: a\rTransfer-Encoding: chunked"),
    _coding("nul", REFUSED, "Transfer-Encoding: chunked\0"),
    _coding("no-colon", REFUSED, "Transfer-Encoding chunked"),
    _coding("high-space", REFUSED, "Transfer-Encoding\xa0: chunked"),
    # Another field altogether, though some proxies read it as this one.
    _coding("underscore", HONOURED, "Transfer_Encoding: chunked"),
    # Lengths.
    _put("cl-cl", REFUSED, ["Content-Length: 0", "Content-Length: {n}"]),
    _put("cl-cl-other-order", REFUSED, ["Content-Length: {n}", "Content-Length: 0"]),
    _put("cl-cl-equal", HONOURED, ["Content-Length: {n}", "Content-Length: {n}"]),
    _length("list", REFUSED, "{n}, {n}"),
    _length("list-of-two", REFUSED, "0, {n}"),
    _length("plus", REFUSED, "+{n}"),
    _length("minus", REFUSED, "-{n}"),
    _length("minus-zero", REFUSED, "-0"),
    _length("inner-space", REFUSED, "0 {n}"),
    _length("hexadecimal", REFUSED, "0x{hex}"),
    _length("point", REFUSED, "{n}.0"),
    _length("exponent", REFUSED, "1e2"),
    _length("empty", REFUSED, ""),
    _length("word", REFUSED, "many"),
    _length("quoted", REFUSED, '"{n}"'),
    _length("vertical-tab", REFUSED, "\x0b{n}"),
    _length("nul", REFUSED, "{n}\0"),
    _length("past-64-bits", REFUSED, "18446744073709551616"),
    _length("64-bits", REFUSED, "18446744073709551615"),
    _length("leading-zeros", HONOURED, "000{n}"),
    _length("trailing-space", HONOURED, "{n} \t"),
    _put("length-space-before-colon", REFUSED, ["Content-Length : {n}"]),
    _put("length-space-before-name", REFUSED, [" Content-Length: {n}"]),
    _put("length-folded", REFUSED, ["Content-Length:\r\n {n}"]),
    _put("length-missing", REFUSED, []),
    _put("length-underscore", REFUSED, ["Content_Length: {n}"]),
    # Chunks, in the eyes of those who take them.
    _chunks("good", "0\r\n\r\n{canary}"),
    _chunks("extension", "0;a={hex}\r\n\r\n{canary}"),
    _chunks("extension-line-feed", "0;a\n{hex}\r\n\r\n{canary}"),
    _chunks("extension-quoted-line-end", '0;a="\r\n\r\n{canary}"'),
    _chunks("size-past-64-bits", "10000000000000000\r\n\r\n{canary}"),
    _chunks("size-wraps", "ffffffffffffffff\r\n{canary}"),
    _chunks("size-minus", "-1\r\n{canary}"),
    _chunks("size-plus", "+0\r\n\r\n{canary}"),
    _chunks("size-prefixed", "0x0\r\n\r\n{canary}"),
    _chunks("size-empty", "\r\n\r\n{canary}"),
    _chunks("size-space", "0 \r\n\r\n{canary}"),
    _chunks("size-underscore", "0_0\r\n\r\n{canary}"),
    _chunks("line-feeds", "0\n\n{canary}"),
    _chunks("data-without-end", "1\r\naX0\r\n\r\n{canary}"),
    _chunks("data-longer-than-said", "1\r\nabc\r\n0\r\n\r\n{canary}"),
    _chunks("trailer", "0\r\nContent-Length: {n}\r\n\r\n{canary}"),
    _chunks("trailer-coding", "0\r\nTransfer-Encoding: chunked\r\n\r\n{canary}"),
    # Lines.
    _get("line-feeds", HONOURED, "PUT {put} HTTP/1.1\nHost: {host}\nContent-Length: {n}\n\n{canary}"),
    _get("carriage-returns", REFUSED, "GET {get} HTTP/1.1\rHost: {host}\r\r{canary}\r\n\r\n"),
    _get("nul-in-name", REFUSED, "GET {get} HTTP/1.1\r\nHost: {host}\r\nA\0: b\r\n\r\n{canary}"),
    _get("nul-in-target", REFUSED, "GET {get}\0 HTTP/1.1\r\nHost: {host}\r\n\r\n{canary}"),
    _get("space-in-target", REFUSED, "GET {get} a HTTP/1.1\r\nHost: {host}\r\n\r\n{canary}"),
    _get("version-0.9", REFUSED, "GET {get}\r\n\r\n{canary}"),
    _get("version-2", REFUSED, "GET {get} HTTP/2.0\r\nHost: {host}\r\n\r\n{canary}"),
    _get("version-word", REFUSED, "GET {get} http/1.1\r\nHost: {host}\r\n\r\n{canary}"),
    _get("version-1.0-chunks", REFUSED,
         "PUT {put} HTTP/1.0\r\nHost: {host}\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{canary}"),
    _get("version-1.0", ENDED, "PUT {put} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {n}\r\n\r\n{canary}"),
    # Whose request it is.
    _get("host-absolute-other", REFUSED, "PUT http://other.example{put} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {n}\r\nConnection: close\r\n\r\n{canary}"),
    _get("host-absolute-same", HONOURED, "PUT http://{host}{put} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {n}\r\n\r\n{canary}"),
    _get("host-twice", REFUSED, "PUT {put} HTTP/1.1\r\nHost: {host}\r\nHost: other.example\r\nContent-Length: {n}\r\nConnection: close\r\n\r\n{canary}"),
    _get("host-list", REFUSED, "PUT {put} HTTP/1.1\r\nHost: {host}, other.example\r\nContent-Length: {n}\r\nConnection: close\r\n\r\n{canary}"),
    _get("host-missing", REFUSED, "PUT {put} HTTP/1.1\r\nContent-Length: {n}\r\nConnection: close\r\n\r\n{canary}"),
    _get("method-overridden", HONOURED, "PUT {put} HTTP/1.1\r\nHost: {host}\r\nX-HTTP-Method-Override: DELETE\r\nContent-Length: {n}\r\n\r\n{canary}"),
    _get("target-overridden", HONOURED, "PUT {put} HTTP/1.1\r\nHost: {host}\r\nX-Original-URL: /\r\nX-Rewrite-URL: /\r\nContent-Length: {n}\r\n\r\n{canary}"),
    # Bodies where few expect one.
    _get("body-of-get", HONOURED, "GET {get} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {n}\r\n\r\n{canary}"),
    _get("body-of-delete", HONOURED, "DELETE {delete} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {n}\r\n\r\n{canary}"),
    _get("body-of-options", REFUSED, "OPTIONS / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {n}\r\nConnection: close\r\n\r\n{canary}"),
    _get("chunks-of-get", ENDED, "GET {get} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{canary}"),
    _get("chunks-of-delete", ENDED, "DELETE {delete} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n{hex}\r\n{canary}\r\n0\r\n\r\n"),
    # Bodies that are held back, or ought to be.
    _put("expect", HONOURED, ["Content-Length: {n}", "Expect: 100-continue"]),
    _put("expect-twice", HONOURED, ["Content-Length: {n}", "Expect: 100-continue", "Expect: 100-continue"]),
    _put("expect-unknown", HONOURED, ["Content-Length: {n}", "Expect: y100-continue"]),
    _get("expect-refused", REFUSED, "PUT /{bucket}/k HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: {n}\r\n\r\n{canary}"),
    _get("expect-of-get", ENDED, "GET {get} HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: {n}\r\n\r\n{canary}"),
    _get("long-body-refused", REFUSED, "PUT /{bucket}/k HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000\r\n\r\n{canary}"),
    # Other protocols.
    _put("upgrade-h2c", HONOURED, ["Content-Length: {n}", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]),
    _put("upgrade-websocket", HONOURED, ["Content-Length: {n}", "Connection: Upgrade", "Upgrade: websocket"]),
    _get("preface-of-http-2", ENDED, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{canary}"),
    _get("connect", REFUSED, "CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {n}\r\nConnection: close\r\n\r\n{canary}"),
    # Fields that somebody is told to remove.
    _put("hop-by-hop-length", HONOURED, ["Content-Length: {n}", "Connection: content-length"]),
    _put("hop-by-hop-host", HONOURED, ["Content-Length: {n}", "Connection: host"]),
    _put("hop-by-hop-coding", REFUSED, ["Content-Length: 4", "Connection: transfer-encoding", "Transfer-Encoding: chunked"], "{hex}\r\n{canary}\r\n0\r\n\r\n"),
    _put("hop-by-hop-keep-alive", HONOURED, ["Content-Length: {n}", "Keep-Alive: timeout=5", "Connection: keep-alive, keep-alive"]),
]


class Rig:
    """Sends cases to `url`, which is the server's own or that of a proxy in front of it, and looks at what came of them."""

    def __init__(self, server, url=None):
        self.url = url or server.url
        self.host = self.url.removeprefix("http://")
        self.server_port = server.port
        self.credentials = Credentials(server.access_key_id, server.secret_access_key)
        self.direct = client(server)
        self.signer = boto3.client(
            "s3",
            aws_access_key_id=server.access_key_id,
            aws_secret_access_key=server.secret_access_key,
            region_name="us-east-1",
            endpoint_url=self.url,
            config=Config(signature_version="s3v4"),
        )
        if BUCKET not in [bucket["Name"] for bucket in self.direct.list_buckets()["Buckets"]]:
            self.direct.create_bucket(Bucket=BUCKET)
        for key in ("probe", "read"):
            self.direct.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
        self.number = 0

    def target(self, operation, key):
        url = self.signer.generate_presigned_url(operation, {"Bucket": BUCKET, "Key": key})
        return url.removeprefix(self.url)

    def send(self, case):
        """Sends a case and its probe on a connection of their own, and gives what came back until it ended."""
        self.number += 1
        self.canary, self.subject = f"canary-{self.number}", f"subject-{self.number}"
        self.direct.put_object(Bucket=BUCKET, Key="deleted", Body=b"deleted")
        put_canary = self.target("put_object", self.canary)
        canary = f"PUT {put_canary} HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: 0\r\n\r\n"
        self.body = canary.encode()
        new_bucket = f"new-{self.number}"
        text = case.text
        for name, value in {
            "canary": canary,
            "n": str(len(canary)),
            "hex": f"{len(canary):x}",
            "chunked_n": str(len("0\r\n\r\n" + canary)),
            "put": self.target("put_object", self.subject),
            "get": self.target("get_object", "read"),
            "delete": self.target("delete_object", "deleted"),
            "host": self.host,
            "bucket": BUCKET,
            "new_bucket": new_bucket,
            "authorization": self.authorization("PUT", f"/{new_bucket}"),
        }.items():
            text = text.replace("{" + name + "}", value)
        probe = f"GET {self.target('get_object', 'probe')} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", int(self.host.rsplit(":", 1)[1])), timeout=CLIENT_SECONDS) as connection:
            received = b""
            try:
                connection.sendall((text + probe).encode("latin-1"))
                while more := connection.recv(65536):
                    received += more
            except ConnectionError:
                pass  # Closed while there was more to come; what was answered has been read.
        return answers(received)

    def authorization(self, method, path):
        request = AWSRequest(method, self.url + path, headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
        S3SigV4Auth(self.credentials, "s3", "us-east-1").add_auth(request)
        return "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())

    def stored(self, key):
        """The bytes of an object, or nothing."""
        try:
            return self.direct.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        except self.direct.exceptions.NoSuchKey:
            return None


@dataclass(frozen=True)
class Answer:
    status: int
    fields: dict
    body: bytes


def answers(received):
    """The answers on a connection, interim ones left out. Their framing must be sound to the last byte."""
    found = []
    if received and not received.startswith(b"HTTP/"):
        return [Answer(0, {}, received)]  # As HTTP/0.9 has it, which nginx still speaks.
    while received:
        head, end, received = received.partition(b"\r\n\r\n")
        assert end, f"an answer ends within its head: {head!r}"
        lines = head.decode("latin-1").split("\r\n")
        version, status = lines[0].split(" ")[:2]
        assert version in ("HTTP/1.1", "HTTP/1.0"), head
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(fields.get("content-length", 0))
        assert len(received) >= length, f"an answer ends within its body: {head!r} {received!r}"
        if int(status) >= 200:
            found.append(Answer(int(status), fields, received[:length]))
        received = received[length:]
    return found
