"""`python -m oracle KIND --seed N --count M` writes M cases of that kind, one JSON object a line."""

import argparse
import json
import sys

from . import client, post, raw
from .hostile import Hostile

# Each gives a function that makes one case; sessions and clients are made for the kind asked for only.
KINDS = {
    "raw-sigv4-query": lambda: raw.sigv4_query,
    "raw-sigv4-header": lambda: raw.sigv4_header,
    "raw-sigv2-query": lambda: raw.sigv2_query,
    "client-sigv4": lambda: client.Urls("s3v4").case,
    "client-sigv2": lambda: client.Urls("s3").case,
    "post-sigv4": lambda: post.Forms("s3v4").case,
    "post-sigv2": lambda: post.Forms("s3").case,
}


def main():
    arguments = argparse.ArgumentParser(prog="oracle", description=__doc__)
    arguments.add_argument("kind", choices=sorted(KINDS))
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--count", type=int, default=10)
    chosen = arguments.parse_args()
    make, hostile = KINDS[chosen.kind](), Hostile(chosen.seed)
    for _ in range(chosen.count):
        json.dump(make(hostile), sys.stdout)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
