"""Requests straight to the API server, for who makes more of them than kubectl could."""

import http.client
import json
import pathlib
import ssl


class ApiServer:
    """One connection, as the administrator of a control plane's folder; for one thread, while it is entered."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self._headers = {"Authorization": "Bearer " + (folder / "token").read_text()}
        self._connection = http.client.HTTPSConnection(
            (folder / "server").read_text().removeprefix("https://"), timeout=120,
            context=ssl.create_default_context(cafile=folder / "ca.pem"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()

    def ask(self, method, path, body=None, content_type="application/json"):
        """The status and the answer's JSON."""
        self._connection.request(method, path, None if body is None else json.dumps(body),
                                 self._headers | ({} if body is None else {"Content-Type": content_type}))
        answer = self._connection.getresponse()
        return answer.status, json.load(answer)
