#!/usr/bin/env bash
# Measures against the rivals and prints the tables; each result is kept as build/bench/NAME.json.
#
#   bench/run.sh [--large] [--publish] [NAME…]
#
# NAME     http_hit hit_during_miss search miss_overhead cache_policy retrieval tracking tokenizer train;
#          all when none is given
# --large  search also over 1 000 000 passages (about ten minutes more)
# --publish  writes the tables of all kept results into bench/README.md
#
# LIQUID_BUILD=FOLDER measures another build folder instead of building build/release.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../tools/common.sh"

readonly all_names=(http_hit hit_during_miss search miss_overhead cache_policy retrieval tracking tokenizer train)
names=()
large=0
report_flags=()

for argument in "$@"; do
  case $argument in
    --large) large=1 ;;
    --publish) report_flags+=(--publish) ;;
    -h | --help)
      sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *)
      [[ " ${all_names[*]} " == *" $argument "* ]] ||
        die "bench/run.sh: unknown name '$argument' (known: ${all_names[*]})"
      names+=("$argument")
      ;;
  esac
done
if ((${#names[@]} == 0)); then names=("${all_names[@]}"); fi

prepare() {
  tools/setup.sh bench
  tools/setup_bench.sh
  if [[ " ${names[*]} " =~ " "(tracking|tokenizer)" " && -z ${LIQUID_PEERS:-} ]]; then tools/setup.sh peers; fi
  if [[ -n ${LIQUID_BUILD:-} ]]; then return; fi
  say "building the release programs (log: build/logs/bench.log)"
  quietly build/logs/bench.log build release ||
    die "the build failed: $(tail -n 5 build/logs/bench.log)"
}

# Share of the processors' time, in per cent, that something used during one second.
busy_percent() {
  { head -n 1 /proc/stat; sleep 1; head -n 1 /proc/stat; } |
    awk '{ all = 0; for (i = 2; i <= 9; i++) all += $i; idle = $5 + $6
           if (NR == 2) printf "%d", 100 - 100 * (idle - idle_before) / (all - all_before)
           all_before = all; idle_before = idle }'
}

warn_when_busy() {
  local busy
  busy=$(busy_percent)
  if ((busy > 10)); then
    say "warning: other programs use $busy % of the processors; repeat this on a quiet machine" >&2
  fi
}

measure() {
  case $1 in
    search)
      python3 bench/search/run.py
      if ((large)); then python3 bench/search/run.py --large; fi
      ;;
    *) python3 "bench/$1/run.py" ;;
  esac
}

prepare
warn_when_busy
done_names=()
for name in "${names[@]}"; do
  say "measuring $name" >&2
  measure "$name"
  done_names+=("$name")
  if [[ $name == search ]] && ((large)); then done_names+=(search_large); fi
done
python3 bench/report.py "${report_flags[@]}" "${done_names[@]}"
