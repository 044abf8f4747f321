"""`python -m oracle KIND --seed N --count M` writes M cases of that kind, one JSON object a line."""

import argparse
import json
import sys

from . import client, post, raw
from .hostile import Hostile

KINDS = {
    "raw-sigv4-query": raw.sigv4_query,
    "raw-sigv4-header": raw.sigv4_header,
    "raw-sigv2-query": raw.sigv2_query,
    "client-sigv4": client.Urls("s3v4").case,
    "client-sigv2": client.Urls("s3").case,
    "post-sigv4": post.Forms("s3v4").case,
    "post-sigv2": post.Forms("s3").case,
}


def main():
    arguments = argparse.ArgumentParser(prog="oracle", description=__doc__)
    arguments.add_argument("kind", choices=sorted(KINDS))
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--count", type=int, default=10)
    chosen = arguments.parse_args()
    make, hostile = KINDS[chosen.kind], Hostile(chosen.seed)
    for _ in range(chosen.count):
        json.dump(make(hostile), sys.stdout)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
