#!/usr/bin/python3
"""A real etcd and a real kube-apiserver on loopback; without nodes, and without controllers unless they are wanted.

    control_plane.py [--controllers] COMMAND [ARGUMENT]...
                                             runs COMMAND beside one, in whose environment are KUBECONFIG (of an
                                             administrator), TRAINYARD_API_SERVER (the folder) and kubectl on the PATH;
                                             the exit code is its; logs are kept when it is not 0; with --controllers
                                             kube-controller-manager runs too, and where that is not to be had the
                                             exit code is 77, which stands for a test that was skipped
    control_plane.py --serve FOLDER          prints `ready KUBECONFIG`, and again for each line `restart` of its standard
                                             input, once the API server was restarted; ends with that input or SIGTERM

The folder has admin.kubeconfig; server (the URL), ca.pem and token, for who reads no kubeconfigs; and the logs.
kubeconfigs.py makes more.
"""

import http.client
import json
import os
import pathlib
import random
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

import certificates
import kubeconfigs

HERE = pathlib.Path(__file__).resolve().parent
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")  # however we end
READY_SECONDS = 180.0  # a few are enough for an idle machine
SKIPPED = 77  # of a test, as CMakeLists.txt has it
STOP_SECONDS = 90.0  # an API server waits a minute for requests under way


class Missing(Exception):
    """What this machine has not."""


