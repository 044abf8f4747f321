"""A `presign serve` process."""

import os
import queue
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack

ACCESS_KEY_ID = "AKIACONFORMANCE00001"
SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
START_SECONDS = 60
STOP_SECONDS = 90


def pass_on(output, told, reads_on):
    """Passes a server's standard error on to that of the tests, and tells the port that it names there, or that it ended
    without. Unless it `reads_on`, it stops at that line, and leaves the pipe open."""
    with ExitStack() as stack:
        stack.enter_context(output)
        for line in output:
            if found := re.search(rb"listens on http://127\.0\.0\.1:(\d+);", line):
                told.put(int(found[1]))
                if not reads_on:
                    stack.pop_all()
                    return
            # Not `sys.stderr`, which is another one while a test runs.
            os.write(2, line)
    told.put(None)


class PresignServer:
    """`presign serve` on a loopback port that was free at its first start, and that it keeps when it starts again.

    `settings` are given as environment variables (`auth_sigv2="deny"` is `PRESIGN_AUTH_SIGV2=deny`); `wrapper` is a
    command line that the server's own is appended to, and must end by executing it. Unless the log is read on, nobody reads
    it once the server listens.
    """

    def __init__(self, presign, data, *, wrapper=(), settings=None, popen=None, reads_log_on=True):
        self.reads_log_on = reads_log_on
        self.presign, self.data, self.wrapper = presign, data, list(wrapper)
        self.settings, self.popen = settings or {}, popen or {}
        self.access_key_id, self.secret_access_key = ACCESS_KEY_ID, SECRET_ACCESS_KEY
        self.port = 0
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        # The server takes every PRESIGN_ variable for a setting.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PRESIGN_")}
        environment["PRESIGN_ROOT_ACCESS_KEY_ID"] = self.access_key_id
        environment["PRESIGN_ROOT_SECRET_ACCESS_KEY"] = self.secret_access_key
        for name, value in self.settings.items():
            environment[f"PRESIGN_{name.upper()}"] = value
        command = [*self.wrapper, str(self.presign), "serve", "--data", str(self.data)]
        command += ["--listen", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, **self.popen)
        told = queue.SimpleQueue()
        threading.Thread(target=pass_on, args=(self.process.stderr, told, self.reads_log_on), daemon=True).start()
        try:
            self.port = told.get(timeout=START_SECONDS)
        except queue.Empty:
            self.kill()
            raise RuntimeError(f"`presign serve` did not listen within {START_SECONDS} s") from None
        if self.port is None:
            raise RuntimeError(f"`presign serve` ended with status {self.process.wait(STOP_SECONDS)}; see its output")
        self.wait_until_it_answers()
        return self

    def wait_until_it_answers(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"`presign serve` ended with status {self.process.returncode}; see its output")
            try:
                urllib.request.urlopen(self.url, timeout=START_SECONDS)
            except urllib.error.HTTPError:
                return  # An unsigned request is refused, by a server that runs.
            except OSError:
                time.sleep(0.05)
            else:
                raise RuntimeError("`presign serve` answered a request that nobody signed")
        raise RuntimeError(f"`presign serve` did not answer within {START_SECONDS} s")

    def terminate(self):
        """SIGTERM: stop, once running transfers are finished."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        """Waits for its end, and gives its exit status."""
        return self.process.wait(STOP_SECONDS)

    def kill(self):
        """SIGKILL, as a power cut for the process. No-op when it is over."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(STOP_SECONDS)

    def memory(self, field="VmRSS"):
        """Resident memory in bytes: now (`VmRSS`), or at its peak (`VmHWM`)."""
        with open(f"/proc/{self.process.pid}/status") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError(f"no {field} for process {self.process.pid}")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.terminate()
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        assert status == 0, f"`presign serve` ended with status {status} after SIGTERM"
