#!/usr/bin/python3
"""A real cluster of one node, in a nest of namespaces of this machine.

    nest.py COMMAND [ARGUMENT]...   runs COMMAND in it, with the environment that control_plane.py gives; the exit code
                                    is its, or 77, which stands for a test that was skipped, where this machine cannot

Processes, mounts, network and files are the nest's own (node.py) and go with it. What others could see are cgroups:
they are removed when it ends, however it ends.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True
import control_plane  # noqa: E402

CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "pids")
HIERARCHIES = pathlib.Path("/sys/fs/cgroup")
PROGRAMS = ("apt-get", "dpkg-deb", "ip", "ldd", "mount", "openssl", "setpriv", "unshare")
UNSHARE = ("unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc")
NAME = "trainyard-node-{}"
SECONDS_TO_END = 60.0


def what_is_missing():
    """Why no node can run here, in words; "" if one can."""
    if os.geteuid() != 0:
        return "it needs root, to make namespaces and cgroups"
    if absent := [program for program in PROGRAMS if shutil.which(program) is None]:
        return f"there is no {', no '.join(absent)}"
    if absent := [one for one in CONTROLLERS if not os.access(HIERARCHIES / one / "cgroup.procs", os.W_OK)]:
        return f"no cgroups of version 1 that can be written to: {', '.join(absent)}"
    if "\toverlay\n" not in pathlib.Path("/proc/filesystems").read_text():
        return "the kernel has no overlayfs"
    tried = subprocess.run([*UNSHARE, "mount", "-n", "-t", "tmpfs", "tmpfs", "/run"], capture_output=True, text=True,
                           check=False)
    if tried.returncode != 0:
        return f"namespaces cannot be made: {tried.stderr.strip()}"
    tools = control_plane.tools()
    if absent := [one for one in ("kubelet", "kube-scheduler", "kube-controller-manager") if not (tools / one).exists()]:
        return f"there is no {', no '.join(absent)} in {tools}"
    return ""


def find_runtime():
    done = subprocess.run([HERE / "runtime.sh"], stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def cgroups(name):
    """Of all hierarchies, whether they are there or not."""
    return [hierarchy / name for hierarchy in HIERARCHIES.iterdir()
            if (hierarchy / "cgroup.procs").exists() and not hierarchy.is_symlink()]


def make_cgroups(name):
    for group in cgroups(name):
        group.mkdir()
        for file in ("cpuset.cpus", "cpuset.mems"):
            if (group.parent / file).exists():
                (group / file).write_text((group.parent / file).read_text())


def remove_cgroups(name):
    """Once the processes in them have ended; True when none is left."""
    for group in cgroups(name):
        for folder, _, _ in os.walk(group, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                pass  # a process in it ends
    return not any(group.exists() for group in cgroups(name))


def remove_what_was_left():
    """By one that was killed together with who cleans up after it."""
    for path in (HIERARCHIES / "memory").glob(NAME.format("*")):
        owner = re.fullmatch(NAME.format("([0-9]+)"), path.name)
        if owner and not pathlib.Path("/proc", owner[1]).exists():
            remove_cgroups(path.name)


def clean_up_after_us(name):
    """Starts a process that removes the cgroups when we have ended. Returns it, and what to close for that."""
    read, write = os.pipe()
    process = os.fork()
    if process != 0:
        os.close(read)
        return process, write
    try:
        os.setsid()  # a signal to our group is not for it
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.close(write)
        with open(os.devnull, "r+b") as nothing:
            for stream in range(3):
                os.dup2(nothing.fileno(), stream)  # nobody waits for the end of our output
        os.read(read, 1)
        end = time.monotonic() + SECONDS_TO_END
        while not remove_cgroups(name) and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        os._exit(0)


def main(command):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if not command or command[0].startswith("-"):
        sys.exit(__doc__)
    missing = what_is_missing()
    runtime = "" if missing else find_runtime()
    if not runtime:
        print(f"nest.py: skipped: {missing or 'containerd cannot be had'}", file=sys.stderr)
        return control_plane.SKIPPED
    remove_what_was_left()
    name = NAME.format(os.getpid())
    cleaner, ours = clean_up_after_us(name)
    nest = None
    try:
        make_cgroups(name)
        nest = subprocess.Popen([*control_plane.DIES_WITH_US, *UNSHARE, sys.executable, HERE / "node.py",
                                 runtime, name, *command],
                                env=os.environ | {"PYTHONPATH": str(HERE.parent), "PYTHONDONTWRITEBYTECODE": "1"})
        return nest.wait()
    finally:
        if nest and nest.poll() is None:
            nest.kill()
            nest.wait()
        os.close(ours)
        os.waitpid(cleaner, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
