"""Requests whose end is a matter of opinion, sent to the server itself."""

import pytest

from presign_server import PresignServer
from smuggling import BOTH, CASES, ENDED, HONOURED, REFUSED, Rig

# Cases that leave the server waiting for more end with these.
SETTINGS = {"log_level": "warn", "timeouts_idle": "5s", "timeouts_header_read": "5s"}


@pytest.fixture(scope="module")
def rig(presign, tmp_path_factory):
    with PresignServer(presign, tmp_path_factory.mktemp("data"), settings=SETTINGS) as server:
        yield Rig(server)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_request_ends_where_it_ends(rig, case):
    found = rig.send(case)
    statuses = [answer.status for answer in found]
    assert all(status < 500 and status != 101 for status in statuses), found
    assert (rig.stored(rig.canary) is not None) == (case.expected == BOTH)
    is_probe_answered = bool(found) and found[-1].body == b"probe"
    subject = rig.stored(rig.subject)
    if case.expected == REFUSED:
        assert len(found) == 1 and 400 <= statuses[0] < 500, found
        assert "<Code>" in found[0].body.decode() and "x-amz-request-id" in found[0].fields, found
        assert subject is None
    elif case.expected == ENDED:
        assert len(found) <= 1 and not is_probe_answered, found
    elif case.expected == HONOURED:
        assert len(found) == 2 and 200 <= statuses[0] < 300 and is_probe_answered, found
        if "{put}" in case.text:
            assert subject.endswith(rig.body)
    else:
        assert len(found) == 3 and statuses[1] == 200 and is_probe_answered, found
