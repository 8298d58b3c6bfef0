"""azsim and the operator as processes, their folders, and what can be seen of them from outside."""
import calendar
import collections
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ.get("TRAINYARD_BIN", REPOSITORY / "build/bench/bin"))

SECRET = "secret"  # of the application that azsim knows
GROUP, WORKSPACE = "bench", "bench"


def wait_until(what, condition, seconds=300.0, every=0.02):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(every)
    raise TimeoutError(f"not within {seconds:.0f} s: {what}")


def manifest(kind, name, spec):
    """A document, as JSON, which is YAML too."""
    return json.dumps({"apiVersion": "trainyard.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})


def cluster(name):
    return manifest("ComputeTarget", name, {
        "workspace": "ml", "amlCompute": {"create": {"vmSize": "Standard_DS3_v2", "minNodes": 0, "maxNodes": 4}}})


def local_target(name):
    return manifest("ComputeTarget", name, {"local": {}})


class Place:
    """A fresh folder with an azsim beside it; everything ends with the `with` block."""

    def __init__(self, delay=0.0, buckets=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="trainyard-bench-"))
        self.manifests = self.folder / "manifests"
        self.staging = self.folder / "staging"
        for folder in (self.manifests, self.staging, self.folder / "secrets/azsim-client"):
            folder.mkdir(parents=True)
        secret = self.folder / "secrets/azsim-client/clientSecret"
        secret.touch(0o600)
        secret.write_text(SECRET + "\n")
        self.log = self.folder / "requests.jsonl"
        self.operator = None
        (self.folder / "faults.json").write_text(json.dumps({"requests": [
            {"operation": "*", "kind": "Slow", "times": -1, "delaySeconds": delay}] if delay else []}))
        arguments = ["--listen", "127.0.0.1:0", "--fast", "--log", self.log, "--workspace", f"{GROUP}/{WORKSPACE}",
                     "--write-cloud", self.folder / "clouds.yaml", "--write-ca", self.folder / "ca.pem",
                     "--faults", self.folder / "faults.json"]
        self.azsim = subprocess.Popen([BINARIES / "azsim", *arguments, *(["--buckets"] if buckets else [])],
                                      stdout=subprocess.PIPE, text=True)
        self.url = self.azsim.stdout.readline().split()[-1]
        self.ids = self._known_ids()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop_operator()
        self.azsim.terminate()
        self.azsim.wait()
        shutil.rmtree(self.folder)

    def _known_ids(self):
        """azsim's default ids, out of its help."""
        words = subprocess.run([BINARIES / "azsim", "--help"], capture_output=True, text=True).stdout
        words = words[words.index("Unless told otherwise:"):].replace(",", " ").replace(".", " ").split()
        return {name: words[words.index(name) + 1] for name in ("tenant", "client", "subscription")}

    # ---- manifests

    def workspace(self):
        return manifest("Workspace", "ml", {
            "subscriptionId": self.ids["subscription"], "resourceGroup": GROUP, "name": WORKSPACE, "cloud": "azsim",
            "credential": {"clientSecret": {"tenantId": self.ids["tenant"], "clientId": self.ids["client"],
                                            "secretRef": {"name": "azsim-client", "key": "clientSecret"}}}})

    def apply(self, files):
        """Moves the files into the watched folder, as a checkout of Git would; the time at which that began."""
        for name, text in files.items():
            (self.staging / name).write_text(text)
        began = time.time()
        for name in files:
            (self.staging / name).rename(self.manifests / name)
        return began

    # ---- the operator

    def start_operator(self, workers=None):
        began = time.time()
        # To a file: a pipe that nobody reads would hold the operator up.
        with open(self.folder / "operator.out", "a") as out:
            self.operator = subprocess.Popen(
                [BINARIES / "trainyard", "run", "--plain", "--directory", self.manifests, "--cluster-name", "bench",
                 "--state", self.folder / "state", "--secrets", self.folder / "secrets",
                 "--clouds", self.folder / "clouds.yaml", *(["--workers", str(workers)] if workers else [])],
                stdout=out, stderr=subprocess.STDOUT)
        return began

    def stop_operator(self):
        if self.operator:
            self.operator.terminate()
            self.operator.wait()
            self.operator = None

    def count_ready(self):
        """As the operator's own record has it."""
        if not (self.folder / "state/state.db").exists():
            return 0
        database = sqlite3.connect(f"file:{self.folder}/state/state.db?mode=ro", uri=True, timeout=5)
        try:
            return database.execute(
                "SELECT count(*) FROM objects, json_each(status, '$.conditions') AS condition "
                "WHERE condition.value ->> 'type' = 'Ready' AND condition.value ->> 'status' = 'True'").fetchone()[0]
        except sqlite3.OperationalError:
            return 0  # it is being made
        finally:
            database.close()

    def wait_ready(self, count, seconds=600.0):
        def ready():
            if self.operator.poll() is not None:
                raise RuntimeError("the operator ended: " + (self.folder / "operator.out").read_text()[-2000:])
            return self.count_ready() >= count
        wait_until(f"{count} objects ready", ready, seconds, every=0.1)
        return time.time()

    def memory(self):
        """RSS and PSS in MiB."""
        fields = {}
        for line in open(f"/proc/{self.operator.pid}/smaps_rollup"):
            words = line.split()
            if words[0] in ("Rss:", "Pss:"):
                fields[words[0]] = int(words[1]) / 1024
        return fields["Rss:"], fields["Pss:"]

    def processor_seconds(self):
        words = open(f"/proc/{self.operator.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    # ---- azsim's log of requests

    def requests(self, since=0):
        """Those after the first `since`."""
        with open(self.log) as log:
            lines = log.read().splitlines()[since:]
        return [json.loads(line) for line in lines]

    def operations(self, since=0):
        return collections.Counter(f"{request['operation']} {request['status']}" for request in self.requests(since))


def seconds_of(request):
    """The time of a request in azsim's log."""
    whole, _, fraction = request["time"].rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + (fraction or "0"))
