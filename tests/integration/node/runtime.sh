#!/bin/bash
# Prints the folder that has what a kubelet runs containers with: containerd, runc, and CNI plugins in cni/. They are
# taken out of Debian's packages, of which nothing is installed: a machine may have another containerd, Docker's.
#
#   tests/integration/node/runtime.sh
#
# The folder is ${XDG_CACHE_HOME:-~/.cache}/trainyard/runtime-DIGEST; one of that name is complete.
set -euo pipefail
packages=(containerd runc containernetworking-plugins)

cache=${XDG_CACHE_HOME:-$HOME/.cache}/trainyard
folder=$cache/runtime-$(sha256sum "${BASH_SOURCE[0]}" | cut -c 1-16)

mkdir -p "$cache"
exec {lock}>"$folder.lock"
flock "$lock"  # one process makes it, others wait
if [[ -d $folder ]]; then
  echo "$folder"
  exit
fi

half=$folder.unfinished  # only a whole folder ever has the final name
rm -rf "$half"
mkdir -p "$half/packages" "$half/bin/cni"
echo "runtime: ${packages[*]} of Debian into $folder" >&2
(cd "$half/packages" &&
  apt-get -o APT::Sandbox::User=root download --quiet "${packages[@]}" &&
  for package in *.deb; do dpkg-deb --extract "$package" .; done) >&2
mv "$half"/packages/usr/bin/{containerd,containerd-shim-runc-v2,ctr} "$half/packages/usr/sbin/runc" "$half/bin/"
mv "$half"/packages/usr/lib/cni/{host-local,loopback,ptp} "$half/bin/cni/"

mv "$half/bin" "$folder"
rm -rf "$half"
echo "$folder"
