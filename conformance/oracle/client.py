"""boto3's S3 client, asked for presigned URLs as applications ask for them."""

import boto3.session
from botocore.config import Config

from .frozen_time import CLOCK
from .hostile import TOKEN_CHARACTERS, is_named
from .raw import not_signed_by_sigv2

RESPONSE_OVERRIDES = {
    "ResponseContentType": "response-content-type",
    "ResponseContentDisposition": "response-content-disposition",
    "ResponseContentEncoding": "response-content-encoding",
    "ResponseContentLanguage": "response-content-language",
    "ResponseCacheControl": "response-cache-control",
}
CONDITIONS = {"IfMatch": "If-Match", "IfNoneMatch": "If-None-Match", "Range": "Range"}
OWNER = {"ExpectedBucketOwner": "x-amz-expected-bucket-owner", "RequestPayer": "x-amz-request-payer"}
STORED = {
    "ACL": "x-amz-acl",
    "CacheControl": "Cache-Control",
    "ContentDisposition": "Content-Disposition",
    "ContentEncoding": "Content-Encoding",
    "ContentLanguage": "Content-Language",
    "ContentType": "Content-Type",
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "StorageClass": "x-amz-storage-class",
    "Tagging": "x-amz-tagging",
}
UPLOAD = {"UploadId": "uploadId"}
VERSION = {"VersionId": "versionId"}

# Operation: its method, the parameter that every such URL has, the parameters it must be given and those it
# may be given (each with its place in the query), and the headers it may be given.
OPERATIONS = {
    "get_object": ("GET", [], {}, VERSION | RESPONSE_OVERRIDES, CONDITIONS | OWNER),
    "head_object": ("HEAD", [], {}, VERSION | {"PartNumber": "partNumber"}, CONDITIONS | OWNER),
    "put_object": ("PUT", [], {}, {}, STORED | OWNER),
    "delete_object": ("DELETE", [], {}, VERSION, OWNER),
    "upload_part": ("PUT", [], UPLOAD | {"PartNumber": "partNumber"}, {}, OWNER),
    "create_multipart_upload": ("POST", [("uploads", "")], {}, {}, STORED),
    "complete_multipart_upload": ("POST", [], UPLOAD, {}, OWNER),
    "abort_multipart_upload": ("DELETE", [], UPLOAD, {}, OWNER),
    "list_parts": ("GET", [], UPLOAD, {"MaxParts": "max-parts"}, OWNER),
    "get_object_tagging": ("GET", [("tagging", "")], {}, VERSION, OWNER),
    "delete_object_tagging": ("DELETE", [("tagging", "")], {}, VERSION, {}),
    "get_object_acl": ("GET", [("acl", "")], {}, VERSION, OWNER),
    "get_object_retention": ("GET", [("retention", "")], {}, VERSION, {}),
}
NUMBERS = {"PartNumber", "MaxParts"}

