"""Sends parameters and metrics to MLflow by its REST API, with the standard library alone.

Where to send them stands in the variables that Azure Machine Learning and Trainyard set for a run. Without them nothing
is sent. A training is worth more than its curve: when the service cannot be reached the run goes on without it.
"""

import http.client
import json
import math
import os
import sys
import time
import urllib.parse
import urllib.request

API = "/api/2.0/mlflow"
DEADLINE_SECONDS = 10
MOST_FAILURES = 3


def service_address(uri):
    """The REST address behind MLFLOW_TRACKING_URI; nothing if it is none that can be asked."""
    parts = urllib.parse.urlsplit(uri)
    scheme, path = parts.scheme, parts.path.rstrip("/")
    if scheme == "azureml":  # Azure's own scheme: https, and version 2.0 of the path
        scheme, path = "https", path.replace("/mlflow/v1.0/", "/mlflow/v2.0/", 1)
    if scheme not in ("http", "https") or not parts.netloc:
        complain(f"MLFLOW_TRACKING_URI is '{uri}'; only http, https and azureml addresses are understood here")
        return ""
    return f"{scheme}://{parts.netloc}{path if path.endswith(API) else path + API}"


def complain(words):
    print("tracking: " + words, file=sys.stderr, flush=True)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token is for the service that was named, so nobody may send us elsewhere with it."""

    def redirect_request(self, *_):
        return None


class Tracker:
    """One run of MLflow; does nothing when there is none."""

    def __init__(self, environment=os.environ):
        uri, self.run_id = environment.get("MLFLOW_TRACKING_URI", ""), environment.get("MLFLOW_RUN_ID", "")
        self.token = environment.get("MLFLOW_TRACKING_TOKEN", "")
        self.address = service_address(uri) if uri and self.run_id else ""
        self.waiting = {"params": [], "metrics": []}  # not taken yet; a batch may hold 1000 metrics
        self.failures = 0  # in a row
        handlers = [NoRedirect()]
        if urllib.parse.urlsplit(self.address).hostname in ("localhost", "127.0.0.1", "::1"):
            handlers.append(urllib.request.ProxyHandler({}))  # no proxy reaches this machine's own services
        self.opener = urllib.request.build_opener(*handlers)

    def log_params(self, params):
        self.waiting["params"] += [{"key": key, "value": str(value)} for key, value in params.items()]
        self._send()

    def log_metrics(self, metrics, step):
        now = int(time.time() * 1000)
        self.waiting["metrics"] += [
            # JSON has no NaN and no infinity: MLflow takes the words.
            {"key": key, "value": value if math.isfinite(value) else str(value), "timestamp": now, "step": step}
            for key, value in metrics.items()
        ]
        self._send()

    def finish(self):
        """Sends what was not taken before, so that the last values are there when the run ends."""
        while any(self.waiting.values()) and self._may_send():
            self._send()

    def _may_send(self):
        return self.address and self.failures < MOST_FAILURES

    def _send(self):
        if not self._may_send():
            return
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        body = json.dumps({"run_id": self.run_id, **self.waiting}).encode()
        request = urllib.request.Request(self.address + "/runs/log-batch", data=body, headers=headers, method="POST")
        try:
            with self.opener.open(request, timeout=DEADLINE_SECONDS) as answer:
                answer.read()
            self.waiting = {"params": [], "metrics": []}
            self.failures = 0
        except (OSError, http.client.HTTPException) as error:  # URLError and HTTPError are OSErrors
            self.failures += 1
            last = "; nothing more is sent" if self.failures == MOST_FAILURES else ""
            complain(f"MLflow did not take a batch: {error}{last}")
