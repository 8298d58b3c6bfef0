#!/bin/bash
# Builds trainyard, azsim and the simulated world (release, in build/bench) and prints the tables of
# docs/performance.md. Takes about ten minutes after the build; the machine should do nothing else.
#
#   tests/bench/run.sh              all of them
#   tests/bench/run.sh NAME...      reconcile, rest, memory, apply, start (bench.py --help), worlds;
#                                   cluster (cluster.py --help), which is not among "all"
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

names=("$@")
((${#names[@]} > 0)) || names=(reconcile rest memory apply start worlds)
targets=(trainyard azsim)
[[ " ${names[*]} " == *" worlds "* ]] && targets+=(test_sim)

cmake --preset release -B build/bench -DTRAINYARD_TESTS=ON >/dev/null
cmake --build build/bench --target "${targets[@]}" -j 2 >/dev/null

for name in "${names[@]}"; do
  if [[ $name == worlds ]]; then
    printf '\n== worlds: so many of the simulated world with an unruly user, one a seed, and the time they take\n'
    export TRAINYARD_SEEDS="${TRAINYARD_SEEDS:-200}"
    began=$(date +%s.%N)
    build/bench/bin/test_sim --run_test=unruly/user --log_level=nothing --report_level=short
    awk -v seconds="$(echo "$(date +%s.%N) $began" | awk '{print $1 - $2}')" -v seeds="$TRAINYARD_SEEDS" \
      'BEGIN {printf "  %s worlds in %.1f s: %.1f a second\n", seeds, seconds, seeds / seconds}'
  elif [[ $name == cluster ]]; then
    tests/bench/cluster.py
  else
    tests/bench/bench.py "$name"
  fi
done
