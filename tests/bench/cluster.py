#!/usr/bin/env python3
"""Figures of the operator in a cluster: a real API server, azsim and the operator, all as processes of this machine.
`cluster.py NAME...`, or all of them; run.sh cluster builds what it needs.

apply      an object's creation to Azure's first request about it, 200 of them one by one
memory     RSS and PSS with 1, 500 and 10,000 objects (500 clusters, the rest local targets), and the processor at rest
relist     how long a fresh process takes to know 10,000 objects
"""
import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

from place import BINARIES, REPOSITORY, seconds_of, wait_until

sys.path.insert(0, str(REPOSITORY / "tests/integration"))
os.environ["TRAINYARD_BIN"] = str(BINARIES)
from api_server import ApiServer  # noqa: E402
from control_plane import ControlPlane  # noqa: E402
from operator_world import Operator, Simulator, kubectl  # noqa: E402

NAMESPACE = "bench"
GROUP = "/apis/trainyard.dev/v1alpha1"


class Cluster:
    """An API server with our CRDs, azsim, and an administrator's hands."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="trainyard-bench-")
        self.folder = pathlib.Path(self._folder.name)
        self.plane = ControlPlane(self.folder / "plane").__enter__()
        os.environ.update(self.plane.environment())
        kubectl("apply", "-k", REPOSITORY)
        kubectl("create", "namespace", NAMESPACE)
        self.azsim = Simulator(self.folder)
        kubectl("create", "secret", "generic", "azsim-client", "--from-literal=clientSecret=secret", "-n", NAMESPACE)
        kubectl("apply", "-n", NAMESPACE, "-f", REPOSITORY / "manifests/samples/gitops/workspace.yaml")
        self.operator = None
        return self

    def __exit__(self, *_):
        self.stop_operator()
        self.azsim.stop()
        self.plane.__exit__()
        self._folder.cleanup()

    def start_operator(self):
        self.operator = Operator(self.folder, self.plane.kubeconfig, self.azsim.clouds)
        self.operator.wait_for("objects are reconciled")

    def stop_operator(self):
        if self.operator:
            self.operator.stop()
        self.operator = None

    def create(self, names, spec):
        with ApiServer(self.plane.folder) as api:
            for name in names:
                body = {"apiVersion": GROUP.removeprefix("/apis/"), "kind": "ComputeTarget", "metadata": {"name": name},
                        "spec": spec}
                status, _ = api.ask("POST", f"{GROUP}/namespaces/{NAMESPACE}/computetargets", body)
                assert status == 201, status

    def wait_ready(self, count):
        line = 'trainyard_compute_targets{state="Ready",type="%s"}'
        wait_until(f"{count} ready", lambda: sum(
            self.operator.metric(line % block) or 0 for block in ("local", "amlCompute")) >= count, 1200, 0.5)

    def process(self):
        """RSS and PSS in MiB, and processor seconds."""
        sizes = dict(line.split(":", 1) for line in open(f"/proc/{self.operator.process.pid}/smaps_rollup") if ":" in line)
        words = open(f"/proc/{self.operator.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(sizes["Rss"].split()[0]) / 1024, int(sizes["Pss"].split()[0]) / 1024,
                (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"))


CLUSTER_SPEC = {"workspace": "demo", "amlCompute": {"create": {"vmSize": "Standard_DS3_v2", "minNodes": 0, "maxNodes": 4}}}


def apply(place):
    waits = []
    for i in range(200):
        name, since = f"one-{i}", len(place.azsim.log.read_text().splitlines())
        began = time.time()
        place.create([name], CLUSTER_SPEC)

        def first():
            lines = place.azsim.log.read_text().splitlines()[since:]
            return next((one for one in map(json.loads, lines) if one["path"].endswith("/computes/" + name)), None)
        waits.append(1000 * (seconds_of(wait_until(name, first, 60, 0.005)) - began))
    waits.sort()
    print(f"  apply to Azure's first request, ms: p50 {waits[100]:.0f}, p99 {waits[197]:.0f}, most {waits[-1]:.0f}")


def show(place, name):
    time.sleep(10)  # at rest: what a burst left is given back
    rss, pss, _ = place.process()
    print(f"  {name:<34} RSS {rss:.1f} MiB, PSS {pss:.1f} MiB", flush=True)


def memory(place):
    show(place, "few objects")
    place.create([f"cluster-{i}" for i in range(500)], CLUSTER_SPEC)
    place.wait_ready(500)
    show(place, "500 clusters more")
    place.create([f"local-{i}" for i in range(9500)], {"local": {}})
    place.wait_ready(10000)
    show(place, "9,500 local targets more")
    before = place.process()[2]
    time.sleep(60)
    print(f"  processor at rest: {1000 * (place.process()[2] - before):.0f} ms a minute")


def relist(place):
    place.stop_operator()
    began = time.monotonic()
    place.start_operator()
    print(f"  start to all objects known, with the lease taken: {time.monotonic() - began:.1f} s")
    show(place, "started anew")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which of them, in this order; all if none is named")
    names = parser.parse_args().names or ["apply", "memory", "relist"]
    print(f"\n== in a cluster  (load before: {os.getloadavg()[0]:.1f})", flush=True)
    with Cluster() as place:
        place.start_operator()
        for name in names:
            {"apply": apply, "memory": memory, "relist": relist}[name](place)


if __name__ == "__main__":
    main()
