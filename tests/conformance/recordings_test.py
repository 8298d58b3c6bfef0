#!/usr/bin/env python3
"""Asks a fresh azsim for each folder of recordings what the real service was asked. Prints every miss.

    recordings_test.py [FOLDER ...]
"""

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

import shared
from azsim import Azsim

AT_ONCE = 4
LEAST = 97  # percent of each folder's checks
FOLDERS = ("attach", "automl_job", "code_asset", "command_job", "compute", "dataset", "datastore", "environment", "model",
           "spark_job", "sweep_job", "vm", "workspace")


def replay(recordings, folder):
    """The last line says how many of the checks passed."""
    with Azsim() as azsim:
        return subprocess.run(
            [sys.executable, recordings / "replay.py", "--base", azsim.url, "--ca", azsim.ca, "--least", str(LEAST),
             "--show", "1000", recordings / folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def main(folders):
    recordings = shared.folder("recordings")
    failed = []
    with ProcessPoolExecutor(AT_ONCE) as pool:  # they mostly wait for what takes its time
        for folder, told in zip(folders, pool.map(replay, repeat(recordings), folders)):
            print(f"== {folder}", told.stdout, sep="\n", flush=True)
            if told.returncode != 0:
                failed.append(folder)
    if failed:
        sys.exit(f"less than {LEAST} % of the checks passed: " + ", ".join(failed))


if __name__ == "__main__":
    main(sys.argv[1:] or FOLDERS)
