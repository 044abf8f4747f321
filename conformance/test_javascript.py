"""The AWS SDK for JavaScript, version 3."""

import json
from pathlib import Path

from programs import node

SCRIPT = Path(__file__).parent / "js" / "presigned.mjs"


def test_presigned_urls_and_signed_calls(server, bucket):
    arguments = {
        "endpoint": server.url,
        "bucket": bucket,
        "accessKeyId": server.access_key_id,
        "secretAccessKey": server.secret_access_key,
    }
    happened = json.loads(node(SCRIPT, json.dumps(arguments)))
    url = happened.pop("putUrl")
    # The trap of this SDK: the checksum of the empty body that it had when it signed.
    assert "x-amz-checksum-crc32=AAAAAA" in url
    assert "x-amz-meta-colour=red" in url, "metadata is hoisted into the query"
    assert happened == {
        "put": 200,
        "get": 200,
        "got": "hello from JavaScript",
        "colour": "red",
        "altered": 403,
        "sent": "hello from JavaScript",
    }
