#!/bin/bash
# Sourced by quickstart.sh and test.sh: installs what tests/packages.txt lists and this machine lacks.
# With everything installed it touches no network and needs no root.

# install_packages WHAT FILE: WHAT is "build" (up to the line "# tests") or "all".
install_packages() {
  local what=$1 file=$2 package
  local -a missing=() as_root=()
  while read -r package; do
    if [[ $package == "# tests" && $what == build ]]; then break; fi
    if [[ -z $package || $package == \#* ]]; then continue; fi
    if [[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) != ii* ]]; then missing+=("$package"); fi
  done <"$file"
  if ((${#missing[@]} == 0)); then return 0; fi
  echo "Installing with apt-get: ${missing[*]}"
  if [[ $(id -u) != 0 ]]; then
    if ! command -v sudo >/dev/null; then
      echo "This needs root or sudo; as root, run: apt-get install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  # A list that cannot be refreshed is not fatal: the packages may be known already.
  "${as_root[@]}" apt-get update -q || echo "apt-get update failed; trying with the lists at hand" >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}
