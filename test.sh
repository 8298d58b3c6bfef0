#!/bin/bash
# Builds everything and runs every test.
#
#   ./test.sh [--preset dev|asan|tsan]
#
# Needs Debian 12, and root or sudo for the packages that are missing (tests/packages.txt). Asks nothing and
# may be run again. Exit code: 0 when every test passed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source tests/install_packages.sh

usage() { sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

preset=dev
while (($# > 0)); do
  case $1 in
    --preset) preset=${2:-} ; shift 2 || { usage >&2; exit 2; } ;;
    --preset=*) preset=${1#*=} ; shift ;;
    -h | --help) usage ; exit 0 ;;
    *) echo "test.sh: unknown argument '$1'" >&2 ; usage >&2 ; exit 2 ;;
  esac
done
case $preset in
  dev | asan | tsan) ;;
  *) echo "test.sh: preset '$preset' is not one of dev, asan, tsan" >&2 ; exit 2 ;;
esac

step="installing packages"
trap 'code=$?; if ((code != 0)); then echo "FAILED while ${step} (preset ${preset}), after ${SECONDS} s." >&2; fi' EXIT

echo "Trainyard's tests, preset ${preset}: install what is missing, configure, build with 2 jobs, run ctest."
install_packages all tests/packages.txt
step="configuring"
cmake --preset "$preset"
step="building"
cmake --build --preset "$preset"
step="testing"
ctest --preset "$preset"
echo "PASSED: every test of preset ${preset}, in ${SECONDS} s."
