"""Local runs on a real node: containers of a kubelet, as the operator's own account may make them."""

import os
import signal
import subprocess
import unittest

from operator_world import OperatorTest, condition, get, kubectl, wait_until

IMAGE = os.environ["TRAINYARD_NODE_IMAGE"]
SCRIPTS = {
    "good.py": "import os, sys\n"
               "print('user', os.getuid(), 'in', os.getcwd(), 'with', sorted(os.listdir()), flush=True)\n"
               "open('outputs/model', 'w').write('fitted')\n"
               "print('arguments', sys.argv[1:])\n",
    "bad.py": "import sys\nprint('it begins')\nprint('no data')\nsys.exit(3)\n",
    "greedy.py": "all = [bytearray(b'x') * (1 << 22) for _ in range(256)]\n",
    "long.py": "import signal, sys, time\n"
               "def end(*_):\n    print('told to end', flush=True)\n    sys.exit(5)\n"
               "signal.signal(signal.SIGTERM, end)\nprint('it runs', flush=True)\ntime.sleep(600)\n",
    "deaf.py": "import time\nprint('it runs', flush=True)\ntime.sleep(600)\n",
}


class Node(OperatorTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.running = cls.start_operator("--job-image", IMAGE, "--job-user", "1234")
        cls.addClassCleanup(lambda: cls.running.stop(signal.SIGKILL))

    def setUp(self):
        super().setUp()
        kubectl("label", "namespace", self.ns, "pod-security.kubernetes.io/enforce=restricted")
        self.apply({"apiVersion": "trainyard.dev/v1alpha1", "kind": "ComputeTarget", "metadata": {"name": "here"},
                    "spec": {"local": {}}},
                   {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "source"}, "data": SCRIPTS},
                   {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"},
                    "spec": {"limits": [{"type": "Container", "default": {"memory": "64Mi"}}]}})

    def start(self, *names, **spec):
        """One run of each script, named as it is."""
        self.apply(*[self.run_of(name, **{"computeTarget": "here", "script": {"file": f"{name}.py"}, **spec})
                     for name in names])

    def status(self, name):
        return get("trainingrun", name, self.ns).get("status", {})

    def wait_for_phase(self, name, phase):
        return wait_until(lambda: f"{name} {phase}: {kubectl('get', 'trainingruns,pods', '-o', 'yaml', '-n', self.ns)}",
                          lambda: (found := self.status(name)).get("phase") == phase and found)

    def log(self, name):
        return kubectl("logs", "-n", self.ns, f"job/{self.status(name)['runName']}")

    def test_what_runs_ends_and_is_told(self):
        self.start("bad", "greedy")
        self.start("good", script={"file": "good.py", "arguments": ["--home", "$(HOME) 'x'"]})
        self.apply(self.run_of("absent", computeTarget="here", script={"file": "good.py"},
                               environment={"docker": {"image": "localhost/absent:1"}}))
        self.wait_ready("trainingrun/good")
        self.assertEqual(self.log("good"), f"user 1234 in /trainyard/work with {sorted([*SCRIPTS, 'logs', 'outputs'])}\n"
                                           """arguments ['--home', "$(HOME) 'x'"]\n""")
        bad = self.wait_for_phase("bad", "Failed")
        self.assertEqual((bad["exitCode"], bad["logTail"]), (3, ["it begins", "no data"]))
        greedy = self.wait_for_phase("greedy", "Failed")
        self.assertEqual(greedy["failureMessage"], "the script was ended by signal 9 (OOMKilled)")
        wait_until(lambda: f"the reason: {self.status('absent')}", lambda: "is being prepared: ImagePullBackOff: " in
                   condition(get("trainingrun", "absent", self.ns), "Ready").get("message", ""))

    def test_what_is_stopped_is_told_to_end(self):
        self.start("long", "deaf")
        self.apply(self.run_of("last", computeTarget="here", script={"file": "deaf.py"}))
        for name in ("long", "deaf", "last"):
            self.wait_for_phase(name, "Running")
        job = f"job/{self.status('long')['runName']}"
        with subprocess.Popen(["kubectl", "logs", "-f", "-n", self.ns, job], stdout=subprocess.PIPE, text=True) as log:
            self.assertEqual(log.stdout.readline(), "it runs\n")
            kubectl("patch", "trainingrun", "long", "-n", self.ns, "--type=merge", "-p", '{"spec": {"suspend": true}}')
            self.assertEqual(log.stdout.read(), "told to end\n")
        self.wait_for_phase("long", "Suspended")
        kubectl("delete", "trainingrun", "deaf", "-n", self.ns, "--timeout=60s")
        wait_until("the last one's pod alone", lambda: len(kubectl("get", "pods", "-n", self.ns, "-o", "name").split()) == 1)
        kubectl("delete", "namespace", self.ns, "--timeout=120s")
        self.assertNotIn("could not be written", self.running.says())


if __name__ == "__main__":
    unittest.main()
