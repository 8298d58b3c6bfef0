#!/bin/bash
# Prints the folder that has kstatus and statuses (of judges/, with their libraries pinned there) and promtool (of
# Debian's package prometheus, of which nothing is installed or started); makes it if it is not there yet.
#
#   tests/integration/build_judges.sh
#
# The folder is ${XDG_CACHE_HOME:-~/.cache}/trainyard/judges-DIGEST; one of that name is complete.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/find_go.sh"

say() { echo "build_judges: $*" >&2; }

cache=${XDG_CACHE_HOME:-$HOME/.cache}/trainyard
digest=$(cd "$here" && sha256sum build_judges.sh find_go.sh requirements-go.txt judges/go.{mod,sum} judges/*/*.go |
  sha256sum | cut -c 1-16)
folder=$cache/judges-$digest

mkdir -p "$cache"
exec {lock}>"$folder.lock"
flock "$lock"  # one process builds, others wait
if [[ -d $folder ]]; then
  echo "$folder"
  exit
fi

half=$folder.unfinished  # only a whole folder ever has the final name
rm -rf "$half"
mkdir -p "$half/bin" "$half/package"
say "into $folder"
(cd "$half/package" &&
  apt-get -o APT::Sandbox::User=root download --quiet prometheus && dpkg-deb --extract prometheus_*.deb .) >&2
mv "$half/package/usr/bin/promtool" "$half/bin/"
find_go "$half" "$here/judges"
(cd "$here/judges" && "$go" build -ldflags "-s -w" -o "$half/bin/" ./...) >&2

mv "$half/bin" "$folder"
rm -rf "$half"
say "done in $SECONDS s"
echo "$folder"
