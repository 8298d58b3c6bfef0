#!/usr/bin/env python3
"""Guards what no compiler sees: arrows between rooms, owners of libraries, real time, paths, documents.

    tests/tidy.py [ROOT]       checks the tree below ROOT; exit code 1 if anything was found
    tests/tidy.py --self-test  shows of every rule that it bites, and that a clean tree passes

A rule is a function from a tree ({path: text}) to findings, so the self-test needs no files.
"""

import pathlib
import re
import subprocess
import sys
from typing import Iterator, NamedTuple

ROOT_FOLDERS = ("controller", "manifests", "reconcilers", "tests", "crds", "helm", "docs", ".ci")
BINARY = {".png", ".ico", ".zip", ".gz"}


class Finding(NamedTuple):
    path: str
    line: int  # 0: the file as a whole
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


Tree = dict[str, str]


def read_tree(root: pathlib.Path) -> Tree:
    files = [p for p in root.iterdir() if p.is_file() and p.name != ".git"]  # a file in a worktree
    for folder in ROOT_FOLDERS:
        files += [p for p in (root / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    return {
        str(p.relative_to(root)): p.read_text(encoding="utf-8", errors="replace")
        for p in sorted(files)
        if p.suffix not in BINARY
    }


def is_cpp(path: str) -> bool:
    return path.endswith((".cpp", ".hpp"))


def lines_of(tree: Tree, wanted) -> Iterator[tuple[str, int, str]]:
    for path, text in tree.items():
        if wanted(path):
            for number, line in enumerate(text.splitlines(), 1):
                yield path, number, line


def code_of(line: str) -> str:
    """The line without its comment and without what stands between quotes."""
    return re.sub(r'"(\\.|[^"\\])*"', '""', line).split("//")[0]


# --- arrows: the truth is what CMake links -----------------------------------------------------------------


class Room(NamedTuple):
    name: str
    folders: list[str]
    may_use: set[str]


def cmake_calls(text: str, function: str) -> Iterator[tuple[str, dict[str, list[str]]]]:
    text = re.sub(r"#.*", "", text)
    for call in re.finditer(rf"^\s*{function}\(([^$)]*)\)", text, re.MULTILINE):
        words = call.group(1).split()
        options: dict[str, list[str]] = {}
        key = ""
        for word in words[1:]:
            if word in ("FOLDERS", "MAY_USE", "PRIVATE"):
                key = word
                options[key] = []
            else:
                options[key].append(word)
        yield words[0], options


def rooms_of(tree: Tree) -> dict[str, Room]:
    rooms = {}
    for path in ("CMakeLists.txt", "tests/CMakeLists.txt"):
        for name, options in cmake_calls(tree.get(path, ""), "trainyard_room"):
            rooms[name] = Room(name, options.get("FOLDERS", []), set(options.get("MAY_USE", [])))
        for name, options in cmake_calls(tree.get(path, ""), "trainyard_test"):
            rooms[f"test {name}"] = Room(f"test {name}", [f"tests/{name}"], set(options.get("MAY_USE", [])))
    return rooms


def reachable(rooms: dict[str, Room], name: str) -> set[str]:
    seen, todo = set(), [name]
    while todo:
        room = todo.pop()
        if room in rooms and room not in seen:
            seen.add(room)
            todo += rooms[room].may_use
    return seen


def room_of(rooms: dict[str, Room], path: str) -> str | None:
    """The room whose folder is the nearest around the file."""
    best = None
    for room in rooms.values():
        for folder in room.folders:
            if path.startswith(folder + "/") and (best is None or len(folder) > len(best[0])):
                best = (folder, room.name)
    return best[1] if best else None


def arrows(tree: Tree) -> Iterator[Finding]:
    rooms = rooms_of(tree)
    for path, number, line in lines_of(tree, is_cpp):
        include = re.match(r'\s*#include "([^"]+)"', line)
        if not include:
            continue
        target = include.group(1)
        if target not in tree:
            yield Finding(path, number, f'"{target}" is no file of the tree; includes are written from its root')
            continue
        is_test = path.startswith("tests/")
        if target.startswith("tests/"):
            if not is_test:
                yield Finding(path, number, f'"{target}": what ships may not include a test')
            continue
        mine, theirs = room_of(rooms, path), room_of(rooms, target)
        if path == "controller/main.cpp" or (is_test and mine is None):
            continue
        if mine is None or theirs is None:
            yield Finding(path, number, f"{path if mine is None else target} is in no room of CMakeLists.txt")
        elif theirs not in reachable(rooms, mine):
            yield Finding(path, number, f'"{target}": room {mine} may not use room {theirs} (MAY_USE in CMakeLists.txt)')


# --- third-party libraries: .cpp files only, and only those that own them ---------------------------------

OWNERS = {
    r"(cpprest|pplx)/": {
        "controller/base/cpprest_call.cpp",
        "controller/base/cpprest_client.cpp",
        "controller/base/cpprest_client.hpp",
        "controller/base/cpprest_sink.hpp",
        "controller/base/http_transport.cpp",
    },
    r"boost/(asio|beast)\b": {"controller/base/http_server.cpp"},
    r"openssl/": {
        "controller/base/encoding.cpp",
        "controller/base/http_transport.cpp",
        "controller/base/tls_trust.cpp",
    },
    r"rapidjson/": {"controller/base/json.cpp"},
    r"yaml-cpp/": {"controller/base/yaml.cpp"},
    r"prometheus/": {"controller/base/metrics.cpp"},
    r"zlib\.h": {"controller/base/gzip.cpp"},
    r"sqlite3\.h": {"controller/directory/database.cpp"},
    r"(archive|archive_entry|git2)\.h|git2/": set(),
    r"boost/": set(),
}
SYSTEM = r"(sys|linux|netinet|arpa|net|sanitizer)/"


def libraries(tree: Tree) -> Iterator[Finding]:
    for path, number, line in lines_of(tree, is_cpp):
        include = re.match(r"\s*#include <([^>]+)>", line)
        if not include:
            continue
        header = include.group(1)
        owner = next((name for name in OWNERS if re.match(name, header)), None)
        if owner is None:
            if "/" in header and not re.match(SYSTEM, header):
                yield Finding(path, number, f"<{header}> is of a library that OWNERS in tests/tidy.py does not know")
        elif path.startswith("tests/"):
            if path.endswith(".hpp") and not header.startswith("boost/test/"):
                yield Finding(path, number, f"<{header}>: third-party headers belong into .cpp files")
        elif path not in OWNERS[owner]:
            yield Finding(path, number, f"<{header}> belongs to {', '.join(sorted(OWNERS[owner])) or 'no file yet'}")


# --- real time and chance ----------------------------------------------------------------------------------

REAL_TIME = {"controller/base/clock.cpp", "controller/base/random.cpp", "controller/main.cpp"}
SLEEP = r"this_thread::sleep_(for|until)\b|\b(usleep|nanosleep|clock_nanosleep)\b|(?<![\w.>])sleep\s*\(\s*\d"
CLOCK = r"_clock::now\b|\b(clock_gettime|gettimeofday|timespec_get)\b|\btime\s*\(\s*(nullptr|NULL|0)\s*\)"
CHANCE = r"\b(random_device|getrandom|getentropy|mt19937(_64)?|default_random_engine|s?rand|arc4random)\b\s*[({;a-z]"


def clocks(tree: Tree) -> Iterator[Finding]:
    for path, number, line in lines_of(tree, is_cpp):
        if path in REAL_TIME:
            continue
        code = code_of(line)
        if re.search(SLEEP, code):
            yield Finding(path, number, "a real sleep: wait for the event, or take a Clock")
        real = not path.startswith("tests/") or path.startswith(("tests/azsim/", "tests/sim/"))
        if real and re.search(CLOCK, code):
            yield Finding(path, number, "a real clock: take a Clock (controller/base/clock.hpp)")
        if real and re.search(CHANCE, code):
            yield Finding(path, number, "real randomness: take a Random (controller/base/random.hpp)")


# --- files and words ---------------------------------------------------------------------------------------


def headers(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.items():
        if path.endswith(".hpp"):
            if not text.startswith("// "):
                yield Finding(path, 1, "a header begins with a comment that says why it is there")
            if not re.search(r"^#pragma once$", text, re.MULTILINE):
                yield Finding(path, 0, "no #pragma once")


MACHINE_PATH = re.compile(r"(?<![\w.}$~*-])/(work|tmp|root|home|mnt)/(?!\*)")


def machine_paths(tree: Tree) -> Iterator[Finding]:
    for path, number, line in lines_of(tree, lambda p: p != "LICENSE"):
        if MACHINE_PATH.search(line):
            yield Finding(path, number, "names a path of one machine")


MARK = "TO" + "DO"


def reasons(tree: Tree) -> Iterator[Finding]:
    for path, number, line in lines_of(tree, lambda p: is_cpp(p) or p.endswith((".py", ".sh", ".txt"))):
        if re.search(rf"\b{MARK}\b(?!: \w+( \w+)+)", line):
            yield Finding(path, number, f"a {MARK} comes with the reason it waits: '{MARK}: what, until when'")


NAMED = re.compile(
    r"(?<![\w/.{<*-])((?:controller|reconcilers|manifests|crds|tests|docs|helm)/[a-z0-9_./-]*[a-z0-9_]\.(?:md|yaml|hpp|cpp|py|sh|txt|csv))"
    r"(?![\w/{<*-])"
)


def named_files(tree: Tree) -> Iterator[Finding]:
    for path, number, line in lines_of(tree, lambda p: p.endswith((".md", ".sh", ".hpp", ".cpp", ".yaml"))):
        text = line
        if is_cpp(path):
            text = "".join(line.partition("//")[1:])
        for name in NAMED.findall(text):
            if name not in tree:
                yield Finding(path, number, f"{name} does not exist")


LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def links(tree: Tree) -> Iterator[Finding]:
    folders = {parent for path in tree for parent in map(str, pathlib.PurePosixPath(path).parents)}
    for path, number, line in lines_of(tree, lambda p: p.endswith(".md")):
        for target in LINK.findall(line):
            if re.match(r"[a-z]+:", target):
                continue
            whole = str(pathlib.PurePosixPath(path).parent / target).rstrip("/")
            parts: list[str] = []
            for part in whole.split("/"):
                if part == "..":
                    parts = parts[:-1]
                elif part != ".":
                    parts.append(part)
            if "/".join(parts) not in tree and "/".join(parts) not in folders:
                yield Finding(path, number, f"the link to {target} leads nowhere")


def shell(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.items():
        if path.endswith(".sh") or re.match(r"#!.*\b(ba)?sh\b", text):
            done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
            if done.returncode != 0:
                yield Finding(path, 0, f"bash -n: {done.stderr.strip()}")


RULES = (arrows, libraries, clocks, headers, machine_paths, reasons, named_files, links, shell)


# --- the self-test -----------------------------------------------------------------------------------------

CLEAN: Tree = {
    "CMakeLists.txt": "trainyard_room(base FOLDERS controller/base)\n"
    "trainyard_room(azure FOLDERS reconcilers/azure MAY_USE base PRIVATE OpenSSL::Crypto)\n"
    "trainyard_room(reconcilers\n  FOLDERS reconcilers reconcilers/drivers MAY_USE azure)\n",
    "tests/CMakeLists.txt": "trainyard_test(azure MAY_USE azure)\n",
    "controller/base/clock.hpp": "// Time.\n#pragma once\n",
    "controller/base/clock.cpp": '#include "controller/base/clock.hpp"\nauto n = std::chrono::steady_clock::now();\n',
    "controller/base/json.cpp": "#include <rapidjson/reader.h>\n#include <sys/stat.h>\n#include <string>\n",
    "reconcilers/azure/arm.hpp": '// Resource Manager.\n#pragma once\n#include "controller/base/clock.hpp"\n',
    "reconcilers/drivers/vm.cpp": '#include "reconcilers/azure/arm.hpp"\n#include "controller/base/clock.hpp"\n',
    "tests/azure/arm_test.cpp": '#include <boost/test/unit_test.hpp>\n#include "reconcilers/azure/arm.hpp"\n',
    "docs/a.md": "See `tests/azure/arm_test.cpp` and [b](../CMakeLists.txt); `manifests/samples/NAME.yaml` is yours.\n",
    "run.sh": "#!/bin/bash\nif true; then echo ok; fi\n",
}

# rule, file, its text with the violation
BAD = (
    (arrows, "reconcilers/azure/bad.cpp", '#include "reconcilers/drivers/vm.cpp"\n'),
    (arrows, "controller/base/bad.cpp", '#include "reconcilers/azure/arm.hpp"\n'),
    (arrows, "controller/base/bad.cpp", '#include "tests/azure/arm_test.cpp"\n'),
    (arrows, "controller/base/bad.cpp", '#include "clock.hpp"\n'),
    (arrows, "controller/nowhere/bad.cpp", '#include "controller/base/clock.hpp"\n'),
    (arrows, "tests/azure/bad.cpp", '#include "reconcilers/drivers/vm.cpp"\n'),
    (libraries, "controller/base/bad.hpp", "// Why.\n#pragma once\n#include <cpprest/http_client.h>\n"),
    (libraries, "reconcilers/drivers/bad.cpp", "#include <rapidjson/reader.h>\n"),
    (libraries, "reconcilers/drivers/bad.cpp", "#include <boost/asio.hpp>\n"),
    (libraries, "controller/base/bad.cpp", "#include <fmt/format.h>\n"),
    (libraries, "tests/azure/bad.hpp", "// Why.\n#pragma once\n#include <sqlite3.h>\n"),
    (clocks, "reconcilers/drivers/bad.cpp", "auto now = std::chrono::system_clock::now();\n"),
    (clocks, "tests/azsim/bad.cpp", "auto now = std::chrono::steady_clock::now();\n"),
    (clocks, "tests/azure/bad.cpp", "std::this_thread::sleep_for(1s);\n"),
    (clocks, "tests/azure/bad.cpp", "::sleep(1);\n"),
    (clocks, "reconcilers/drivers/bad.cpp", "std::random_device device;\n"),
    (headers, "reconcilers/azure/bad.hpp", "#pragma once\n"),
    (headers, "reconcilers/azure/bad.hpp", "// Why.\nint one();\n"),
    (machine_paths, "docs/bad.md", "Put it into /" + "work/out.\n"),
    (reasons, "reconcilers/drivers/bad.cpp", f"// {MARK} later\n"),
    (named_files, "docs/bad.md", "Apply `manifests/samples/gone.yaml`.\n"),
    (named_files, "reconcilers/azure/bad.cpp", "// docs/gone.md says why.\n"),
    (links, "docs/bad.md", "[here](gone.md)\n"),
    (shell, "bad.sh", "#!/bin/bash\nif true; then\n"),
)


def self_test() -> int:
    failures = [f"the clean tree: {found}" for rule in RULES for found in rule(CLEAN)]
    for rule, path, text in BAD:
        found = [(r.__name__, f.path) for r in RULES for f in r(CLEAN | {path: text})]
        if found != [(rule.__name__, path)]:
            failures.append(f"{rule.__name__} on {text!r} as {path}: found {found}")
    failures += [f"no case for rule {rule.__name__}" for rule in RULES if rule not in {bad[0] for bad in BAD}]
    print("\n".join(failures) or f"{len(RULES)} rules, {len(BAD)} violations, each found by its rule and by no other")
    return 1 if failures else 0


def main(arguments: list[str]) -> int:
    if arguments == ["--self-test"]:
        return self_test()
    root = pathlib.Path(arguments[0]) if arguments else pathlib.Path(__file__).parent.parent
    tree = read_tree(root)
    found = [finding for rule in RULES for finding in rule(tree)]
    for finding in found:
        print(finding)
    print(f"tidy: {len(tree)} files, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
