"""botocore's clocks, stopped at a time that the caller sets."""

import datetime

import botocore.auth
import botocore.signers


class FrozenTime:
    """Stands in for both clocks that botocore's signers read."""

    def __init__(self):
        self.now = 0

    def set(self, unix_seconds):
        self.now = unix_seconds

    def install(self):
        botocore.auth.get_current_datetime = self._datetime
        botocore.signers.get_current_datetime = self._datetime
        botocore.auth.time = self
        return self

    def _datetime(self, remove_tzinfo=True):
        moment = datetime.datetime.fromtimestamp(self.now, datetime.timezone.utc)
        return moment.replace(tzinfo=None) if remove_tzinfo else moment

    def time(self):
        """What the SigV2 signer calls on the module `time`."""
        return float(self.now)


CLOCK = FrozenTime().install()
