"""URLs as boto3 presigns them: a key a line in, a URL a line out.

    presigned_urls.py ENDPOINT BUCKET METHOD

The bucket is made where it is missing. Credentials and region are found as boto3 always finds them.
"""

import sys

import boto3.session
from botocore.config import Config

OPERATIONS = {"GET": "get_object", "PUT": "put_object"}
LIFE_SECONDS = 24 * 3600


def main(endpoint, bucket, method):
    # boto3 still presigns with SigV2 in us-east-1 unless it is told.
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    client = boto3.session.Session().client("s3", endpoint_url=endpoint, config=config)
    if bucket not in [found["Name"] for found in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=bucket)
    for line in sys.stdin:
        parameters = {"Bucket": bucket, "Key": line.removesuffix("\n")}
        print(client.generate_presigned_url(OPERATIONS[method], Params=parameters, ExpiresIn=LIFE_SECONDS))


if __name__ == "__main__":
    main(*sys.argv[1:])
