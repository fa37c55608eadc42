#!/usr/bin/env bash
# Runs every fuzz target for SECONDS (default 30): tools/fuzz.sh [SECONDS] [TARGET…]
# New inputs are kept in .liquid/fuzz/TARGET; a crash leaves its input there and fails the run.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

seconds=${1:-30}
shift || true
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "FUZZ_SECONDS must be a whole number above 0, not '$seconds'"
tools/setup.sh fuzz
quietly build/logs/build-fuzz.log build fuzz fuzz_targets || {
  tail -n 40 build/logs/build-fuzz.log
  die "the fuzz targets do not build"
}

targets=("$@")
if ((${#targets[@]} == 0)); then mapfile -t targets <build/fuzz/fuzz/targets.txt; fi
crashed=()
for target in "${targets[@]}"; do
  corpus=.liquid/fuzz/$target
  mkdir -p "$corpus"
  log=build/logs/$target.log
  if build/fuzz/fuzz/"$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="$corpus/" "$corpus" "fuzz/seeds/${target%_fuzz}" >"$log" 2>&1; then
    say "$target: $(awk '/number_of_executed_units/ {print $2}' "$log") inputs, nothing found"
  else
    tail -n 25 "$log"
    crashed+=("$target")
  fi
done
((${#crashed[@]} == 0)) || die "failures in: ${crashed[*]} (inputs in .liquid/fuzz/)"
