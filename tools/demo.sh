#!/usr/bin/env bash
# The whole product in one command: build, index the sample documents, serve them, ask one question
# twice (computed, then from the cache); make a tiny model, fine-tune it on questions about the same
# documents with every number tracked, find the best run; show the counters.
#
#   tools/demo.sh [--port N] [--once]     N = 0: any free port; --once: stop the server at the end
#   tools/demo.sh --stop                  stop the server that an earlier run left
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

PROGRAM=build/release/src/cli/liquid
TRAINER=build/release/src/cli/liquid-train
HOME_FOLDER=.liquid
INDEX=$HOME_FOLDER/demo-index
LOG=$HOME_FOLDER/demo-server.log
PID_FILE=$HOME_FOLDER/demo-server.pid
MODEL=$HOME_FOLDER/demo-model
OUTPUT=$HOME_FOLDER/demo-training
TRACKING=sqlite:///$HOME_FOLDER/mlflow.db
QUESTION='After how many seconds does nginx close an idle WebSocket?'

port=8000
once=0
server=

usage() {
  sed -n '5,6s/^# *//p' "${BASH_SOURCE[0]}"
  exit 2
}

# The pid of the demo's server if it still runs: the file may be old and its number used again.
running_server() {
  local pid
  pid=$(cat "$PID_FILE" 2>/dev/null) || return 1
  [[ -n $pid && $(readlink "/proc/$pid/exe" 2>/dev/null) == "$ROOT/$PROGRAM"* ]] || return 1
  echo "$pid"
}

