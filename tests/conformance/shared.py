"""What lies beside the project's root where it is developed, and nowhere else: tests that need it are skipped without."""

import os
import pathlib
import sys

SKIPPED = 77  # as CMakeLists.txt tells ctest


def folder(name):
    """`../shared/NAME` beside the project's root, or below $TRAINYARD_SHARED. Ends the process where it is not."""
    root = pathlib.Path(__file__).resolve().parents[2]
    found = pathlib.Path(os.environ.get("TRAINYARD_SHARED") or root.parent / "shared") / name
    if not found.is_dir():
        print(f"skipped: there is no folder {found}; TRAINYARD_SHARED names the one above it")
        sys.exit(SKIPPED)
    return found
