#!/bin/bash
# Trainyard's whole path on this machine: compute targets made, a model trained twice, against azsim, the Azure
# simulator, on loopback. No Azure account, no Kubernetes cluster.
#
#   ./quickstart.sh
#
# Needs Debian 12, and root or sudo for the packages that are missing (tests/packages.txt). Asks nothing. What it
# builds and keeps is in build/; remove that folder and everything is gone. Run it again and nothing is trained
# twice; edit manifests/samples/quickstart/src/train.py, run it again, and each run is trained once more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source tests/install_packages.sh

if (($# > 0)); then
  sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  [[ $1 == -h || $1 == --help ]] && exit 0 || exit 2
fi

world=build/quickstart # azsim's memory, the operator's state, the secret: all below the clone's build folder
azsim_pid=""
step="starting"

finish() {
  local code=$?
  if [[ -n $azsim_pid ]] && kill -TERM "$azsim_pid" 2>/dev/null; then
    wait "$azsim_pid" || true # it writes its world down before it goes
  fi
  if ((code != 0)); then echo "quickstart FAILED while ${step}, after ${SECONDS} s." >&2; fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step="installing packages"
install_packages build tests/packages.txt

step="building"
echo "Building trainyard and azsim (release) in build/release ..."
mkdir -p "$world"
if ! { cmake --preset release && cmake --build --preset release --target trainyard azsim; } >"$world/build.log" 2>&1; then
  tail -n 30 "$world/build.log" >&2
  exit 1
fi

# The secret that azsim knows by default, where the Workspace's secretRef is looked for: SECRETS/<name>/<key>.
step="writing the client secret"
(
  umask 077
  mkdir -p "$world/secrets/azsim-client"
  printf 'secret\n' >"$world/secrets/azsim-client/clientSecret"
)

step="starting azsim"
rm -f "$world/azsim.out" "$world/requests.jsonl"
build/release/bin/azsim --listen 127.0.0.1:0 --execute --fast --state "$world/azsim.state" \
  --write-ca "$world/ca.pem" --write-cloud "$world/clouds.yaml" --log "$world/requests.jsonl" \
  --workspace trainyard-demo/demo \
  >"$world/azsim.out" 2>"$world/azsim.err" &
azsim_pid=$!
for ((tries = 0; tries < 300; tries++)); do
  if grep -q '^azsim listens on https:' "$world/azsim.out" 2>/dev/null; then break; fi
  if ! kill -0 "$azsim_pid" 2>/dev/null; then
    cat "$world/azsim.err" >&2
    exit 1
  fi
  sleep 0.1
done
if ((tries == 300)); then
  echo "azsim was not ready after 30 s; what it said is in $world/azsim.err" >&2
  exit 1
fi

step="running trainyard"
build/release/bin/trainyard run --directory manifests/samples/quickstart --state "$world/state" \
  --secrets "$world/secrets" --clouds "$world/clouds.yaml" --cluster-name quickstart --until-settled --timeout 10m

# The simulator's word beside the operator's own. Tokens are no change, nor is what a job itself reports (its metrics, by MLflow).
changes=$(grep -cvE '"method":"(GET|HEAD)"|"operation":"(entra|mlflow)\.' "$world/requests.jsonl" || true)
echo
echo "azsim's log of this time holds ${changes} requests that change anything: $world/requests.jsonl"
echo "Run this again and nothing is done; edit manifests/samples/quickstart/src/train.py first, and each run trains once more."
echo "quickstart PASSED in ${SECONDS} s. (trainyard is build/release/bin/trainyard)"
