"""What a test of the operator in a cluster needs: kubectl, azsim, and operators as processes under the operator's own
RBAC, in namespaces of the test's own."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.request
import uuid

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ["TRAINYARD_BIN"])
SYSTEM = "trainyard-system"
WRITES = ("computes.put", "computes.delete", "jobs.put")
LEASE = "30s"  # a slow machine must not lose it
SAMPLES = REPOSITORY / "manifests/samples"


def kubectl(*arguments, stdin=None, check=True, kubeconfig=None, seconds=180):
    """What it prints; with check=False the finished process."""
    done = subprocess.run(["kubectl", *([f"--kubeconfig={kubeconfig}"] if kubeconfig else []), *map(str, arguments)],
                          input=stdin, capture_output=True, text=True, timeout=seconds)
    if not check:
        return done
    assert done.returncode == 0, f"kubectl {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}"
    return done.stdout


def apply(*objects, namespace=None, options=()):
    text = "\n---\n".join(json.dumps(one) for one in objects)
    return kubectl("apply", "-f", "-", *(["-n", namespace] if namespace else []), *options, stdin=text)


def get(kind, name, namespace):
    return json.loads(kubectl("get", kind, name, "-n", namespace, "-o", "json"))


def kubeconfig_of(user):
    """The administrator's, for another."""
    config = json.loads(kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    config["users"][0]["user"] = user
    return json.dumps(config)


def condition(found, kind):
    """The condition of that type, or {}."""
    return next((one for one in found.get("status", {}).get("conditions", []) if one["type"] == kind), {})


def wait_until(what, holds, seconds=90.0):
    end = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s: {what()if callable(what) else what}")
        time.sleep(0.05)


class Simulator:
    """azsim as a process, with its log of requests."""

    def __init__(self, folder, *arguments):
        self.log = folder / "requests.jsonl"
        self.clouds = folder / "clouds.yaml"
        self.process = subprocess.Popen(
            [BINARIES / "azsim", "--listen", "127.0.0.1:0", "--execute", "--fast", "--log", self.log, "--write-cloud",
             self.clouds, "--write-ca", folder / "ca.pem", "--workspace", "trainyard-demo/demo", *arguments],
            stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()  # it says where it listens once all is written

    def requests(self, operation, status=None):
        found = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [one for one in found if one["operation"] == operation and status in (None, one["status"])]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)
        self.process.stdout.close()


class Operator:
    def __init__(self, folder, kubeconfig, clouds, *arguments, lease_namespace=SYSTEM):
        self.output = folder / f"operator-{uuid.uuid4().hex[:6]}.log"
        with open(self.output, "w") as log:
            self.process = subprocess.Popen(
                [BINARIES / "trainyard", "run", "--kubeconfig", kubeconfig, "--cluster-name", "integration", "--clouds",
                 clouds, "--lease-namespace", lease_namespace, "--lease-duration", LEASE, "--metrics-address", "127.0.0.1:0", *arguments],
                stdout=log, stderr=subprocess.STDOUT)

    def says(self):
        return self.output.read_text()

    def wait_for(self, words, seconds=60.0):
        def said():
            assert self.process.poll() is None or words in self.says(), f"it ended: {self.says()}"
            return words in self.says()
        wait_until(lambda: f"'{words}' in the log: {self.says()}", said, seconds)

    def page(self, path):
        """Of its metrics server; the status and the text."""
        self.wait_for("metrics are served")
        line = next(line for line in self.says().splitlines() if "metrics are served" in line)
        address = line.split("address=")[1].split()[0].strip('"')
        try:
            with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, line):
        """The value of a series, written as the page does."""
        found = [one.rsplit(" ", 1)[1] for one in self.page("/metrics")[1].splitlines() if one.startswith(line + " ")]
        return float(found[0]) if found else None

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=60)


