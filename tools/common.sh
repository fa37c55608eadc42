# Shared by the scripts in tools/; sourced, not run. Leaves the caller in the checkout's root.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
PYTHON=$ROOT/.deps/venv/bin/python
# The environment with MLflow and the other programs that judge ours.
PEERS=${LIQUID_PEERS:-$ROOT/.deps/peers}

say() { printf '%s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Compile jobs: one per core, but none without 1.5 GB of memory to itself.
job_count() {
  local cores memory_jobs
  cores=$(nproc)
  memory_jobs=$(awk '/^MemAvailable:/ {print int($2 / 1572864)}' /proc/meminfo)
  if ((memory_jobs < 1)); then memory_jobs=1; fi
  if ((cores < memory_jobs)); then echo "$cores"; else echo "$memory_jobs"; fi
}

minutes_and_seconds() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }

# progress_of LOG: the newest "[12/345]" of a ninja log.
progress_of() { grep -aoE '^\[[0-9]+/[0-9]+\]' "$1" 2>/dev/null | tail -n 1; }

# quietly LOG COMMAND…: runs it with its output in LOG; says every 30 s how far it is. The command has a
# process group of its own, so that an interrupt ends all of it.
quietly() {
  local log=$1 status=0 waited=0
  shift
  mkdir -p "$(dirname "$log")"
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  set +m
  local child=$!
  trap 'kill -TERM -- "-$child" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.2
    waited=$((waited + 1))
    if ((waited % 150 == 0)); then say "      … $((waited / 5)) s $(progress_of "$log")"; fi
  done
  wait "$child" || status=$?
  trap - INT TERM
  return "$status"
}

# build PRESET TARGET…: configures once, and again when LibTorch has come; builds.
build() {
  local preset=$1
  shift
  if [[ ! -f build/$preset/build.ninja || .deps/torch/made-from -nt build/$preset/build.ninja ]]; then
    cmake --preset "$preset" || return 1
  fi
  NINJA_STATUS='[%f/%t] ' ninja -C "build/$preset" -j "$(job_count)" "$@"
}

# stops PID and waits for it, at most SECONDS; fails when it would not go.
stop_process() {
  local pid=$1 seconds=$2 waited=0
  kill -TERM "$pid" 2>/dev/null || return 0
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    waited=$((waited + 1))
    if ((waited > seconds * 10)); then return 1; fi
  done
}
