#!/usr/bin/env bash
# Builds and runs tests: tools/test.sh all|unit|integration|tsan
# Each step writes its whole output to build/logs/; on the screen stand one line per step, what failed,
# and at the end one line that sums up. Every step that can still run does, then the exit status tells.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

logs=build/logs
failed=()
started=$SECONDS

# step NAME TITLE COMMAND…
step() {
  local name=$1 title=$2 begun=$SECONDS
  shift 2
  say "==> $title"
  if quietly "$logs/$name.log" "$@"; then
    say "    ok, $(minutes_and_seconds $((SECONDS - begun)))"
    return 0
  fi
  failed+=("$name")
  say "    FAILED after $(minutes_and_seconds $((SECONDS - begun))); the end of $logs/$name.log:"
  grep -av '^\[[0-9]*/[0-9]*\] Building\|^ *Start ' "$logs/$name.log" | tail -n 60 | sed 's/^/    | /'
  return 1
}

run_ctest() { ctest --preset "$1" -j "$(job_count)" --no-tests=error; }

run_pytest() { LIQUID_BIN=${LIQUID_BIN:-$ROOT/build/release/src/cli/liquid} "$PEERS/bin/python" -m pytest tests/integration; }

# The peers download while the compiler works.
start_peers() {
  if [[ -n ${LIQUID_PEERS:-} ]]; then return; fi
  mkdir -p "$logs"
  tools/setup.sh peers >"$logs/peers.log" 2>&1 &
  peers_job=$!
}
wait_for_peers() { [[ -z ${peers_job:-} ]] || wait "$peers_job"; }

unit_steps() {
  local preset=$1 words=$2
  step "build-$preset" "build: preset $preset ($words)" build "$preset" &&
    step "unit-$preset" "unit tests and fuzz seeds: preset $preset" run_ctest "$preset"
}

header_step() {
  step headers "every header compiles alone" "$PYTHON" tools/check_headers.py --jobs "$(job_count)"
}

integration_steps() {
  local built=0
  step build-release "build: preset release" build release || built=1
  if ! wait_for_peers; then
    failed+=(peers)
    tail -n 20 "$logs/peers.log"
    return 1
  fi
  ((built == 0)) &&
    step integration "integration tests against build/release/src/cli/liquid" run_pytest
}

# Numbers for the last line: ctest's and GoogleTest's own reports, pytest's summary.
unit_summary() {
  local log=build/$1/Testing/Temporary/LastTest.log
  [[ -f $log ]] || return 0
  awk '/^\[==========\] [0-9]+ tests? from .* ran/ {tests += $2}
       /^[0-9]+\/[0-9]+ Test: [a-z_]+_fuzz$/ {fuzz++}
       END {printf "%d unit tests, %d fuzz targets over their seeds", tests, fuzz}' "$log"
}
integration_summary() {
  [[ -f $logs/integration.log ]] || return 0
  tail -n 1 "$logs/integration.log" | tr -d '=' | sed 's/^ *//; s/ in .*//; s/^/integration: /'
}

finish() {
  local numbers=$1 took
  took=$(minutes_and_seconds $((SECONDS - started)))
  say
  if ((${#failed[@]})); then
    say "FAILED (${failed[*]}) after $took; $numbers"
    exit 1
  fi
  say "PASSED in $took: $numbers"
}

say "==> set-up"
tools/setup.sh && tools/setup.sh torch || exit 1
case ${1:-all} in
  all | integration) start_peers ;;
esac

case ${1:-all} in
  all)
    header_step
    unit_steps dev "AddressSanitizer, UBSan"
    integration_steps
    finish "$(unit_summary dev); $(integration_summary)"
    ;;
  unit)
    unit_steps dev "AddressSanitizer, UBSan"
    finish "$(unit_summary dev)"
    ;;
  integration)
    integration_steps
    finish "$(integration_summary)"
    ;;
  tsan)
    unit_steps tsan ThreadSanitizer
    finish "$(unit_summary tsan)"
    ;;
  *) die "tools/test.sh: unknown word '$1' (known: all, unit, integration, tsan)" ;;
esac
