#!/usr/bin/env python3
"""Shows that the world bites: plants each bug of tests/sim/bugs into the product, one at a time, and runs the
test that should catch it.

    tests/sim/bite.py BUILD_DIR [NAME ...]   all bugs, or those named; exit code 1 if one is not caught

A bug is a patch. The lines before it say what is wrong with the product then, and

    test: SUITE/CASE [ENV=VALUE ...]   the test of test_sim that catches it
    says: TEXT                         a piece of what that test says, so that it fails for the right reason

Without the bug the same test must pass, or its failure would prove nothing.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUGS = ROOT / "tests" / "sim" / "bugs"
README = ROOT / "tests" / "sim" / "README.md"
AT_ONCE = 2
SECONDS = 240  # for one test; a world that goes round for ever is not caught


class Failed(Exception):
    """Why a bug could not be shown to be caught."""


class Test(NamedTuple):
    name: str
    environment: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.name, *self.environment))


class Bug(NamedTuple):
    name: str
    test: Test
    says: str
    source: str  # the file it changes, below the root
    patch: pathlib.Path


def read_bug(path: pathlib.Path) -> Bug:
    text = path.read_text(encoding="utf-8")
    head = text.split("\n--- ")[0]
    test = re.search(r"^test: (.+)$", head, re.MULTILINE)
    says = re.search(r"^says: (.+)$", head, re.MULTILINE)
    sources = re.findall(r"^\+\+\+ b/(\S+\.cpp)$", text, re.MULTILINE)
    if not test or not says or len(sources) != 1:
        raise SystemExit(f"{path.name}: a bug has a test:, a says: and one .cpp that it changes")
    name, *environment = test.group(1).split()
    if f"| {path.stem} |" not in README.read_text(encoding="utf-8"):
        raise SystemExit(f"{path.name}: {README.name} has no line about it")
    return Bug(path.stem, Test(name, tuple(environment)), says.group(1), sources[0], path)


def run(command: list[str], what: str, **options) -> subprocess.CompletedProcess:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          check=False, **options)
    if done.returncode != 0:
        raise Failed(f"{what}:\n{done.stdout[-3000:]}")
    return done


class Build:
    """The commands by which Ninja would compile and link, with the bug's file in place of the product's."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        ninja = ["ninja", "-C", str(folder), "-t"]
        database = subprocess.run([*ninja, "compdb"], capture_output=True, text=True, check=True).stdout
        self.compiles = {entry["file"]: entry for entry in json.loads(database)}
        commands = subprocess.run([*ninja, "commands", "test_sim"], capture_output=True, text=True, check=True)
        link = commands.stdout.splitlines()[-1]
        self.link = shlex.split(link.removeprefix(": && ").removesuffix(" && :"))
        self.program = folder / self.link[self.link.index("-o") + 1]

    def compile(self, source: str, changed: pathlib.Path, made: pathlib.Path) -> None:
        words = shlex.split(self.compiles[str(ROOT / source)]["command"])
        for option, value in (("-o", made), ("-MT", made), ("-MF", f"{made}.d"), ("-c", changed)):
            words[words.index(option) + 1] = str(value)
        run([*words, "-w"], "it does not compile", cwd=self.folder)

    def link_with(self, source: str, made: pathlib.Path, program: pathlib.Path) -> None:
        words = list(self.link)
        words[words.index("-o") + 1] = str(program)
        first = next(i for i, word in enumerate(words) if word.endswith(".o"))
        words.insert(first, str(made))  # before the library, so that its own member is not wanted any more
        done = run([*words, "-Wl,--trace"], "it does not link", cwd=self.folder)
        if f"/{source}.o)" in done.stdout or str(made) not in done.stdout:
            raise Failed(f"{source} of the library was linked instead of the changed one")


def ask(program: pathlib.Path, test: Test, folder: pathlib.Path) -> tuple[int, str]:
    """The exit code and what was said."""
    environment = {**os.environ, **dict(pair.split("=", 1) for pair in test.environment)}
    environment.pop("BOOST_TEST_RUN_FILTERS", None)
    try:
        done = subprocess.run([str(program), f"--run_test={test.name}", "--color_output=no"], cwd=folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", check=False,
                              env=environment, timeout=SECONDS)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{test} did not end within {SECONDS} s") from late
    return done.returncode, done.stdout


def plant(build: Build, bug: Bug, folder: pathlib.Path) -> pathlib.Path:
    """The test program with the bug in it."""
    changed = folder / bug.source
    changed.parent.mkdir(parents=True)
    shutil.copy(ROOT / bug.source, changed)
    run(["patch", "-p1", "--batch", "--fuzz=1", f"--input={bug.patch}"], "the patch does not apply", cwd=folder)
    made, program = folder / "changed.o", folder / "test_sim"
    build.compile(bug.source, changed, made)
    build.link_with(bug.source, made, program)
    return program


def try_bug(build: Build, bug: Bug, folder: pathlib.Path) -> None:
    folder.mkdir(parents=True)
    try:
        code, said = ask(plant(build, bug, folder), bug.test, folder)
    finally:
        shutil.rmtree(folder)
    if code == 0:
        raise Failed(f"NOT CAUGHT: {bug.test} passes")
    if bug.says not in said:
        raise Failed(f"NOT CAUGHT for the right reason: {bug.test} does not say '{bug.says}', but\n{said[:2000]}")


def try_unchanged(build: Build, test: Test) -> None:
    code, said = ask(build.program, test, build.folder)
    if code != 0 or "No errors detected" not in said:
        raise Failed(f"{test} fails without a bug, too:\n{said[:2000]}")


def report(name: str, good: str, act) -> bool:
    began = time.monotonic()
    try:
        act()
        told = good
    except Failed as failed:
        told = str(failed)
    print(f"{name}: {told} ({time.monotonic() - began:.1f} s)", flush=True)
    return told == good


def main() -> int:
    build = Build(pathlib.Path(sys.argv[1]).resolve())
    bugs = [bug for bug in map(read_bug, sorted(BUGS.glob("*.patch"))) if bug.name in (sys.argv[2:] or [bug.name])]
    if not bugs:
        raise SystemExit("no such bug")
    place = build.folder / "sim_bites"  # one place, so that the compiler's cache knows a bug again
    shutil.rmtree(place, ignore_errors=True)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        work = [pool.submit(report, str(test), "passes without a bug", lambda test=test: try_unchanged(build, test))
                for test in sorted({bug.test for bug in bugs})]
        work += [pool.submit(report, bug.name, "caught", lambda bug=bug: try_bug(build, bug, place / bug.name))
                 for bug in bugs]
        all_well = all([one.result() for one in work])
    shutil.rmtree(place, ignore_errors=True)
    return 0 if all_well else 1


if __name__ == "__main__":
    sys.exit(main())
