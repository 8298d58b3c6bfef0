"""The operator in a cluster whose own controllers run: Jobs, garbage, namespaces. No node is there: the test is the
kubelet."""

import json
import signal
import unittest

from operator_world import OperatorTest, condition, get, kubectl, wait_until

OURS = "app.kubernetes.io/managed-by=trainyard"


class Controllers(OperatorTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.running = cls.start_operator()
        cls.addClassCleanup(lambda: cls.running.stop(signal.SIGKILL))

    def run_name(self):
        return get("trainingrun", "fit", self.ns).get("status", {}).get("runName", "")

    def pod(self, run):
        """Of the Job of that run; None while there is none."""
        found = json.loads(kubectl("get", "pods", "-n", self.ns, "-o", "json", "-l", f"job-name={run}"))["items"]
        return found[0] if found else None

    def wait_for_pod(self, run):
        return wait_until(f"a pod of {run}", lambda: self.pod(run))["metadata"]["name"]

    def tell(self, pod, phase, state):
        container = {"name": "script", "image": "i", "imageID": "", "ready": False, "restartCount": 0, "state": state}
        kubectl("patch", "pod", pod, "-n", self.ns, "--subresource=status", "--type=merge", "-p",
                json.dumps({"status": {"phase": phase, "containerStatuses": [container]}}))

    def end(self, pod, code):
        self.tell(pod, "Failed" if code else "Succeeded", {"terminated": {
            "exitCode": code, "reason": "Error" if code else "Completed", "startedAt": "2026-03-01T10:00:00Z",
            "finishedAt": "2026-03-01T10:05:00Z"}})

    def hold(self, job, suspend):
        """As a queue of Jobs does."""
        kubectl("patch", "job", job, "-n", self.ns, "--type=merge", "-p", json.dumps({"spec": {"suspend": suspend}}))

    def wait_for_phase(self, phase):
        return wait_until(lambda: f"{phase}: {kubectl('get', 'trainingrun', 'fit', '-n', self.ns, '-o', 'yaml')}",
                          lambda: (found := get("trainingrun", "fit", self.ns)).get("status", {}).get("phase") == phase
                          and found)

    def wait_for_another_run(self, than):
        return wait_until("another run", lambda: (name := self.run_name()) != than and name)

    def here(self):
        return {"apiVersion": "trainyard.dev/v1alpha1", "kind": "ComputeTarget", "metadata": {"name": "here"},
                "spec": {"local": {}}}

    def test_a_local_run_is_a_job(self):
        kubectl("label", "namespace", self.ns, "pod-security.kubernetes.io/enforce=restricted")
        self.apply(self.here(), self.source(), self.run_of(computeTarget="here"))
        first = wait_until("a run", self.run_name)
        pod = self.wait_for_pod(first)  # admitted by the restricted profile
        self.tell(pod, "Pending", {"waiting": {"reason": "ErrImagePull", "message": "there is none"}})
        wait_until("the reason", lambda: condition(get("trainingrun", "fit", self.ns), "Ready").get("message", "")
                   .endswith("is being prepared: ImagePullBackOff: there is none"))
        self.end(pod, 0)
        self.wait_ready("trainingrun/fit")
        self.assertEqual(get("job", first, self.ns)["metadata"]["ownerReferences"][0]["uid"],
                         get("trainingrun", "fit", self.ns)["metadata"]["uid"])

        self.apply(self.source("print('trained again')"))
        second = self.wait_for_another_run(first)
        self.end(self.wait_for_pod(second), 3)
        failed = self.wait_for_phase("Failed")
        self.assertEqual(failed["status"]["exitCode"], 3)
        self.assertEqual(get("job", second, self.ns)["metadata"]["annotations"]["trainyard.dev/exit-code"], "3")

        self.apply(self.source("print('trained once more')"))
        third = self.wait_for_another_run(second)
        self.wait_for_pod(third)
        self.hold(third, True)
        wait_until("the reason", lambda: condition(get("trainingrun", "fit", self.ns), "Ready").get("message", "")
                   .endswith(f"its Job {third} is suspended"))
        self.hold(third, False)
        self.wait_for_pod(third)
        kubectl("patch", "trainingrun", "fit", "-n", self.ns, "--type=merge", "-p", '{"spec": {"suspend": true}}')
        self.wait_for_phase("Suspended")
        self.assertIsNone(self.pod(third))
        self.assertEqual(get("job", third, self.ns)["metadata"]["annotations"]["trainyard.dev/cancel-reason"], "Suspended")

        kubectl("delete", "trainingrun/fit", "computetarget/here", "-n", self.ns, "--timeout=60s")
        wait_until("nothing of it", lambda: not kubectl("get", "jobs,configmaps,pods", "-l", OURS, "-n", self.ns, "-o",
                                                        "name"))

    def test_a_namespace_deleted_whole(self):
        self.apply(self.secret(), self.workspace(), self.cluster(), self.source("import time; time.sleep(3000)"),
                   self.run_of())
        self.wait_for_phase("Running")
        kubectl("delete", "namespace", self.ns, "--wait=false")
        wait_until("its Secret to go", lambda: kubectl("get", "secret", "azsim-client", "-n", self.ns, check=False).returncode)
        wait_until("the delete in Azure", lambda: self.writes("computes.delete") == 1)
        # Before a finalizer goes, what an earlier process may have sent must have landed: five minutes from the start.
        wait_until(lambda: f"the namespace to go: {kubectl('get', 'namespace', self.ns, '-o', 'yaml')}", lambda: kubectl(
            "get", "namespace", self.ns, check=False).returncode, seconds=400)
        self.assertEqual(len(self.azsim.requests("jobs.cancel", 202)), 1)
        self.assertEqual(self.writes("computes.put"), 1)
        for kind in ("ComputeTarget", "TrainingRun"):
            self.assertEqual(self.running.metric(f'trainyard_forgotten_total{{kind="{kind}"}}'), 0)
        self.assertNotIn("an event could not be written", self.running.says())


if __name__ == "__main__":
    unittest.main()
