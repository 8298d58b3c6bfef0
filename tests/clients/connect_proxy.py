"""Leads clients to the simulator under the names that Azure's services have in the public cloud.

An HTTP proxy that takes every CONNECT to one port of this machine: the client then shakes hands with whom it believes
to be management.azure.com. Nothing goes anywhere else.
"""

import os
import socket
import socketserver
import threading


def _pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # one side is gone: so is the other
        for end in (source, sink):
            end.close()


class _Tunnel(socketserver.StreamRequestHandler):
    def handle(self):
        method, target, _ = self.rfile.readline().decode().split(" ", 2)
        while self.rfile.readline().strip():
            pass
        if method != "CONNECT":
            self.wfile.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            return
        self.server.hosts.add(target)
        with socket.create_connection(self.server.leads_to) as there:
            self.wfile.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(there, self.connection), daemon=True)
            back.start()
            _pump(self.connection, there)
            back.join()


class ConnectProxy(socketserver.ThreadingTCPServer):
    """Serves while the `with` block lasts; clients of this process are told of it by their environment meanwhile."""

    daemon_threads = True
    block_on_close = False  # a client may keep a connection

    def __init__(self, port):
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.leads_to = ("127.0.0.1", port)
        self.hosts = set()  # that were asked for, host:port

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self._before = dict(os.environ)
        os.environ["HTTPS_PROXY"] = f"http://127.0.0.1:{self.server_address[1]}"
        os.environ["NO_PROXY"] = ""
        return self

    def __exit__(self, *_):
        os.environ.clear()
        os.environ.update(self._before)
        self.shutdown()
        self.server_close()
