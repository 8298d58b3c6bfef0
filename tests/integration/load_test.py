"""The operator with five thousand objects."""

import concurrent.futures
import os
import unittest

from api_server import ApiServer
from operator_world import OperatorTest, get, kubectl, wait_until

COUNT = 5000
NAMESPACES = 10
GROUP = "/apis/trainyard.dev/v1alpha1"
READY = 'trainyard_compute_targets{state="Ready",type="local"}'


def direct():
    return ApiServer(os.environ["TRAINYARD_API_SERVER"])


class Load(OperatorTest):
    def each_namespace(self, act):
        """`act(api, namespace)`, two at a time; more only makes the API server slow."""
        def one(i):
            with direct() as api:
                act(api, f"{self.ns}-{i}")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(one, range(NAMESPACES)))

    def fill(self, api, namespace):
        self.assertEqual(api.ask("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})[0], 201)
        for i in range(COUNT // NAMESPACES):
            target = {"apiVersion": "trainyard.dev/v1alpha1", "kind": "ComputeTarget",
                      "metadata": {"name": f"here-{i}"}, "spec": {"local": {}}}
            self.assertEqual(api.ask("POST", f"{GROUP}/namespaces/{namespace}/computetargets", target)[0], 201)

    def versions(self):
        with direct() as api:
            listed = api.ask("GET", f"{GROUP}/computetargets?resourceVersion=0")[1]["items"]
        return {(one["metadata"]["namespace"], one["metadata"]["name"]): one["metadata"]["resourceVersion"]
                for one in listed}

    def passes(self, operator):
        return operator.metric('controller_runtime_reconcile_total{controller="ComputeTarget",result="success"}') or 0

    def test_they_become_ready_and_stay_as_they_are_over_a_restart(self):
        self.each_namespace(self.fill)
        first = self.operator()
        first.wait_for("objects are reconciled")
        wait_until("all are ready", lambda: first.metric(READY) == COUNT, seconds=300)
        self.assertEqual(first.stop(), 0)
        before = self.versions()
        self.assertEqual(len(before), COUNT)

        second = self.operator()
        second.wait_for("objects are reconciled")
        wait_until("each was visited", lambda: self.passes(second) >= COUNT, seconds=300)
        self.assertEqual(self.versions(), before)
        self.assertEqual(second.metric(READY), COUNT)

        kubectl("patch", "computetarget", "here-7", "-n", f"{self.ns}-3", "--type=merge", "-p",
                '{"metadata": {"annotations": {"trainyard.dev/reconcile-requested-at": "now"}}}')
        wait_until("it is answered", lambda: get("computetarget", "here-7", f"{self.ns}-3")["status"].get(
            "lastHandledReconcileAt") == "now")

        self.each_namespace(lambda api, ns: api.ask("DELETE", f"{GROUP}/namespaces/{ns}/computetargets"))
        wait_until("all are gone", lambda: not self.versions(), seconds=400)


if __name__ == "__main__":
    unittest.main()
