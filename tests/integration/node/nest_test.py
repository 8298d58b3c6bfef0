"""The nest leaves nothing behind, however it ends."""

import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

import control_plane
import nest
import node

PROGRAM = pathlib.Path(nest.__file__)


def mounts():
    return sorted(line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines())


class NestTest(unittest.TestCase):
    def setUp(self):
        self.before = self.everything()
        self.nest = subprocess.Popen([sys.executable, PROGRAM, "sh", "-c", "kubectl get node node -o name; sleep 600"],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.nest.communicate)
        self.addCleanup(self.nest.kill)
        if self.nest.stdout.readline() != "node/node\n":
            said = self.nest.communicate()[1]
            if self.nest.returncode == control_plane.SKIPPED:
                self.skipTest(said.strip())
            self.fail(said)

    def everything(self):
        """What others could see of a nest, beside what has its name: mounts, links, files where a kubelet and containerd
        keep them, and the settings that a kubelet wants."""
        links = os.listdir("/sys/class/net")
        settings = {name: read(pathlib.Path("/proc/sys", name)) for name in node.SYSCTLS}
        files = [path for path in ("/run/containerd", "/run/node", "/var/lib/kubelet", "/var/lib/cni", "/var/log/pods")
                 if os.path.exists(path)]
        return mounts(), sorted(links), files, settings

    def test_it_leaves_nothing_when_it_is_killed(self):
        name = nest.NAME.format(self.nest.pid)
        self.assertTrue(all(group.exists() for group in nest.cgroups(name)))
        self.nest.send_signal(signal.SIGKILL)
        self.nest.wait()
        end = time.monotonic() + nest.SECONDS_TO_END
        while left(name) and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(left(name), [])
        self.assertEqual(self.everything(), self.before)


def left(name):
    """Cgroups and processes that have it."""
    running = [path.parent for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if name in read(path)]
    return [str(path) for path in [*nest.cgroups(name), *running] if path.exists()]


def read(path):
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""  # it has ended


if __name__ == "__main__":
    unittest.main()
