"""botocore's signers on their own, fed with requests that its clients would never make."""

from botocore.auth import HmacV1Auth, HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from botocore.utils import percent_encode

from .frozen_time import CLOCK
from .hostile import is_named

METHODS = ["GET", "PUT", "HEAD", "DELETE", "POST"]
REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1", "garage", "auto", "fr_par.1"]

# What a signer must not be asked to sign, or owns itself.
OWNED_PARAMETERS = {
    "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders",
    "x-amz-security-token", "x-amz-signature", "awsaccesskeyid", "signature", "expires",
}  # fmt: skip
PARAMETERS = [
    "versionId", "response-content-disposition", "response-content-type", "response-cache-control",
    "response-content-language", "response-content-encoding", "response-expires", "partNumber", "uploadId",
    "tagging", "acl", "uploads", "torrent", "x-amz-tagging", "x-amz-checksum-crc32", "x-id", "If-None-Match",
    "a+b", "a b", "~", "A", "a", "-", "_", "0",
]  # fmt: skip
HEADERS = [
    "Content-Type", "content-type", "Content-MD5", "x-amz-meta-colour", "X-Amz-Meta-Name", "x-amz-acl",
    "x-amz-storage-class", "x-amz-server-side-encryption", "Range", "If-Match", "Cache-Control", "x-custom",
    "X-Forwarded-For", "content-length",
]  # fmt: skip


def _query(hostile, most):
    """Parameters in any order, each name once however it is written, and none that is a header too: S3 finds
    two values for one name then, and refuses."""
    pairs = {}
    for _ in range(hostile.random.randint(0, most)):
        name = hostile.one_of(PARAMETERS) if hostile.chance(0.8) else hostile.value()
        if name and name.isascii() and name.lower() not in OWNED_PARAMETERS | {known.lower() for known in pairs}:
            pairs[name] = hostile.value()
    return pairs


def _headers(hostile, most, names=HEADERS):
    """Headers, now and then one of them twice."""
    return [(hostile.one_of(names), hostile.header_value()) for _ in range(hostile.random.randint(0, most))]


def _address(hostile):
    """Where an object is: the address's parts, and the URL as an application would write it."""
    origin, bucket, key = hostile.origin(), hostile.bucket(dots=False), hostile.key()
    style = "path"
    url = f"{origin}/{bucket}/{percent_encode(key, safe='/~')}"
    if is_named(origin) and hostile.chance(0.4):
        style = "virtual"
        scheme, authority = origin.split("://")
        url = f"{scheme}://{bucket}.{authority}/{percent_encode(key, safe='/~')}"
    return {"endpoint": origin, "style": style, "bucket": bucket, "key": key}, url


def _request(hostile, url, headers, query, body=b""):
    fields = HTTPHeaders()
    for name, value in headers:
        fields[name] = value
    return AWSRequest(method=hostile.one_of(METHODS), url=url, headers=fields, params=dict(query), data=body)


def _case(hostile, address, request, headers, query, credentials):
    now = hostile.time()
    CLOCK.set(now)
    return {
        **address,
        "now": now,
        "credentials": credentials,
        "method": request.method,
        "query": list(query.items()),
        "headers": headers,
    }


def _botocore(credentials):
    return Credentials(credentials["access_key_id"], credentials["secret"], credentials["token"])


def sigv4_query(hostile):
    """A presigned SigV4 URL."""
    address, url = _address(hostile)
    headers, query, credentials = _headers(hostile, 3), _query(hostile, 4), hostile.credentials()
    request = _request(hostile, url, headers, query)
    case = _case(hostile, address, request, headers, query, credentials)
    region, life = hostile.one_of(REGIONS), hostile.life()
    S3SigV4QueryAuth(_botocore(credentials), "s3", region, expires=life).add_auth(request)
    return {**case, "region": region, "life": life, "url": request.url}


def sigv4_header(hostile):
    """A request signed in its headers, with its body's hash."""
    address, url = _address(hostile)
    headers, query, credentials = _headers(hostile, 3), _query(hostile, 3), hostile.credentials()
    body = hostile.value().encode() if hostile.chance(0.5) else b""
    request = _request(hostile, url, headers, query, body)
    case = _case(hostile, address, request, headers, query, credentials)
    region = hostile.one_of(REGIONS)
    S3SigV4Auth(_botocore(credentials), "s3", region).add_auth(request)
    given = {name.lower() for name, _ in headers}
    added = {name.lower(): value for name, value in request.headers.items() if name.lower() not in given}
    return {**case, "region": region, "body": body.decode(), "added": added}


def sigv2_query(hostile):
    """A presigned SigV2 URL, the old kind."""
    address, url = _address(hostile)
    names = ["Content-Type", "Content-MD5", "x-amz-meta-colour", "x-amz-acl", "x-amz-storage-class"]
    names = hostile.random.sample(names, hostile.random.randint(0, 3))
    headers = [(name, hostile.header_value().strip()) for name in names]
    query, credentials = _query(hostile, 4), hostile.credentials()
    # In SigV2 such a parameter stands for a header, which botocore would have to sign as one.
    query = {name: value for name, value in query.items() if not name.startswith("x-amz-")}
    if hostile.chance(0.8):
        query = {name: value for name, value in query.items() if name in SIGNED_BY_SIGV2}
    if query:
        url += "?" + "&".join(_pair_as_clients_write_it(name, value) for name, value in query.items())
    request = _request(hostile, url, headers, {})
    request.auth_path = f"/{address['bucket']}/{percent_encode(address['key'], safe='/~')}"
    case = _case(hostile, address, request, headers, query, credentials)
    life = hostile.life()
    HmacV1QueryAuth(_botocore(credentials), expires=life).add_auth(request)
    unsigned = not_signed_by_sigv2(case["query"], headers)
    return {**case, "region": "us-east-1", "life": life, "url": request.url, "unsigned": unsigned}


SIGNED_BY_SIGV2 = set(HmacV1Auth.QSAOfInterest)


def not_signed_by_sigv2(query, headers):
    """What of a request SigV2 leaves to whoever holds the URL."""
    parameters = [name for name, _ in query if name not in SIGNED_BY_SIGV2]
    signed = ("x-amz-", "content-md5", "content-type")
    return parameters + [name for name, _ in headers if not name.lower().startswith(signed)]


def _pair_as_clients_write_it(name, value):
    """A sub-resource without a value has no equals sign either."""
    return percent_encode(name) + (f"={percent_encode(value)}" if value else "")
