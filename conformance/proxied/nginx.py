"""nginx in front of a server: a process of its own, with its own configuration, on loopback, run by whoever runs the tests."""

import shutil
import socket
import subprocess
import time

START_SECONDS = 30
PATIENCE_SECONDS = 5

# Both pass the Host on, which signatures cover, and keep one connection to the store for all their clients, so that whatever
# one client left behind on it would meet the next.
CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream store {{
        server 127.0.0.1:{store} max_fails=0;
        keepalive 1;
    }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_next_upstream off;
    # A client that never sends what it announced is given up well before the tests give up waiting for its answer.
    client_header_timeout {patience};
    client_body_timeout {patience};
    server {{
        listen 127.0.0.1:{port};
        {options}
        location / {{ proxy_pass http://store; }}
    }}
}}
"""

# As its manual has it; and as carelessly as it can be told to: fields that it would drop are passed on, and bodies while
# they come in.
KINDS = {
    "as-it-comes": "",
    "careless": "ignore_invalid_headers off; underscores_in_headers on; proxy_request_buffering off; client_max_body_size 0;",
}

# How it tells the store who its client is. Where one of these fields is set anew, so must be those that were set above.
PASSED_ON = 'proxy_set_header Connection ""; proxy_set_header Host $http_host;'
ADDRESSES = {
    "x-forwarded-for": PASSED_ON + "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
    "forwarded": PASSED_ON + """proxy_set_header Forwarded 'for=$remote_addr;host="$http_host"';""",
    "forwarded-host-first": PASSED_ON + """proxy_set_header Forwarded 'host="$http_host";for="$remote_addr:$remote_port"';""",
    "not": PASSED_ON + 'proxy_set_header X-Forwarded-For ""; proxy_set_header Forwarded "";',
    "empty-list": PASSED_ON + 'proxy_set_header X-Forwarded-For ","; proxy_set_header Forwarded "";',
}


def free_port():
    """nginx does not tell which port it got, so that it cannot be given number 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    def __init__(self, folder, store_port, kind):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "error.log"
        self.configuration = folder / "nginx.conf"
        self.configuration.write_text(
            CONFIGURATION.format(
                folder=folder,
                store=store_port,
                port=self.port,
                patience=f"{PATIENCE_SECONDS}s",
                options=(KINDS | ADDRESSES)[kind],
            )
        )

    def __enter__(self):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        assert program, "nginx was not found: install it (Debian: apt-get install nginx), or run `cargo xtask proxied`"
        self.process = subprocess.Popen([program, "-c", self.configuration, "-e", self.log])
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"nginx ended with {self.process.returncode}: {self.log.read_text()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        raise RuntimeError(f"nginx did not answer within {START_SECONDS} s")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(START_SECONDS)
