"""A node of the cluster whose kubelet answers for logs, and nothing else."""

import http.server
import json
import os
import pathlib
import ssl
import threading
import uuid

import certificates
from operator_world import apply, kubectl


class LoggingNode:
    """Runs while it is entered. Its one log grows by say() and ends by end()."""

    def __init__(self):
        self.name = "logging-" + uuid.uuid4().hex[:8]
        self.asked = []  # path and query of each request
        self._lines, self._ended, self._changed = [], False, threading.Condition()
        folder = pathlib.Path(os.environ["TRAINYARD_API_SERVER"])
        certificates.server(folder, self.name)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(folder / f"{self.name}.pem", folder / f"{self.name}.key")
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.name}})
        status = {"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
                  "daemonEndpoints": {"kubeletEndpoint": {"Port": self._server.server_address[1]}}}
        kubectl("patch", "node", self.name, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))
        return self

    def __exit__(self, *_):
        self.end()
        self._server.shutdown()
        self._server.server_close()
        kubectl("delete", "node", self.name)

    def say(self, text):
        with self._changed:
            self._lines.append(text)
            self._changed.notify_all()

    def end(self):
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _parts(self, follow):
        """What the log has, and with `follow` what comes, until it ends."""
        sent = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: len(self._lines) > sent or self._ended or not follow)
                parts, ended = self._lines[sent:], self._ended or not follow
            yield from parts
            sent += len(parts)
            if ended:
                return

    def _handler(self):
        node = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                node.asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for part in node._parts("follow=true" in self.path):
                    self.wfile.write(f"{len(part):x}\r\n{part}\r\n".encode())
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")

            def log_message(self, *_):
                pass
        return Handler