AWS_REGIONS = [
    "us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1", "sa-east-1", "me-south-1",
    "cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-gov-east-1",
]  # fmt: skip
# Regions where boto3 presigns with SigV2 when nothing else is asked for.
SIGV2_REGIONS = ["us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "sa-east-1"]
ADDRESSES_PER_RUN = 40


class Address:
    """One configured client, and the words that the case needs to name the same address."""

    def __init__(self, session, hostile, signature_version):
        s3 = {}
        self.words = {"endpoint": None, "style": "auto", "dualstack": False, "fips": False, "accelerate": False}
        if hostile.chance(0.4):
            self.words["endpoint"] = hostile.origin()
            self.region = "us-east-1"
            if is_named(self.words["endpoint"]) and hostile.chance(0.3):
                s3["addressing_style"] = self.words["style"] = "virtual"
        else:
            self.region = hostile.one_of(SIGV2_REGIONS if signature_version == "s3" else AWS_REGIONS)
            commercial = not self.region.startswith(("cn-", "us-gov-"))
            self.words["style"] = hostile.one_of(["auto", "auto", "path", "virtual"])
            if self.words["style"] != "auto":
                s3["addressing_style"] = self.words["style"]
            self.words["dualstack"] = hostile.chance(0.2)
            # With no style configured boto3 sends the FIPS URLs of every region to us-east-1, where they fail.
            has_fips = self.region.startswith("us-") and (self.words["style"] != "auto" or self.region == "us-east-1")
            self.words["fips"] = has_fips and hostile.chance(0.2)
            if commercial and self.words["style"] == "auto" and not self.words["fips"]:
                self.words["accelerate"] = hostile.chance(0.1)
            if self.words["accelerate"]:
                s3["use_accelerate_endpoint"] = True
        # No signature version at all is boto3's default configuration, which is SigV2 in the old regions.
        version = {} if signature_version == "s3" else {"signature_version": signature_version}
        self.client = session.client(
            "s3",
            region_name=self.region,
            endpoint_url=self.words["endpoint"],
            config=Config(
                s3=s3,
                use_dualstack_endpoint=self.words["dualstack"],
                use_fips_endpoint=self.words["fips"],
                **version,
            ),
        )
    def has_room_for_dots(self):
        return not self.words["accelerate"] and self.words["style"] != "virtual"


class Addresses:
    """The clients of one run, made when they are first needed, of one session: both are slow to make."""

    def __init__(self, signature_version):
        self.signature_version = signature_version
        self.made = {}
        self.session = boto3.session.Session(aws_access_key_id="set-per-case", aws_secret_access_key="set-per-case")
        self.credentials = self.session.get_credentials()

    def any(self, hostile, credentials):
        """One of the clients, signing with these credentials."""
        slot = hostile.random.randrange(ADDRESSES_PER_RUN)
        if slot not in self.made:
            self.made[slot] = Address(self.session, hostile, self.signature_version)
        self.credentials.access_key = credentials["access_key_id"]
        self.credentials.secret_key = credentials["secret"]
        self.credentials.token = credentials["token"]
        return self.made[slot]


class Urls:
    """`generate_presigned_url` of every operation on an object."""

    def __init__(self, signature_version):
        self.addresses = Addresses(signature_version)

    def case(self, hostile):
        credentials = hostile.credentials()
        address = self.addresses.any(hostile, credentials)
        operation = hostile.one_of(list(OPERATIONS))
        method, query, required, optional, header_names = OPERATIONS[operation]
        parameters = {"Bucket": hostile.bucket(address.has_room_for_dots()), "Key": hostile.key()}
        query, headers = list(query), []

        some = [name for name in optional if hostile.chance(0.2)]
        for name in hostile.random.sample([*required, *some], len(required) + len(some)):
            value = hostile.random.randint(1, 10000) if name in NUMBERS else hostile.value() or "-"
            parameters[name] = value
            query.append(((required | optional)[name], str(value)))
        for name, header in header_names.items():
            if hostile.chance(0.15):
                parameters[name] = hostile.text(TOKEN_CHARACTERS + " /=*;,\"'", 1, 30).strip() or "-"
                headers.append((header, parameters[name]))
        if "ContentType" in header_names and hostile.chance(0.2):
            parameters["Metadata"] = {"colour": "light  green", "n": hostile.text(TOKEN_CHARACTERS, 1, 8)}
            headers += [(f"x-amz-meta-{name}", value) for name, value in parameters["Metadata"].items()]

        now, life = hostile.time(), hostile.life()
        CLOCK.set(now)
        url = address.client.generate_presigned_url(operation, Params=parameters, ExpiresIn=life)
        return {
            **address.words,
            "operation": operation,
            "region": address.region,
            "bucket": parameters["Bucket"],
            "key": parameters["Key"],
            "now": now,
            "life": life,
            "credentials": credentials,
            "method": method,
            "query": query,
            "headers": headers,
            "url": url,
            "unsigned": not_signed_by_sigv2(query, headers) if self.addresses.signature_version == "s3" else [],
        }
