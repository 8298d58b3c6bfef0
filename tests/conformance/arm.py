"""Azure Resource Manager asked by plain requests."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from typing import NamedTuple

from azsim import CLIENT, SECRET, TENANT

GROUP, WORKSPACE = "conformance", "demo"


class Answer(NamedTuple):
    status: int
    headers: dict
    body: object  # None if there is none


class Client:
    def __init__(self, azsim, api_version):
        self._url, self._version = azsim.url, api_version
        context = ssl.create_default_context(cafile=azsim.ca)
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context),
                                                   urllib.request.ProxyHandler({}))
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET,
                                       "scope": self._url + "/.default"}).encode()
        self._token = self._send("POST", f"{self._url}/{TENANT}/oauth2/v2.0/token", form, {}).body["access_token"]

    def ask(self, method, path, body=None):
        """A path without api-version gets the client's."""
        url = path if path.startswith("https:") else self._url + path
        if "api-version=" not in url:
            url += ("&" if "?" in url else "?") + "api-version=" + self._version
        return self._send(method, url, None if body is None else json.dumps(body).encode(),
                          {"Authorization": "Bearer " + self._token, "Content-Type": "application/json"})

    def _send(self, method, url, data, headers):
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        try:
            reply = self._opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            reply = error
        with reply:
            text = reply.read()
        return Answer(reply.status, dict(reply.headers), json.loads(text) if text else None)
