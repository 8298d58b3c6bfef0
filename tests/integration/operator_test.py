"""The operator in a cluster: a real API server, real kubectl, azsim."""

import json
import os
import shutil
import signal
import subprocess
import unittest

from operator_world import (REPOSITORY, SAMPLES, SYSTEM, Operator, OperatorTest, apply, condition, get, kubeconfig_of,
                            kubectl, wait_until)


class Cluster(OperatorTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.running = cls.start_operator()
        cls.addClassCleanup(lambda: cls.running.stop(signal.SIGKILL))

    def test_apply_and_it_trains(self):
        self.apply(self.secret(), self.workspace(), self.cluster(), self.source(), self.run_of())
        self.wait_ready("workspace/demo", "computetarget/" + self.cpu, "trainingrun/fit")
        self.assertEqual(self.writes("jobs.put"), 1)
        self.assertEqual(self.writes("computes.put"), 1)

        run = get("trainingrun", "fit", self.ns)
        self.assertEqual((run["status"]["phase"], run["status"]["observedGeneration"]), ("Completed", 1))
        self.assertEqual(condition(run, "Stalled")["status"], "False")
        table = kubectl("get", "trainyard", "-n", self.ns)
        for name in ("workspace.trainyard.dev/demo", "computetarget.trainyard.dev/" + self.cpu,
                     "trainingrun.trainyard.dev/fit"):
            self.assertIn(name, table)
        described = kubectl("describe", "trainingrun", "fit", "-n", self.ns)
        self.assertRegex(described, r"Normal\s+\w+\s+.*trainyard.dev/operator")
        events = kubectl("get", "events", "-n", self.ns)
        self.assertIn("trainingrun/fit", events)
        self.assertNotIn("Warning", events)

        self.assertEqual(self.running.metric('leader_election_master_status{name="trainyard"}'), 1)
        self.assertEqual(self.running.page("/readyz")[0], 200)

    def test_what_is_deleted_is_gone_in_azure_first(self):
        self.apply(self.secret(), self.workspace(), self.cluster(), self.source(), self.run_of())
        self.wait_ready("trainingrun/fit")
        # Before a finalizer goes, what an earlier process may have sent must have landed: five minutes from the start.
        kubectl("delete", "trainingrun/fit", "computetarget/" + self.cpu, "-n", self.ns, "--timeout=400s", seconds=420)
        self.assertEqual(self.writes("computes.delete"), 1)
        kubectl("delete", "workspace/demo", "-n", self.ns, "--timeout=60s")

    def test_an_edited_source_trains_once_more(self):
        self.apply(self.secret(), self.workspace(), self.cluster(), self.source(), self.run_of())
        self.wait_ready("trainingrun/fit")
        first = get("trainingrun", "fit", self.ns)["status"]["runName"]
        self.apply(self.source("print('trained again')"))
        wait_until("a run of the new source",
                   lambda: get("trainingrun", "fit", self.ns)["status"]["runName"] != first)
        self.wait_ready("trainingrun/fit")
        self.assertEqual(self.writes("jobs.put"), 2)

    def test_a_rotated_credential_takes_effect_at_once(self):
        self.apply(self.secret("wrong"), self.workspace())
        wait_until("the refusal", lambda: condition(get("workspace", "demo", self.ns), "Ready").get("status") == "False")
        self.apply(self.secret())
        self.wait_ready("workspace/demo", seconds=20)


    def test_each_manager_owns_its_own_fields(self):
        gitops = ("--server-side", "--field-manager=gitops")
        self.apply(self.secret(), self.workspace(), self.cluster(), options=gitops)
        self.wait_ready("computetarget/" + self.cpu)
        before = get("computetarget", self.cpu, self.ns)
        self.apply(self.cluster(), options=gitops)  # no conflict, and nothing changes
        after = get("computetarget", self.cpu, self.ns)
        self.assertEqual(after["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"])
        shown = get("computetarget", self.cpu, self.ns)
        managed = kubectl("get", "computetarget", self.cpu, "-n", self.ns, "-o", "json", "--show-managed-fields")
        for entry in json.loads(managed)["metadata"]["managedFields"]:
            fields = entry["fieldsV1"]
            if entry["manager"] == "trainyard":
                self.assertNotIn("f:spec", fields)
                self.assertLessEqual(set(fields.get("f:metadata", {})), {"f:finalizers"})
            else:
                self.assertNotIn("f:status", fields)
        self.assertEqual(shown["spec"], self.cluster()["spec"])
        marked = self.cluster()
        marked["metadata"] |= {"labels": {"team": "red"}, "annotations": {"example.com/cost": "7"}}
        self.apply(marked, options=gitops)
        kubectl("annotate", "computetarget", self.cpu, "-n", self.ns, "trainyard.dev/reconcile-requested-at=now")
        wait_until("a status after it", lambda: get("computetarget", self.cpu, self.ns)["status"].get(
            "lastHandledReconcileAt") == "now")
        self.apply(self.cluster(), options=gitops)  # what it no longer has goes, since it is still its own
        left = get("computetarget", self.cpu, self.ns)["metadata"]
        self.assertNotIn("labels", left)
        self.assertNotIn("example.com/cost", left["annotations"])
        self.apply(self.cluster(maxNodes=3), options=gitops)
        wait_until("the resize", lambda: self.writes("computes.put") == 2)

    def test_nothing_is_written_when_nothing_changes(self):
        self.apply(self.secret(), self.workspace(), self.cluster())
        self.wait_ready("computetarget/" + self.cpu)
        before = get("computetarget", self.cpu, self.ns)["metadata"]["resourceVersion"]
        lists = len(self.azsim.requests("computes.list"))
        wait_until("one more look at Azure", lambda: len(self.azsim.requests("computes.list")) > lists, seconds=120)
        self.assertEqual(get("computetarget", self.cpu, self.ns)["metadata"]["resourceVersion"], before)


class Gitops(OperatorTest):
    def test_the_sample_trains_and_a_commit_trains_once_more(self):
        self.operator()
        folder = self.folder / "gitops"
        shutil.copytree(SAMPLES / "gitops", folder)
        self.apply(self.secret())
        kubectl("apply", "-k", folder, "-n", self.ns)
        self.wait_ready("trainingrun/line-fit")
        kubectl("apply", "-k", folder, "-n", self.ns)
        kubectl("diff", "-k", folder, "-n", self.ns)  # fails if anything differs
        first = get("trainingrun", "line-fit", self.ns)["status"]["runName"]
        script = folder / "src/train.py"
        script.write_text(script.read_text().replace("0.3", "0.2"))
        kubectl("apply", "-k", folder, "-n", self.ns)
        wait_until("another run", lambda: get("trainingrun", "line-fit", self.ns)["status"]["runName"] != first)
        self.wait_ready("trainingrun/line-fit")
        self.assertEqual(self.writes("jobs.put"), 2)

        refused = kubectl("delete", "computetarget", "gitops-cpu", "-n", self.ns, check=False)
        self.assertIn("ComputeTarget gitops-cpu is protected by its annotation trainyard.dev/protect", refused.stderr)
        kubectl("annotate", "computetarget", "gitops-cpu", "-n", self.ns, "trainyard.dev/protect-")
        kubectl("delete", "computetarget", "gitops-cpu", "-n", self.ns, "--wait=false")
        self.assertIn("deletionTimestamp", get("computetarget", "gitops-cpu", self.ns)["metadata"])

    def test_the_health_script_for_argo_cd(self):
        script = (SAMPLES / "gitops/argocd-health.lua").read_text()

        def health(status):
            """As Argo CD calls it: `obj` is the object, the answer a table."""
            program = f"local obj = {lua({'metadata': {'generation': 2}, 'status': status})}\n" \
                      f"local found = (function()\n{script}\nend)()\nprint(found.status .. ': ' .. found.message)"
            return subprocess.run(["lua5.1", "-"], input=program, capture_output=True, text=True, check=True).stdout

        def told(generation=2, **conditions):
            return {"observedGeneration": generation, "conditions": [
                {"type": kind, "status": value, "message": f"{kind} is {value}"} for kind, value in conditions.items()]}
        self.assertEqual(health(None), "Progressing: waiting for the operator\n")
        self.assertEqual(health(told(1, Ready="True")), "Progressing: waiting for the operator\n")
        self.assertEqual(health(told(Ready="True", Stalled="False")), "Healthy: Ready is True\n")
        self.assertEqual(health(told(Ready="False", Stalled="False")), "Progressing: Ready is False\n")
        self.assertEqual(health(told(Ready="False", Stalled="True")), "Degraded: Stalled is True\n")
        self.assertEqual(health(told(Ready="Unknown", Stalled="False")), "Unknown: Ready is Unknown\n")


def lua(value):
    """A literal of the language."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {lua(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ", ".join(map(lua, value)) + "}"
    return "nil" if value is None else json.dumps(value)


class GitSource(OperatorTest):
    def start_server(self):
        """A private repository; its address."""
        folder = self.folder / "git"
        work = folder / "work"
        work.mkdir(parents=True)
        (folder / "password").write_text("git-password")
        (work / "train.py").write_text("print('trained from git')\n")
        for line in ("init -q -b main", "add -A", "-c user.name=nobody -c user.email=nobody@example.test commit -q -m first",
                     "clone -q --bare . ../repos/code.git"):
            subprocess.run(["git", *line.split()], cwd=work, check=True)
        server = subprocess.Popen([REPOSITORY / "tests/git/git_server.py", folder], stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        os.environ["SSL_CERT_FILE"] = str(folder / "ca.pem")  # the operator's
        self.addCleanup(os.environ.pop, "SSL_CERT_FILE")
        return f"https://127.0.0.1:{server.stdout.readline().split()[1]}/private/code.git"

    def test_a_private_repository_is_read_once_its_secret_is_right(self):
        git = {"url": self.start_server(), "secretRef": {"name": "git"}}
        login = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "git"}}
        operator = self.operator("--allow-git-hosts", "127.0.0.1")
        self.apply(self.secret(), self.workspace(), self.cluster(), self.run_of(source={"git": git}),
                   login | {"stringData": {"username": "reader", "password": "wrong"}})
        wait_until("the refusal", lambda: condition(get("trainingrun", "fit", self.ns), "Stalled").get("reason")
                   == "GitUnauthorized")
        self.apply(login | {"stringData": {"username": "reader", "password": "git-password"}})
        self.wait_ready("trainingrun/fit")
        status = get("trainingrun", "fit", self.ns)["status"]
        self.assertRegex(status["sourceCommit"], "^[0-9a-f]{40}$")
        self.assertEqual(self.writes("jobs.put"), 1)
        self.assertNotIn("git-password", operator.says() + kubectl("get", "events,trainingruns", "-n", self.ns, "-o", "yaml"))


class OneNamespace(OperatorTest):
    def test_rights_in_one_namespace_are_enough_for_it(self):
        base = self.folder / "one"
        shutil.copytree(REPOSITORY / "manifests/rbac/one-namespace", base / "one-namespace")
        (base / "kustomization.yaml").write_text(f"namespace: {self.ns}\nresources: [one-namespace]\n")
        kubectl("apply", "-k", base)
        kubeconfig = self.folder / "one.kubeconfig"
        kubeconfig.write_text(kubeconfig_of({"token": kubectl("create", "token", "trainyard", "-n", self.ns).strip()}))
        other = self.ns + "-other"
        kubectl("create", "namespace", other)
        here = {"apiVersion": "trainyard.dev/v1alpha1", "kind": "ComputeTarget", "metadata": {"name": "here"},
                "spec": {"local": {}}}
        apply(here, namespace=other)

        operator = Operator(self.folder, kubeconfig, self.azsim.clouds, "--namespace", self.ns, lease_namespace=self.ns)
        self.addCleanup(operator.stop, signal.SIGKILL)
        self.apply(self.secret(), self.workspace(), self.cluster(), self.source(), self.run_of())
        self.wait_ready("trainingrun/fit")
        self.assertNotIn("Warning", kubectl("get", "events", "-n", self.ns))
        self.assertNotIn("finalizers", get("computetarget", "here", other)["metadata"])
        self.assertNotIn("forbidden", operator.says().lower())


class Replicas(OperatorTest):
    def test_one_acts_and_the_other_takes_over(self):
        first = self.operator()
        first.wait_for("objects are reconciled")
        second = self.operator()
        second.wait_for("another process is the leader")
        wait_until("the standby to be ready", lambda: second.page("/readyz")[0] == 200)
        self.apply(self.secret(), self.workspace(), self.cluster(), self.source("import time; time.sleep(20)"),
                   self.run_of())
        wait_until("a job", lambda: self.writes("jobs.put") == 1)
        first.stop(signal.SIGKILL)
        second.wait_for("objects are reconciled", seconds=60)
        self.wait_ready("trainingrun/fit")
        self.assertEqual(self.writes("jobs.put"), 1)
        self.assertEqual(self.writes("computes.put"), 1)

    def test_a_leader_that_ends_gives_its_lease_back(self):
        first = self.operator()
        first.wait_for("objects are reconciled")
        self.assertEqual(first.stop(), 0)
        self.assertEqual(get("lease", "trainyard", SYSTEM)["spec"].get("holderIdentity", ""), "")
        self.operator().wait_for("objects are reconciled")

    def test_a_leader_that_was_stopped_for_long_ends(self):
        first = self.operator()
        first.wait_for("objects are reconciled")
        second = self.operator()
        first.process.send_signal(signal.SIGSTOP)
        second.wait_for("objects are reconciled", seconds=60)
        first.process.send_signal(signal.SIGCONT)
        self.assertEqual(first.process.wait(timeout=60), 3)


if __name__ == "__main__":
    unittest.main()