class OperatorTest(unittest.TestCase):
    """Each test has a namespace of its own; azsim and the API server are the class's."""

    azsim_arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.bind()
        kubectl("wait", "--for=condition=Established", "--timeout=60s", *[
            f"crd/{kind}.trainyard.dev" for kind in ("workspaces", "computetargets", "trainingruns")])
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="trainyard-cluster.")))
        cls.azsim = Simulator(cls.folder, *cls.azsim_arguments)
        cls.addClassCleanup(cls.azsim.stop)
        cls.kubeconfig = cls.folder / "kubeconfig"
        cls.write_kubeconfig(kubectl("create", "token", "trainyard", "-n", SYSTEM).strip())
        kubectl("delete", "lease", "trainyard", "-n", SYSTEM, "--ignore-not-found")

    @classmethod
    def bind(cls):
        """Gives the cluster CRDs, roles and policy, and the operator its rights."""
        kubectl("apply", "-k", REPOSITORY)

    @classmethod
    def write_kubeconfig(cls, token):
        """The operator's: its service account's token in a file, which is read again on use."""
        cls.token = cls.folder / "token"
        cls.token.write_text(token)
        cls.kubeconfig.write_text(kubeconfig_of({"tokenFile": str(cls.token)}))

    @classmethod
    def start_operator(cls, *arguments):
        return Operator(cls.folder, cls.kubeconfig, cls.azsim.clouds, *arguments)

    def setUp(self):
        self.ns = "test-" + uuid.uuid4().hex[:8]
        self.cpu = "cpu-" + self.ns[-8:]  # the workspace in azsim is every test's: a name is one test's
        kubectl("create", "namespace", self.ns)
        self.addCleanup(self.leave_nothing)
        self.before = {operation: len(self.azsim.requests(operation)) for operation in WRITES}

    def leave_nothing(self):
        """No object stays that the operator of another test would take care of, in an azsim that is another, too."""
        kinds = "workspaces,computetargets,trainingruns"
        kubectl("delete", kinds, "--all", "--wait=false", "-n", self.ns, check=False)
        for name in kubectl("get", kinds, "-n", self.ns, "-o", "name").split():
            kubectl("patch", name, "-n", self.ns, "--type=merge", "-p", '{"metadata": {"finalizers": null}}', check=False)

    def operator(self, *arguments):
        """One that ends with the test."""
        operator = self.start_operator(*arguments)

        def end():
            operator.stop(signal.SIGKILL)
            if self._outcome.result.failures or self._outcome.result.errors:
                print(operator.says())
            kubectl("delete", "lease", "trainyard", "-n", SYSTEM, "--ignore-not-found")  # nobody waits for it to expire
        self.addCleanup(end)
        return operator

    # ---- what users declare

    def secret(self, value="secret"):
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "azsim-client"},
                "stringData": {"clientSecret": value}}

    def workspace(self):
        return json.loads(kubectl("create", "--dry-run=client", "-o", "json", "-n", self.ns, "-f",
                                  SAMPLES / "quickstart/workspace.yaml"))

    def cluster(self, **create):
        return {"apiVersion": "trainyard.dev/v1alpha1", "kind": "ComputeTarget", "metadata": {"name": self.cpu},
                "spec": {"workspace": "demo", "amlCompute": {"create": {
                    "vmSize": "Standard_DS3_v2", "minNodes": 0, "maxNodes": 2, **create}}}}

    def source(self, text="print('trained')", name="source"):
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"train.py": text}}

    def run_of(self, name="fit", **spec):
        return {"apiVersion": "trainyard.dev/v1alpha1", "kind": "TrainingRun", "metadata": {"name": name},
                "spec": {"computeTarget": self.cpu, "source": {"configMap": {"name": "source"}},
                         "script": {"file": "train.py"}, **spec}}

    def apply(self, *objects, **more):
        return apply(*objects, namespace=self.ns, **more)

    def wait_ready(self, *names, seconds=120):
        for name in names:
            kubectl("wait", name, "-n", self.ns, "--for=condition=Ready", f"--timeout={seconds}s")

    def writes(self, operation):
        """How often azsim was asked for it in this test."""
        return len(self.azsim.requests(operation)) - self.before[operation]
