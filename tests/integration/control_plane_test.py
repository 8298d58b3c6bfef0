"""The control plane itself: it is a child of whoever needs one."""

import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import control_plane
import kubeconfigs

PROGRAM = pathlib.Path(control_plane.__file__)
KUBECTL = control_plane.tools() / "kubectl"


def runs_with(text):
    """The processes whose command line has it."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            pass  # it has ended
    return found


class ControlPlaneTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="trainyard-control-plane."))
        self.addCleanup(shutil.rmtree, self.folder)
        self.plane = subprocess.Popen([sys.executable, PROGRAM, "--serve", self.folder], text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.end)
        self.expect_ready()

    def end(self):
        self.plane.kill()
        self.plane.wait()
        self.plane.stdin.close()
        self.plane.stdout.close()

    def expect_ready(self):
        self.assertEqual(self.plane.stdout.readline(), f"ready {self.folder / 'admin.kubeconfig'}\n")

    def kubectl(self, *arguments, user="admin"):
        done = subprocess.run([KUBECTL, f"--kubeconfig={self.folder / user}.kubeconfig", *arguments], text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def who(self, user):
        found = json.loads(self.kubectl("auth", "whoami", "-o", "json", user=user))["status"]["userInfo"]
        return found["username"], set(found["groups"])

    def assert_ended(self, process):
        try:
            handle = os.pidfd_open(process)
        except ProcessLookupError:
            return
        try:
            self.assertTrue(select.select([handle], [], [], 60)[0], f"process {process} goes on")
        finally:
            os.close(handle)

    def test_users(self):
        kubeconfigs.for_user(self.folder, "jane", ["drivers", "admins"])
        self.assertEqual(self.who("jane"), ("jane", {"drivers", "admins", "system:authenticated"}))
        self.kubectl("create", "serviceaccount", "robot")
        kubeconfigs.for_token(self.folder, "robot", self.kubectl("create", "token", "robot").strip())
        self.assertEqual(self.who("robot")[0], "system:serviceaccount:default:robot")
        kubeconfigs.for_token(self.folder, "token", (self.folder / "token").read_text())
        self.assertIn("system:masters", self.who("token")[1])

    def test_a_restart_keeps_everything_and_ends_watches(self):
        self.kubectl("create", "namespace", "kept")
        watch = subprocess.Popen([KUBECTL, f"--kubeconfig={self.folder}/admin.kubeconfig", "get", "namespaces", "-w"],
                                 stdout=subprocess.PIPE)
        with watch:
            watch.stdout.readline()  # it has begun
            self.plane.stdin.write("restart\n")
            self.plane.stdin.flush()
            self.assertEqual(watch.wait(timeout=60), 0)
        self.expect_ready()
        self.kubectl("get", "namespace", "kept")

    def test_it_ends_with_its_input_and_leaves_the_logs(self):
        started = runs_with(str(self.folder))
        self.assertEqual(len(started), 3)  # itself, etcd, kube-apiserver
        self.plane.stdin.close()
        self.assertEqual(self.plane.wait(timeout=120), 0)
        self.assertEqual(runs_with(str(self.folder)), [])
        self.assertTrue((self.folder / "kube-apiserver.log").exists())
        self.assertFalse((self.folder / "etcd").exists())

    def test_it_ends_when_told(self):
        self.plane.terminate()
        self.assertEqual(self.plane.wait(timeout=120), 128 + signal.SIGTERM)
        self.assertEqual(runs_with(str(self.folder)), [])

    def test_what_it_started_dies_with_it(self):
        started = runs_with(str(self.folder))
        self.plane.kill()
        self.plane.wait()
        for process in started:
            self.assert_ended(process)


class CommandTest(unittest.TestCase):
    def test_the_exit_code_is_the_commands_and_a_failure_keeps_the_logs(self):
        script = 'kubectl get namespaces >/dev/null && test -s "$TRAINYARD_API_SERVER/server" && exit 7'
        done = subprocess.run([sys.executable, PROGRAM, "sh", "-c", script], text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 7, done.stderr)
        folder = pathlib.Path(done.stderr.strip().rsplit(" ", 1)[1])
        self.addCleanup(shutil.rmtree, folder)
        self.assertTrue((folder / "kube-apiserver.log").exists())


if __name__ == "__main__":
    unittest.main()
