"""The reference: what a controller built on a requeue loop does. Ten workers; GET, PUT, then GET until it is done."""
import http.client
import json
import queue
import ssl
import threading
import time
import urllib.parse

from place import GROUP, SECRET, WORKSPACE

WORKERS = 10
POLL = 1.0  # seconds between two looks at one object
VERSION = "?api-version=2023-10-01"


class Client:
    """One connection, kept."""

    def __init__(self, place, token=None):
        url = urllib.parse.urlparse(place.url)
        trust = ssl.create_default_context(cafile=str(place.folder / "ca.pem"))
        self.connection = http.client.HTTPSConnection(url.hostname, url.port, context=trust)
        self.ids = place.ids
        self.token = token or self._sign_in(place.url)

    def _sign_in(self, audience):
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": self.ids["client"],
                                       "client_secret": SECRET, "scope": audience + "/.default"})
        self.connection.request("POST", f"/{self.ids['tenant']}/oauth2/v2.0/token", form,
                                {"Content-Type": "application/x-www-form-urlencoded"})
        return json.load(self.connection.getresponse())["access_token"]

    def call(self, method, name, body=None):
        path = (f"/subscriptions/{self.ids['subscription']}/resourceGroups/{GROUP}/providers/"
                f"Microsoft.MachineLearningServices/workspaces/{WORKSPACE}/computes/{name}{VERSION}")
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"}
        while True:
            self.connection.request(method, path, json.dumps(body) if body else None, headers)
            response = self.connection.getresponse()
            text = response.read()
            if response.status != 429:
                return response.status, json.loads(text or "null")  # a 404 has no body
            time.sleep(int(response.getheader("Retry-After")))


def create(place, names):
    """Seconds until all are there."""
    body = {"location": "eastus", "properties": {"computeType": "AmlCompute", "properties": {
        "vmSize": "STANDARD_DS3_V2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4}}}}
    work = queue.PriorityQueue()
    for name in names:
        work.put((0.0, name))
    left = [len(names)]
    lock = threading.Lock()
    token = Client(place).token

    def worker():
        client = Client(place, token)
        while left[0] > 0:
            try:
                when, name = work.get(timeout=0.1)
            except queue.Empty:
                continue
            if when > time.monotonic():
                work.put((when, name))
                time.sleep(0.005)
                continue
            status, answer = client.call("GET", name)
            if status == 404:
                client.call("PUT", name, body)
            elif answer["properties"]["provisioningState"] == "Succeeded":
                with lock:
                    left[0] -= 1
                continue
            work.put((time.monotonic() + POLL, name))

    began = time.monotonic()
    workers = [threading.Thread(target=worker) for _ in range(WORKERS)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    return time.monotonic() - began
