#!/usr/bin/python3
"""A git server on loopback, over TLS: `git_server.py FOLDER` serves the repositories FOLDER/repos/NAME.git by git's own
http-backend. FOLDER gets ca.pem (to trust) and requests (a line each). Prints its port, and runs until it is ended.

/private/NAME.git   wants user "reader" and the password in FOLDER/password
/moved/NAME.git     redirects to /NAME.git
/silent/NAME.git    does not answer
"""
import base64
import http.server
import os
import pathlib
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import certificates  # noqa: E402

FOLDER = pathlib.Path(sys.argv[1])
ENDED = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer(b"")

    def do_POST(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(body)

    def _answer(self, body):
        with open(FOLDER / "requests", "a") as log:
            log.write(f"{self.command} {self.path}\n")
        _, first, rest = self.path.split("/", 2)
        if first == "silent":
            ENDED.wait()
        elif first == "moved":
            self._reply(301, {"Location": "/" + rest})
        elif first == "private":
            expected = "Basic " + base64.b64encode(b"reader:" + (FOLDER / "password").read_bytes()).decode()
            if self.headers.get("Authorization") == expected:
                return self._by_git("/" + rest, body)
            self._reply(401, {"WWW-Authenticate": 'Basic realm="git"'})
        else:
            self._by_git(self.path, body)

    def _by_git(self, path, body):
        path, _, query = path.partition("?")
        done = subprocess.run(["git", "http-backend"], input=body, stdout=subprocess.PIPE, env=os.environ | {
            "GIT_PROJECT_ROOT": str(FOLDER / "repos"), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path, "QUERY_STRING": query,
            "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", "")}, check=False)
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self._reply(int(headers.pop("Status", "200").split()[0]), headers, rest)

    def _reply(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def main():
    certificates.authority(FOLDER)
    certificates.server(FOLDER, "server")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"port {server.server_port}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
