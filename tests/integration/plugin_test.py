"""kubectl trainyard: real kubectl finds the plugin, which has a user's rights and no more."""

import datetime
import json
import os
import pathlib
import signal
import subprocess
import unittest

import kubeconfigs
from logging_node import LoggingNode
from operator_world import BINARIES, OperatorTest, apply, get, kubectl, wait_until

FOLDER = pathlib.Path(os.environ["TRAINYARD_API_SERVER"])
# What `view` and `edit` are made of: the controller that makes them is not here.
VIEW = ("trainyard-view", "system:aggregate-to-view")
EDIT = (*VIEW, "trainyard-edit", "system:aggregate-to-edit")


class Plugin(OperatorTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.running = cls.start_operator()
        cls.addClassCleanup(lambda: cls.running.stop(signal.SIGKILL))

    def setUp(self):
        super().setUp()
        self.gate = self.folder / f"{self.ns}-gate"
        self.addCleanup(self.gate.touch)  # whatever waits for it ends
        self.editor = self.user("editor", EDIT)

    def user(self, name, roles):
        """The kubeconfig of a service account with these roles in the namespace, which is its context's."""
        kubectl("create", "serviceaccount", name, "-n", self.ns)
        for role in roles:
            kubectl("create", "rolebinding", f"{name}-{role.replace(':', '-')}", f"--clusterrole={role}",
                    f"--serviceaccount={self.ns}:{name}", "-n", self.ns)
        token = kubectl("create", "token", name, "-n", self.ns).strip()
        kubeconfig = kubeconfigs.for_token(FOLDER, f"{self.ns}-{name}", token)
        kubectl("config", "set-context", "test", f"--namespace={self.ns}", kubeconfig=kubeconfig)
        return kubeconfig

    def start(self, *arguments, kubeconfig=None):
        environment = os.environ | {"PATH": f"{BINARIES}:{os.environ['PATH']}",
                                    "KUBECONFIG": str(kubeconfig or self.editor)}
        process = subprocess.Popen(["kubectl", "trainyard", *arguments], env=environment, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        return process

    def say(self, *arguments, kubeconfig=None, code=0):
        """What it prints; for a failure what it says of it."""
        out, err = (process := self.start(*arguments, kubeconfig=kubeconfig)).communicate(timeout=120)
        self.assertEqual(process.returncode, code, out + err)
        return out if code == 0 else err

    def status(self):
        return get("trainingrun", "fit", self.ns).get("status", {})

    def train(self, script):
        self.apply(self.secret(), self.workspace(), self.cluster(), self.source(script), self.run_of())
        return wait_until("a job that runs", lambda: (now := self.status()).get("phase") == "Running" and now)

    def waits_for_the_gate(self):
        return f"import os, time\nwhile not os.path.exists('{self.gate}'): time.sleep(0.05)\n"

    def managers(self):
        run = json.loads(kubectl("get", "trainingrun", "fit", "-n", self.ns, "-o", "json", "--show-managed-fields"))
        return {entry["manager"] for entry in run["metadata"]["managedFields"]}

    def log_map(self):
        return get("configmap", "fit-trainyard-log", self.ns)

    def test_a_log_is_followed_to_its_end(self):
        first, rest = [f"step {i}\n" for i in range(5)], [f"step {i}\n" for i in range(5, 2000)]
        before = self.train(f"for i in range(5): print('step', i, flush=True)\n{self.waits_for_the_gate()}"
                            "for i in range(5, 2000): print('step', i)\n"
                            "print('the key is', 'sec' + 'ret')\nprint('no line end', end='')")
        generation = get("trainingrun", "fit", self.ns)["metadata"]["generation"]
        follower = self.start("logs", "-f", "run/fit")
        self.assertEqual([follower.stdout.readline() for _ in first], first)
        self.assertEqual(self.status()["phase"], "Running")
        self.gate.touch()
        out, err = follower.communicate(timeout=120)
        self.assertEqual(out, "".join(rest) + "the key is [hidden]\nno line end")
        self.assertEqual((err, follower.returncode), ("", 0))

        kept = self.log_map()
        self.assertNotIn("secret", kept["data"]["log"])
        run = get("trainingrun", "fit", self.ns)
        self.assertEqual(kept["metadata"]["ownerReferences"][0]["uid"], run["metadata"]["uid"])
        self.assertEqual((run["metadata"]["generation"], run["status"]["revision"]), (generation, before["revision"]))
        self.assertEqual(self.writes("jobs.put"), 1)

        viewer = self.user("viewer", VIEW)  # who may read the ConfigMap may read what is there
        self.assertEqual(self.say("logs", "trainingruns.trainyard.dev/fit", kubeconfig=viewer), "".join(first) + out)
        self.assertEqual(self.log_map()["metadata"]["resourceVersion"], kept["metadata"]["resourceVersion"])

    def test_the_end_of_a_log_so_far(self):
        size = 3000 * 100 + len("here\n")
        self.train(f"print(('x' * 99 + '\\n') * 3000 + 'here', flush=True)\n{self.waits_for_the_gate()}")
        told = self.status()

        def end():
            out, err = self.start("logs", "tr/fit", "-n", self.ns).communicate(timeout=120)
            # Flux undoes what managers named kubectl* wrote.
            return out.endswith("here\n") and "trainyard-cli" in self.managers() and (out, err)
        out, err = wait_until("what was printed", end)
        self.assertLess(256 << 10, len(out) + 100)
        self.assertLessEqual(len(out), 256 << 10)
        self.assertIn(f"trainyard: {size - len(out)} bytes are left out here", err)
        self.assertEqual(self.status()["conditions"], told["conditions"])
        viewer = self.user("viewer", VIEW)
        self.assertIn('cannot patch resource "trainingruns"', self.say("logs", "run/fit", kubeconfig=viewer, code=1))
        self.assertIn('cannot patch resource "trainingruns"', self.say("rerun", "run/fit", kubeconfig=viewer, code=1))

    def test_a_config_map_of_somebody_else_is_left_alone(self):
        mine = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fit-trainyard-log"}, "data": {"a": "b"}}
        self.apply(mine)
        before = self.log_map()
        self.train(f"print('here', flush=True)\n{self.waits_for_the_gate()}")
        self.assertIn("is not the operator's", self.say("logs", "run/fit", code=1))
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        kubectl("annotate", "trainingrun", "fit", "-n", self.ns, "--overwrite", f"trainyard.dev/follow-logs={now}")
        self.running.wait_for(f"ConfigMap {self.ns}/fit-trainyard-log")
        self.assertEqual(self.log_map(), before)

        changed = json.dumps(before | {"data": {"a": "c"}})
        refused = kubectl("replace", "-f", "-", "--as=system:serviceaccount:trainyard-system:trainyard", stdin=changed,
                          check=False)
        self.assertIn("changes no ConfigMap that does not belong to a TrainingRun", refused.stderr)

    def test_rerun_and_cancel(self):
        first = self.train(self.waits_for_the_gate())["runName"]
        self.assertIn("asked to end", self.say("cancel", "run/fit"))
        ended = wait_until("its end", lambda: (now := self.status())["phase"] == "Canceled" and now)
        self.assertEqual([(one["name"], one["reason"]) for one in ended["history"]], [(first, "User")])
        self.assertIn("does not run: it is Canceled", self.say("cancel", "run/fit", code=1))
        self.assertEqual(get("trainingrun", "fit", self.ns)["metadata"]["generation"], 1)

        self.assertIn("trainyard.dev/restarted-at: 2", self.say("rerun", "run/fit"))
        second = wait_until("another run", lambda: (now := self.status())["phase"] == "Running" and now)["runName"]
        self.assertNotEqual(second, first)
        self.gate.touch()
        self.wait_ready("trainingrun/fit")
        self.apply(self.run_of(suspend=True))
        self.assertIn("is held by spec.suspend", self.say("rerun", "run/fit", code=1))
        self.apply(self.run_of(onChange="Ignore"))
        self.assertIn("spec.onChange is Ignore", self.say("rerun", "run/fit", code=1))
        kubectl("delete", "trainingrun", "fit", "-n", self.ns, "--wait=false")
        self.assertIn("is being deleted", self.say("rerun", "run/fit", code=1))

    def test_the_log_of_a_job_is_its_pods(self):
        """Neither a controller of Jobs is here nor a kubelet: the test is both."""
        node = self.enterContext(LoggingNode())
        here = {"apiVersion": "trainyard.dev/v1alpha1", "kind": "ComputeTarget", "metadata": {"name": "here"},
                "spec": {"local": {}}}
        self.apply(here, self.source(), self.run_of(computeTarget="here"))
        kubectl("create", "serviceaccount", "default", "-n", self.ns)
        name = wait_until("a Job", lambda: self.status().get("runName"))
        self.assertIn("its pod is not there", self.say("logs", "run/fit", code=1))
        follower = self.start("logs", "-f", "run/fit")
        job = get("job", name, self.ns)
        pod = job["spec"]["template"] | {"apiVersion": "v1", "kind": "Pod"}
        pod["metadata"] = {"name": name, "labels": pod["metadata"]["labels"]}
        pod["spec"]["nodeName"] = node.name
        apply(pod, namespace=self.ns)
        node.say("one\n")
        self.assertEqual(follower.stdout.readline(), "one\n")
        node.say("two\nthree")
        node.end()
        started = {"startTime": "2026-03-01T10:00:00Z"}
        for more in ({"conditions": ["SuccessCriteriaMet"]},
                     {"conditions": ["SuccessCriteriaMet", "Complete"], "completionTime": "2026-03-01T10:05:00Z",
                      "succeeded": 1}):
            conditions = [{"type": kind, "status": "True", "reason": "Test", "message": "",
                           "lastTransitionTime": "2026-03-01T10:05:00Z"} for kind in more["conditions"]]
            kubectl("patch", "job", name, "-n", self.ns, "--subresource=status", "--type=merge", "-p",
                    json.dumps({"status": {**started, **more, "conditions": conditions}}))
        out, err = follower.communicate(timeout=120)
        self.assertEqual((out, err, follower.returncode), ("two\nthree", "", 0))
        self.assertEqual(self.say("logs", "run/fit"), "one\ntwo\nthree")
        self.assertEqual(kubectl("get", "configmaps", "-n", self.ns, "-o", "name").count("trainyard-log"), 0)

    def bound_token(self, secret):
        """One that is no longer taken once the Secret is gone."""
        kubectl("create", "secret", "generic", secret, "-n", self.ns)
        return kubectl("create", "token", "editor", "-n", self.ns, "--bound-object-kind=Secret",
                       f"--bound-object-name={secret}").strip()

    def test_a_program_gives_the_credential_and_again_when_it_has_expired(self):
        version, given, runs = ("client.authentication.k8s.io/v1", *(self.folder / f"{self.ns}-{name}"
                                                                     for name in ("given", "runs")))

        def give(token):
            given.write_text(json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": {"token": token}}))
        give(self.bound_token("first"))
        config = json.loads(kubectl("config", "view", "--raw", "-o", "json", kubeconfig=self.editor))
        config["users"][0]["user"] = {"exec": {
            "apiVersion": version, "interactiveMode": "Never", "command": "sh",
            "args": ["-c", 'echo once >> "$1"; cat "$2"', "sh", str(runs), str(given)]}}
        by_program = self.folder / f"{self.ns}.kubeconfig"
        by_program.write_text(json.dumps(config))
        self.train(f"print('here', flush=True)\n{self.waits_for_the_gate()}print('there')")
        kubectl("get", "trainingruns", kubeconfig=by_program)
        before = len(runs.read_text().splitlines())  # more than none: kubectl ran it too
        follower = self.start("logs", "-f", "run/fit", kubeconfig=by_program)
        self.assertEqual(follower.stdout.readline(), "here\n")
        give(self.bound_token("second"))
        kubectl("delete", "secret", "first", "-n", self.ns)
        wait_until("it is asked again", lambda: len(runs.read_text().splitlines()) == before + 2)
        self.gate.touch()
        out, err = follower.communicate(timeout=120)
        self.assertEqual((out, err, follower.returncode), ("there\n", "", 0))

    def test_what_kubectl_does_itself_is_left_to_it(self):
        self.assertIn("use kubectl get", self.say("get", "trainingrun/fit", code=2))
        self.assertIn("no training run", self.say("logs", "computetarget/cpu", code=2))
        self.assertIn('"none" not found', self.say("logs", "run/none", code=1))
        self.assertIn("kubectl trainyard logs [flags]", self.say("logs", "--help"))


if __name__ == "__main__":
    unittest.main()
