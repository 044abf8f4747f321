"""boto3's `generate_presigned_post`: the browser form's address and fields."""

import copy

from .client import Addresses
from .frozen_time import CLOCK
from .hostile import TOKEN_CHARACTERS

FIELDS = ["acl", "Content-Type", "success_action_status", "success_action_redirect", "x-amz-meta-colour", "Cache-Control"]


class Forms:
    def __init__(self, signature_version):
        self.addresses = Addresses(signature_version)

    def case(self, hostile):
        credentials = hostile.credentials()
        address = self.addresses.any(hostile, credentials)
        bucket, key = hostile.bucket(address.has_room_for_dots()), hostile.key()
        if hostile.chance(0.3):
            key = key[:200] + "${filename}"
        fields = {name: hostile.value() for name in FIELDS if hostile.chance(0.3)}
        conditions = [{name: value} for name, value in fields.items()]
        if hostile.chance(0.4):
            conditions.append(["content-length-range", hostile.random.randint(0, 9), hostile.random.randint(10, 10**10)])
        # What the browser adds to the form, as these conditions have it.
        added = []
        if "Content-Type" not in fields and hostile.chance(0.3):
            prefix = hostile.one_of(["", "image/", "\u00e9\U0001f600\"\\"])
            conditions.append(["starts-with", "$Content-Type", prefix])
            added.append(("Content-Type", prefix + "png"))
        if hostile.chance(0.2):
            tag = hostile.text(TOKEN_CHARACTERS, 0, 9)
            conditions.append(["eq", "$x-amz-meta-tag", tag])
            added.append(("x-amz-meta-tag", tag))
        now, life = hostile.time(), hostile.life()
        CLOCK.set(now)
        # boto3 writes into what it is given.
        form = address.client.generate_presigned_post(
            bucket, key, Fields=dict(fields), Conditions=copy.deepcopy(conditions), ExpiresIn=life
        )
        return {
            **address.words,
            "region": address.region,
            "bucket": bucket,
            "key": key,
            "now": now,
            "life": life,
            "credentials": credentials,
            "given_fields": list(fields.items()),
            "conditions": conditions,
            "added": added,
            "url": form["url"],
            "fields": list(form["fields"].items()),
        }
