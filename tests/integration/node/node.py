"""What nest.py starts in new namespaces: node.py RUNTIME CGROUP COMMAND [ARGUMENT]...

Lays out mounts and network, starts containerd, the control plane and a kubelet, runs COMMAND, and ends with its exit
code, and all else with it: it is the first process of its namespace. It keeps its files in memory.
"""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import image
from control_plane import DIES_WITH_US, ControlPlane

ADDRESS = "10.89.0.1"  # of the node; no route leads out of here
FILES = pathlib.Path("/run/node")
SOCKET = "/run/containerd/containerd.sock"
PYTHON, PAUSE = "localhost/python:1", "localhost/pause:1"
SECONDS = 120.0
# A kubelet wants these of the machine and would set them: it reads files instead, and the machine keeps its own.
SYSCTLS = {"vm/overcommit_memory": 1, "vm/panic_on_oom": 0, "kernel/panic": 10, "kernel/panic_on_oops": 1,
           "kernel/keys/root_maxkeys": 1000000, "kernel/keys/root_maxbytes": 25000000}


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


def wait_until(what, holds):
    end = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {SECONDS:.0f} s: {what}")
        time.sleep(0.1)


def lay_out():
    run("mount", "--make-rshared", "/")  # among us: what is above took us out of its groups
    run("mount", "-n", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")  # -n: no note of it in the old /run
    for folder in ("upper", "work", "sysctl", "cni", "tmp"):
        (FILES / folder).mkdir(parents=True)
    run("mount", "-n", "-t", "overlay", "-o", f"lowerdir=/var,upperdir={FILES}/upper,workdir={FILES}/work", "overlay",
        "/var")
    for name, value in SYSCTLS.items():
        file = FILES / "sysctl" / name.replace("/", ".")
        file.write_text(f"{value}\n")
        run("mount", "-n", "--bind", file, f"/proc/sys/{name}")
    run("ip", "link", "set", "lo", "up")
    run("ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")


def containerd_config(runtime):
    (FILES / "cni/node.conflist").write_text(json.dumps({"cniVersion": "0.4.0", "name": "node", "plugins": [
        {"type": "ptp", "ipam": {"type": "host-local", "subnet": "10.88.0.0/24"}}]}))
    config = FILES / "containerd.toml"
    config.write_text(f"""version = 2
root = "{FILES}/containerd"
oom_score = 0
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
address = "{SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{runtime}/cni"
conf_dir = "{FILES}/cni"
""")
    return config


def kubelet_config(folder, cgroup):
    config = FILES / "kubelet.json"
    config.write_text(json.dumps({
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": False},
                           "x509": {"clientCAFile": f"{folder}/ca.pem"}},
        "authorization": {"mode": "AlwaysAllow"},
        "containerRuntimeEndpoint": f"unix://{SOCKET}", "cgroupDriver": "cgroupfs", "cgroupRoot": f"/{cgroup}",
        "failCgroupV1": False, "failSwapOn": False, "oomScoreAdj": 0, "resolvConf": "",
        "imageGCHighThresholdPercent": 100,  # no image can be had again
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"}}))
    return config


class Node(ControlPlane):
    """The control plane with a scheduler and one node, under the administrator's rights."""

    def __init__(self, runtime, cgroup):
        super().__init__(FILES / "plane", controllers=True)
        self._runtime, self._cgroup = runtime, cgroup

    def __enter__(self):
        super().__enter__()
        self._start("kube-scheduler", f"--kubeconfig={self.kubeconfig}", "--leader-elect=false", "--secure-port=0")
        self._start("kubelet", f"--config={kubelet_config(self.folder, self._cgroup)}", f"--kubeconfig={self.kubeconfig}",
                    "--hostname-override=node", f"--node-ip={ADDRESS}")
        wait_until("a node that takes pods", self._takes_pods)
        return self

    def _takes_pods(self):
        found = subprocess.run([self.tools / "kubectl", f"--kubeconfig={self.kubeconfig}", "get", "node", "node", "-o",
                                "json"], capture_output=True, text=True, check=False)
        if found.returncode != 0:
            return False
        node = json.loads(found.stdout)
        return "taints" not in node["spec"] and any(
            one["type"] == "Ready" and one["status"] == "True" for one in node["status"].get("conditions", []))


def tell_logs():
    for log in sorted([*FILES.glob("*.log"), *FILES.glob("plane/*.log")]):
        print(f"---- the end of {log.name}", *log.read_text(errors="replace").splitlines()[-15:], sep="\n", file=sys.stderr)


def main(runtime, cgroup, *command):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    code = 1
    try:
        lay_out()
        os.environ["PATH"] = f"{runtime}:{os.environ['PATH']}"
        with open(FILES / "containerd.log", "wb") as log:
            subprocess.Popen([*DIES_WITH_US, "containerd", "--config", containerd_config(runtime)],
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        image.write(FILES / "image.tar", {PYTHON: ["python3"], PAUSE: ["sleep", "infinity"]})
        ctr = ("ctr", "--address", SOCKET, "--namespace", "k8s.io")
        wait_until("containerd", lambda: subprocess.run([*ctr, "version"], capture_output=True, check=False).returncode == 0)
        run(*ctr, "images", "import", FILES / "image.tar")
        (FILES / "image.tar").unlink()
        node = Node(runtime, cgroup).__enter__()  # never left: it ends with us
        own = {"TRAINYARD_NODE_IMAGE": PYTHON, "TMPDIR": str(FILES / "tmp")}
        code = subprocess.run([*DIES_WITH_US, *command], env=node.environment() | own, check=False).returncode
    finally:
        if code != 0:
            with contextlib.suppress(OSError):
                tell_logs()
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
