#!/usr/bin/env bash
# Fetches the rivals that the benchmarks compare with into .deps/, nothing global (the load generator
# wrk is a system package, see tools/setup.sh bench):
#   .deps/nginx       the distribution's nginx, unpacked, never installed (so no service starts)
#   .deps/bench-venv  tantivy from PyPI
# Safe to run again: what is there already is kept.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly root=$PWD
readonly deps=$root/.deps
readonly tantivy_version=0.27.0

fail() {
  echo "setup_bench: $*" >&2
  exit 1
}

# Unpacks the named packages below $1 without installing them.
unpack_packages() {
  local target=$1 staging
  shift
  command -v apt-get >/dev/null || fail "needs apt-get to download: $*"
  staging=$(mktemp -d)
  # apt drops to the user _apt while it downloads; it must be able to write here.
  chmod 777 "$staging"
  (cd "$staging" && apt-get download -qq "$@") || {
    rm -rf "$staging"
    fail "cannot download $*; is the package list fresh (apt-get update)?"
  }
  mkdir -p "$target"
  local package
  for package in "$staging"/*.deb; do dpkg -x "$package" "$target"; done
  rm -rf "$staging"
}

setup_nginx() {
  if [[ -x $deps/nginx/usr/sbin/nginx ]]; then return; fi
  unpack_packages "$deps/nginx" nginx nginx-common
  # Older Ubuntu releases keep the program in a package of its own.
  if [[ ! -x $deps/nginx/usr/sbin/nginx ]]; then unpack_packages "$deps/nginx" nginx-core; fi
  "$deps/nginx/usr/sbin/nginx" -v || fail "the downloaded nginx does not start"
}

setup_tantivy() {
  local python=$deps/bench-venv/bin/python
  if "$python" -c "import tantivy" 2>/dev/null; then return; fi
  python3 -m venv "$deps/bench-venv" || fail "python3 -m venv failed; install python3-venv"
  "$deps/bench-venv/bin/pip" install --quiet --disable-pip-version-check \
    "tantivy==$tantivy_version" || fail "pip could not install tantivy $tantivy_version"
}

mkdir -p "$deps"
setup_nginx
setup_tantivy
