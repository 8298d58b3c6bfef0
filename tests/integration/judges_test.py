"""What kstatus, client-go and promtool say of the operator in a cluster: the promises of docs/kubernetes.md."""

import copy
import json
import pathlib
import re
import signal
import tempfile
import unittest

from judges import Informer, cancel_job, kstatus, promtool
from operator_world import REPOSITORY, OperatorTest, condition, get, kubectl, wait_until

NO_QUOTA = "no-quota"  # the name of a compute for which azsim has none
FAULTS = {"requests": [{"operation": "computes.put", "path": "/computes/" + NO_QUOTA, "times": -1, "status": 400,
                        "code": "ClusterMinNodesExceedCoreQuota", "message": "The region's cores are used up."}]}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def promises(kind):
    """The rows of the table for a kind: by the status of Ready and its reasons, what kstatus is to say."""
    rows = {}
    for line in (REPOSITORY / "docs/kubernetes.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == kind:
            rows[cells[1], tuple(re.findall(r"`(\w+)`", cells[2]))] = cells[3]
    return rows


def told(found):
    """The status and the reason of Ready, if it speaks of the current generation."""
    ready = condition(found, "Ready")
    current = ready and ready["observedGeneration"] == found["metadata"]["generation"]
    return (ready["status"], ready["reason"]) if current else ("", "")


def observed(found):
    return found.get("status", {}).get("observedGeneration", 0)


def timeless(found):
    """All that a writer may have changed but the times."""
    left = copy.deepcopy(found)
    for name in ("resourceVersion", "managedFields"):
        left["metadata"].pop(name, None)
    return TIME.sub("TIME", json.dumps(left, sort_keys=True))


class Judged(OperatorTest):
    @classmethod
    def setUpClass(cls):
        faults = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="trainyard-faults."))) / "faults"
        faults.write_text(json.dumps(FAULTS))
        cls.azsim_arguments = ("--faults", faults)
        super().setUpClass()
        cls.running = cls.start_operator()
        cls.addClassCleanup(lambda: cls.running.stop(signal.SIGKILL))

    def wait_told(self, kind, name, status, reason):
        wait_until(lambda: f"{kind}/{name} {reason}: {get(kind, name, self.ns).get('status')}",
                   lambda: told(get(kind, name, self.ns)) == (status, reason), seconds=120)

    def delete(self, kind, name, informer):
        """Asks for it; it stays for what may still land in Azure, or an informer sees it go."""
        kubectl("delete", kind, name, "-n", self.ns, "--wait=false")
        wait_until("the deletion", lambda: "deletionTimestamp" in informer.objects(name)[-1]["metadata"])

    def target(self, name, azure_name="", workspace="demo", **create):
        found = self.cluster(**create)
        found["metadata"]["name"] = name
        found["spec"] |= {"workspace": workspace} | ({"name": azure_name} if azure_name else {})
        return found

    # ---- the judgements

    def judge(self, kind, informer):
        """Each version of each object is as promised, and each promise was seen to be kept."""
        rows, objects = promises(kind), informer.objects()
        left = set(rows) | {"not looked at", "deleted"}
        for found, says in zip(objects, kstatus(objects), strict=True):
            status, reason = told(found)
            with self.subTest(name=found["metadata"]["name"], ready=status, reason=reason):
                row = next((row for row in rows if row[0] == status and reason in row[1]), None)
                if "deletionTimestamp" in found["metadata"]:
                    left.discard("deleted")
                    self.assertEqual(says, "Terminating")
                elif not status:
                    left.discard("not looked at")
                    self.assertEqual(says, "InProgress")
                elif row:
                    left.discard(row)
                    self.assertEqual(says, rows[row])
                else:  # a reason that chance brings, such as an answer that was lost
                    self.assertIn(says, ("InProgress", "Failed"))
        self.assertEqual(left, set(), "what the table promises and nothing showed")

    def follow(self, kind, informer):
        """Statuses go forward, each tells something new, and the last is what everybody sees."""
        names = {found["metadata"]["name"] for found in informer.objects()}
        self.assertTrue(names)
        for name in names:
            seen = informer.objects(name)
            for before, after in zip(seen, seen[1:]):
                with self.subTest(name=name, version=after["metadata"]["resourceVersion"]):
                    self.assertNotEqual(timeless(before), timeless(after))
                    self.assertLessEqual(observed(before), observed(after))
                    self.assertLessEqual(observed(after), after["metadata"]["generation"])

            def both():
                return [(found["metadata"]["resourceVersion"], found["status"])
                        for found in (informer.objects(name)[-1], get(kind, name, self.ns))]
            wait_until(lambda: f"the same of {name} from informer and kubectl: {both()}",
                       lambda: len({json.dumps(one) for one in both()}) == 1)

    # ---- what is judged

    def test_workspaces(self):
        with Informer("Workspace", self.ns) as informer:
            self.apply(self.secret("wrong"), self.workspace())
            self.wait_told("workspace", "demo", "False", "AADSTS7000215")
            self.apply(self.secret())
            self.wait_ready("workspace/demo")
            self.follow("workspace", informer)
            self.delete("workspace", "demo", informer)
            self.judge("Workspace", informer)

    def test_targets(self):
        with Informer("ComputeTarget", self.ns) as informer:
            self.apply(self.secret(), self.workspace(), self.cluster(), self.target("nowhere", workspace="none"),
                       self.target("refused", NO_QUOTA), self.target("broken", vmSize="Standard_None"))
            self.wait_ready("computetarget/" + self.cpu)
            self.wait_told("computetarget", "nowhere", "False", "WorkspaceNotFound")
            self.wait_told("computetarget", "refused", "False", "ClusterMinNodesExceedCoreQuota")
            self.wait_told("computetarget", "broken", "False", "InvalidPropertyValue")
            self.apply(self.cluster(minNodes=1))
            self.wait_told("computetarget", self.cpu, "True", "Available")
            self.follow("computetarget", informer)
            self.delete("computetarget", self.cpu, informer)
            self.judge("ComputeTarget", informer)

    def test_runs(self):
        gate = self.folder / self.ns
        waits = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.1)\n"

        def long(name, **spec):
            return self.run_of(name, source={"configMap": {"name": "waits"}}, **spec)
        with Informer("TrainingRun", self.ns) as informer:
            self.apply(self.secret(), self.workspace(), self.cluster(maxNodes=8), self.source(waits, "waits"),
                       self.source("raise SystemExit(3)", "fails"),
                       self.run_of("broken", source={"configMap": {"name": "fails"}}),
                       long("fit"), long("served", readyWhen="Running"), long("sent", readyWhen="Submitted"),
                       long("canceled"), long("stopped"), long("off", suspend=True),
                       self.run_of("sourceless", source={"configMap": {"name": "none"}}),
                       self.run_of("nowhere", computeTarget="none"))
            for name in ("fit", "canceled", "stopped"):
                self.wait_told("trainingrun", name, "False", "Running")
            self.wait_told("trainingrun", "served", "True", "Running")
            cancel_job(self.azsim.clouds, get("trainingrun", "canceled", self.ns)["status"]["runName"])
            self.apply(long("stopped", suspend=True))
            for name, reason in (("broken", "Failed"), ("canceled", "Canceled"), ("stopped", "Suspended"),
                                 ("off", "Suspended"), ("sourceless", "SourceMissing"), ("nowhere", "TargetNotFound")):
                self.wait_told("trainingrun", name, "False", reason)
            gate.touch()
            for name in ("fit", "served", "sent"):
                self.wait_told("trainingrun", name, "True", "Completed")
            self.follow("trainingrun", informer)
            self.delete("trainingrun", "fit", informer)
            self.judge("TrainingRun", informer)

    def test_metrics(self):
        self.apply(self.secret(), self.workspace(), self.cluster(), self.source(), self.run_of())
        self.wait_ready("trainingrun/fit")
        few = self.running.page("/metrics")[1]
        linted = promtool("check", "metrics", stdin=few)
        self.assertEqual((linted.returncode, linted.stdout + linted.stderr), (0, ""))

        more = [self.target(f"{self.cpu}-{number}") for number in range(19)]
        self.apply(*more)
        self.wait_ready(*["computetarget/" + one["metadata"]["name"] for one in more])
        many = self.running.page("/metrics")[1]

        def series(page):
            return {line.rsplit(" ", 1)[0] for line in page.splitlines() if not line.startswith("#")}
        self.assertGreater(len(series(few)), 100)
        self.assertEqual(series(many), series(few))


if __name__ == "__main__":
    unittest.main()
