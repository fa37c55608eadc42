#!/usr/bin/env bash
# Every check that needs no running program. The first four also run in the tests; clang-tidy is slow.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

tools/setup.sh lint || exit 1
status=0
check() {
  local title=$1
  shift
  if "$@"; then say "ok      $title"; else
    say "FAILED  $title"
    status=1
  fi
}

# The dev preset's compile commands are g++'s; clang-tidy drops the flags it does not know.
tidy() {
  build dev boost_json >build/logs/lint-configure.log 2>&1 || { tail -n 30 build/logs/lint-configure.log; return 1; }
  git ls-files 'src/*.cpp' 'bench/*.cpp' 'fuzz/*.cpp' | "$PYTHON" tools/run_tidy.py --jobs "$(job_count)"
}

mkdir -p build/logs
check "format" "$PYTHON" tools/check_format.py
check "direction of includes, names, sizes" "$PYTHON" tools/check_includes.py
check "headers compile alone" "$PYTHON" tools/check_headers.py --jobs "$(job_count)"
check "clang-tidy" tidy
exit "$status"