stop_earlier() {
  local pid
  if pid=$(running_server); then
    stop_process "$pid" 30 || die "the demo server (pid $pid) did not stop within 30 s"
    say "stopped the demo server (pid $pid)"
  else
    say "no demo server is running"
  fi
  rm -f "$PID_FILE"
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

check_port() {
  local pid
  [[ $port =~ ^[0-9]{1,5}$ ]] && ((port <= 65535)) || die "port '$port' is no number from 0 to 65535"
  if ((port == 0)) || ! port_is_taken "$port"; then return; fi
  if pid=$(running_server); then
    die "port $port is taken, and a demo server of an earlier run is still there (pid $pid).
Stop it with 'make demo-stop', or choose another port: make demo PORT=$((port + 1))"
  fi
  die "port $port is taken by another program. Choose another: make demo PORT=$((port + 1))"
}

title() { printf '\n--- %s %s\n' "$1" "$(printf '%*s' $((74 - ${#1})) '' | tr ' ' -)"; }
wrapped() { fold -s -w 78 | sed 's/^/  /; s/ *$//'; }

build_programs() {
  title "Building (release)"
  if ! quietly build/logs/build-release.log build release liquid liquid-train; then
    tail -n 40 build/logs/build-release.log
    die "the build failed; the whole log is build/logs/build-release.log"
  fi
  say "  $PROGRAM"
  say "  $TRAINER"
}

# The folders' own READMEs are no content; LICENSE and NOTICE have no ending that would be read.
index_documents() {
  title "Indexing examples/docs"
  mkdir -p "$HOME_FOLDER"
  (cd examples/docs && "$ROOT/$PROGRAM" index add --index "$ROOT/$INDEX" --prune \
    --exclude README.md nginx prometheus) 2>&1 | tail -n 5 | wrapped
}

start_server() {
  title "Starting the server"
  nohup setsid "$ROOT/$PROGRAM" serve --index "$INDEX" --host 127.0.0.1 --port "$port" \
    --tracking-uri "$TRACKING" --tracking-experiment liquid-demo \
    >"$LOG" 2>&1 </dev/null &
  server=$!
  echo "$server" >"$PID_FILE"
  local waited=0
  until address=$(sed -n 's/.*"event":"listening".*"port":\([0-9]*\).*/\1/p' "$LOG" | head -n 1) &&
    [[ -n $address ]] && curl -sf -o /dev/null --max-time 2 "http://127.0.0.1:$address/health"; do
    kill -0 "$server" 2>/dev/null || {
      tail -n 10 "$LOG" >&2
      die "the server ended at once; its log is $LOG"
    }
    waited=$((waited + 1))
    ((waited < 150)) || die "the server does not answer after 15 s; its log is $LOG"
    sleep 0.1
  done
  address=http://127.0.0.1:$address
  say "  $address (pid $server, log $LOG)"
}

# ask EXPECTED: one request with curl; what it said goes to the screen, X-Cache must be EXPECTED.
ask() {
  local expected=$1 got seconds
  seconds=$(curl -sS -o "$HOME_FOLDER/demo-answer.json" -D "$HOME_FOLDER/demo-headers.txt" \
    -w '%{time_total}' -H 'Content-Type: application/json' \
    -d "{\"question\": \"$QUESTION\"}" "$address/ask")
  got=$(tr -d '\r' <"$HOME_FOLDER/demo-headers.txt" | awk -F ': ' 'tolower($1) == "x-cache" {print $2}')
  say "  X-Cache: ${got:-absent}     time: $(awk -v s="$seconds" 'BEGIN {printf "%.1f ms", s * 1000}')"
  "$PYTHON" - "$HOME_FOLDER/demo-answer.json" <<'PYTHON'
import json, sys, textwrap
reply = json.load(open(sys.argv[1], encoding="utf-8"))
def show(label, text):
    for paragraph in text.split("\n\n"):
        print(textwrap.fill(paragraph, 78, initial_indent=label, subsequent_indent="    "))
        label = "    "
show("  answer: ", reply.get("answer", json.dumps(reply)))
for source in reply.get("sources", []):
    show("  source: ", source)
print(f"  confidence: {reply['confidence']:.2f}   passages read: {reply['context_used']}")
PYTHON
  [[ $got == "$expected" ]] || die "X-Cache is '${got:-absent}', expected $expected"
}

# run WORDS…: the command as a user would type it, then what it says.
run() {
  say "  \$ liquid $*" | fold -s -w 78 | sed '2,$s/^/      /; s/ *$//'
  "$PROGRAM" "$@" 2>&1 | fold -s -w 80 | sed 's/ *$//'
}

train_tiny_model() {
  title "A tiny LFM2 with random weights, its tokenizer learnt from the documents"
  rm -rf "$MODEL" "$OUTPUT"
  run train new-model --preset tiny --tokenizer-from examples/docs/nginx examples/docs/prometheus --output "$MODEL"
  title "One epoch over questions about the documents, tracked in MLflow's format"
  run train --model "$MODEL" --data examples/finetune/docs.train.jsonl \
    --eval-data examples/finetune/docs.held-out.jsonl --epochs 1 --lora --lr 5e-3 --warmup-steps 4 \
    --logging-steps 4 --output-dir "$OUTPUT" --mlflow-experiment liquid-demo \
    --mlflow-tracking-uri "$TRACKING"
}

show_best_run() {
  title "The best run so far"
  run runs search --experiment-name liquid-demo --order-by 'metrics.final_train_loss ASC' \
    --max-results 1 --tracking-uri "$TRACKING"
  say "  In MLflow's own page: pip install mlflow, then"
  say "    mlflow ui --backend-store-uri $TRACKING" | fold -w 78
}

show_metrics() {
  title "GET /metrics"
  # The experiments' numbers are read aside, so that a scrape never waits: the second one has them.
  curl -sS -o /dev/null "$address/metrics"
  sleep 1
  curl -sS "$address/metrics" | "$PYTHON" -m json.tool | wrapped
}

abandon() {
  local status=$?
  if ((status != 0)) && [[ -n $server ]]; then
    kill -TERM "$server" 2>/dev/null || true
    rm -f "$PID_FILE"
  fi
  exit "$status"
}

finish() {
  if ((once)); then
    local status=0
    kill -TERM "$server"
    wait "$server" || status=$?
    rm -f "$PID_FILE"
    ((status == 0)) || die "the server ended with status $status on SIGTERM; its log is $LOG"
    title "Stopped"
    return
  fi
  title "Still running"
  say "  ask:   curl -s $address/ask -H 'Content-Type: application/json' \\"
  say "              -d '{\"question\": \"How do I reload the configuration of nginx?\"}'"
  say "  read:  $address/docs"
  say "  stop:  make demo-stop"
  say "$address"
}

while (($#)); do
  case $1 in
    --port) port=${2:-} && shift 2 || usage ;;
    --once) once=1 && shift ;;
    --stop) stop_earlier && exit 0 ;;
    *) usage ;;
  esac
done

check_port
trap abandon EXIT
tools/setup.sh
tools/setup.sh torch
build_programs
check_port
index_documents
start_server
title "POST /ask, the first time: computed"
say "  \"$QUESTION\""
ask MISS
title "POST /ask, the same question again: from the cache"
ask HIT
train_tiny_model
show_best_run
show_metrics
finish
