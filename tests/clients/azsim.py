"""The simulator as a test of a client holds it: a process of its own on a free port of loopback."""

import json
import os
import pathlib
import re
import subprocess
import tempfile

TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "22222222-2222-2222-2222-222222222222"
SECRET = "secret"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"


class Azsim:
    """Runs while the `with` block does. What Python's clients trust, and the proxies they would ask, are set meanwhile.

    `options` are azsim's, `files` (name to bytes) are in the folder that it runs in.
    """

    def __init__(self, options=(), files=None):
        self._options = options
        self._files = files or {}

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="trainyard-client.")
        self.folder = pathlib.Path(self._folder.name)
        self.ca = self.folder / "ca.pem"
        self._log = self.folder / "requests.jsonl"
        for name, content in self._files.items():
            (self.folder / name).write_bytes(content)
        self._process = subprocess.Popen(
            [os.environ["TRAINYARD_AZSIM"], "--listen", "127.0.0.1:0", "--fast", "--write-ca", self.ca, "--log",
             self._log, *self._options],
            stdout=subprocess.PIPE, text=True, cwd=self.folder)
        self.url = self._said(r"azsim listens on (https://\S+)")
        self._before = dict(os.environ)
        os.environ.update(REQUESTS_CA_BUNDLE=str(self.ca), SSL_CERT_FILE=str(self.ca), NO_PROXY="localhost,127.0.0.1")
        return self

    def http_url(self):
        """With --listen-http; it is said after the other."""
        return self._said(r"azsim listens on (http://\S+)")

    def _said(self, pattern):
        for line in self._process.stdout:
            if found := re.match(pattern, line):
                return found.group(1)
        raise RuntimeError(f"azsim ended with {self._process.wait()} before it said {pattern!r}")

    def __exit__(self, *_):
        os.environ.clear()
        os.environ.update(self._before)
        self._process.terminate()
        self._process.stdout.close()
        code = self._process.wait(timeout=60)
        self._folder.cleanup()
        assert code == 0, f"azsim ended with {code}"

    def requests(self, operation=""):
        """What azsim was asked so far, oldest first; only of this operation if one is named."""
        logged = [json.loads(line) for line in self._log.read_text().splitlines()]
        return [request for request in logged if operation in ("", request["operation"])]
