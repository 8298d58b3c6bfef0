#!/bin/bash
# Fuzzes with libFuzzer, for as long as wanted, under the address and undefined-behaviour sanitizers.
#
#   tests/fuzz/run.sh [--minutes N] [TARGET...]
#
# N minutes (60 if not given) are shared among the targets, all of them if none is named, two at a time. Needs Debian
# 12, and root or sudo if clang is missing. What is found lies in build/fuzz/found, the grown corpus in
# build/fuzz/corpus; the seeds in tests/fuzz/corpus stay as they are. Exit code: 0 when nothing was found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/install_packages.sh

minutes=60
targets=()
while (($# > 0)); do
  case $1 in
    --minutes) minutes=${2:?"--minutes needs a number"} ; shift 2 ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" ; exit 0 ;;
    -*) echo "run.sh: unknown argument '$1'" >&2 ; exit 2 ;;
    *) targets+=("$1") ; shift ;;
  esac
done
if ((${#targets[@]} == 0)); then
  for file in tests/fuzz/*_fuzz.cpp; do file=${file##*/} ; targets+=("${file%_fuzz.cpp}"); done
fi

install_packages all tests/packages.txt
install_packages all tests/fuzz/packages.txt
cmake --preset fuzz
cmake --build build/fuzz --target fuzz -j 2

seconds=$((minutes * 60 * 2 / ${#targets[@]}))
if ((seconds > minutes * 60)); then seconds=$((minutes * 60)); fi
mkdir -p build/fuzz/found
fuzz() {
  mkdir -p "build/fuzz/corpus/$1"
  build/fuzz/bin/fuzz "--target=$1" -max_total_time="$2" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="build/fuzz/found/$1-" -print_final_stats=1 "build/fuzz/corpus/$1" "tests/fuzz/corpus/$1" \
    >"build/fuzz/$1.log" 2>&1 && echo "$1: nothing found" && return 0
  echo "$1: FOUND something; the end of build/fuzz/$1.log:"
  tail -n 40 "build/fuzz/$1.log"
  return 1
}
export -f fuzz
echo "Fuzzing ${targets[*]}, $seconds s each, two at a time."
printf '%s\n' "${targets[@]}" | xargs -P 2 -I NAME bash -c "fuzz NAME $seconds"