def tools():
    """The folder of etcd, kubectl and Kubernetes' other programs."""
    done = subprocess.run([HERE / "build_tools.sh"], stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(done.stdout.strip())


def free_ports(count):
    """Above a kubelet's, and below those that the kernel gives to outgoing connections: one stays free while its server
    is restarted."""
    found = []
    for port in random.sample(range(10300, 32768), 1000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free ports")


class ControlPlane:
    """Runs while it is entered. The folder is the caller's; only etcd's data are removed from it."""

    def __init__(self, folder, controllers=False):
        self.folder = pathlib.Path(folder).resolve()
        self.tools = tools()
        self._controllers = controllers
        if controllers and not (self.tools / "kube-controller-manager").exists():
            raise Missing(f"there is no kube-controller-manager in {self.tools}")
        self.kubeconfig = self.folder / "admin.kubeconfig"
        self._running = {}  # in the order of their start
        client, peer, self._port = free_ports(3)
        self._etcd = f"http://127.0.0.1:{client}"
        self._peer = f"http://127.0.0.1:{peer}"
        self.server = f"https://127.0.0.1:{self._port}"

    def __enter__(self):
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        certificates.authority(self.folder)
        certificates.server(self.folder, "server")
        certificates.openssl(self.folder, "genrsa", "-out", "accounts.key", "2048")
        certificates.openssl(self.folder, "rsa", "-in", "accounts.key", "-pubout", "-out", "accounts.pub")
        token = secrets.token_hex(16)
        for name, text in (("server", self.server), ("token", token), ("tokens", f"{token},admin,admin,system:masters\n")):
            (self.folder / name).write_text(text)
        kubeconfigs.for_user(self.folder, "admin", ["system:masters"])
        self._ssl = ssl.create_default_context(cafile=self.folder / "ca.pem")
        try:
            self._start("etcd", f"--data-dir={self.folder / 'etcd'}", "--unsafe-no-fsync", "--log-level=warn",
                        f"--listen-client-urls={self._etcd}", f"--advertise-client-urls={self._etcd}",
                        f"--listen-peer-urls={self._peer}", f"--initial-advertise-peer-urls={self._peer}",
                        f"--initial-cluster=default={self._peer}")
            self._start_api_server()
            if self._controllers:
                self._start_controllers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in reversed(list(self._running)):  # the API server first: without etcd it would not end
            self._stop(name)
        shutil.rmtree(self.folder / "etcd", ignore_errors=True)

    def restart_api_server(self, forget=False):
        """Where it was, with all that it had; `forget` the past, so that no watch can go on from where it was."""
        self._stop("kube-apiserver")
        if forget:
            revision = self._ask_etcd("kv/range", {"key": "AA=="})["header"]["revision"]
            self._ask_etcd("kv/compaction", {"revision": revision, "physical": True})
        self._start_api_server()

    def environment(self):
        return os.environ | {"KUBECONFIG": str(self.kubeconfig), "TRAINYARD_API_SERVER": str(self.folder),
                             "PATH": f"{self.tools}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}

    def _ask_etcd(self, path, question):
        request = urllib.request.Request(f"{self._etcd}/v3/{path}", json.dumps(question).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def _start(self, name, *flags):
        with open(self.folder / f"{name}.log", "ab") as log:
            self._running[name] = subprocess.Popen([*DIES_WITH_US, self.tools / name, *flags],
                                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _stop(self, name):
        process = self._running.pop(name)
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise RuntimeError(f"{name} did not end within {STOP_SECONDS:.0f} s; see {self.folder}/{name}.log") from None

    def _start_api_server(self):
        accounts = self.folder / "accounts"
        self._start(
            "kube-apiserver", f"--etcd-servers={self._etcd}", "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1", f"--secure-port={self._port}", f"--tls-cert-file={self.folder}/server.pem",
            f"--tls-private-key-file={self.folder}/server.key", f"--client-ca-file={self.folder}/ca.pem",
            f"--token-auth-file={self.folder}/tokens", "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={accounts}.pub", f"--service-account-signing-key-file={accounts}.key",
            f"--kubelet-client-certificate={self.folder}/admin.pem", f"--kubelet-client-key={self.folder}/admin.key",
            "--kubelet-preferred-address-types=InternalIP", "--authorization-mode=RBAC", "--anonymous-auth=false",
            "--endpoint-reconciler-type=none",  # loopback is no address for others
            "--shutdown-watch-termination-grace-period=5s")  # else an open watch holds up its end for a minute
        # The namespace that every user expects is made after the server calls itself ready.
        for path in ("/readyz", "/api/v1/namespaces/default"):
            self._wait_for(path, "kube-apiserver")

    def _start_controllers(self):
        self._start("kube-controller-manager", f"--kubeconfig={self.kubeconfig}", "--secure-port=0", "--leader-elect=false",
                    "--node-monitor-period=1s",  # how soon a new node takes pods
                    f"--service-account-private-key-file={self.folder}/accounts.key",
                    "--use-service-account-credentials=true")  # each with the rights that its cluster role has
        self._wait_for("/api/v1/namespaces/default/serviceaccounts/default", "kube-controller-manager")

    def _wait_for(self, path, whom):
        """Until the API server has it, which `whom` sees to."""
        end = time.monotonic() + READY_SECONDS
        while not self._answers(path):
            for name, process in self._running.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended at its start: {self._last_lines(name)}")
            if time.monotonic() > end:
                raise RuntimeError(f"no {path} within {READY_SECONDS:.0f} s: {self._last_lines(whom)}")
            time.sleep(0.05)

    def _answers(self, path):
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=10, context=self._ssl)
        try:
            token = (self.folder / "token").read_text()
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _last_lines(self, name):
        return "\n".join((self.folder / f"{name}.log").read_text(errors="replace").splitlines()[-15:])


def serve(folder):
    with ControlPlane(folder) as plane:
        print("ready", plane.kubeconfig, flush=True)
        for line in sys.stdin:
            if line.strip() != "restart":
                sys.exit(f"control_plane.py: '{line.strip()}' is not a word here; there is 'restart'")
            plane.restart_api_server()
            print("ready", plane.kubeconfig, flush=True)
    return 0


def run(command, controllers):
    folder = tempfile.mkdtemp(prefix="trainyard-control-plane.")
    code = 1
    try:
        with ControlPlane(folder, controllers) as plane:
            code = subprocess.run([*DIES_WITH_US, *command], env=plane.environment(), check=False).returncode
    except Missing as missing:
        print(f"control_plane.py: skipped: {missing}", file=sys.stderr)
        code = SKIPPED
    finally:
        if code in (0, SKIPPED):
            shutil.rmtree(folder)
        else:
            print(f"control_plane.py: its logs are in {folder}", file=sys.stderr)
    return code


def main(arguments):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if len(arguments) == 2 and arguments[0] == "--serve":
        return serve(arguments[1])
    controllers = arguments[:1] == ["--controllers"]
    if controllers:
        arguments = arguments[1:]
    if not arguments or arguments[0].startswith("-"):
        sys.exit(__doc__)
    return run(arguments, controllers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
