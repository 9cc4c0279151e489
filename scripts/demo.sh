#!/usr/bin/env bash
# Shows Alder at work on examples/shop: the cache dies, a worker dies, a supervisor gives up, everything ends.
# Usage: scripts/demo.sh [DIRECTORY]   with a DIRECTORY, the programs there are used and nothing is built
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

recover_seconds=30
kills_max=10
tree_file=examples/shop/alder.yaml

fail() {
  printf '\ndemo: %s\n' "$*" >&2
  exit 1
}
say() { printf '\n# %s\n' "$*"; }
# Prints a command, then runs it; its output is in $shown too.
show() {
  printf '\n$ %s\n' "$*"
  local status=0
  shown="$("$@" 2>&1)" || status=$?
  if [[ -n "$shown" ]]; then printf '%s\n' "$shown"; fi
  if [[ $status -ne 0 ]]; then fail "\`$*\` ended with $status"; fi
}
# Polls until a command says yes.
wait_until() { # SECONDS WHAT COMMAND…
  local deadline=$((SECONDS + $1)) what="$2"
  shift 2
  until "$@"; do
    if ((SECONDS >= deadline)); then
      alder tree || true
      alder events -n 30 || true
      fail "waited in vain until $what"
    fi
    sleep 0.1
  done
}

state() { python3 scripts/demo_state.py "$@"; }
tree_json() { alder tree --json; }
all_running() { tree_json | state all-running; }
pid_of() { tree_json | state pids | awk -v name="$1" '$1 == name { print $2 }'; }
gave_up() { alder events -n 1000 --json | state gave-up "$1"; }
has_new_pid() { # NAME OLD_PID
  local now
  now="$(pid_of "$1")"
  [[ -n "$now" && "$now" != "$2" ]]
}
recovered() { has_new_pid "$1" "$2" && all_running; }
ended_or_back() { gave_up jobs || recovered worker "$1"; }
nobody_left() { ! state alive <"$scratch/family" >/dev/null; }
remember_family() {
  local keeper
  keeper="$(alder info --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["keeper_pid"])')"
  state family "$keeper" >"$scratch/family"
}

cleanup() {
  local status=$?
  trap - EXIT INT TERM
  set +e # one thing that cannot be cleaned up must not keep the rest from it
  # After a story that went well nothing runs any more, and all of this finds nothing to do.
  if [[ -n "${ALDER_HOME:-}" ]] && command -v alder >/dev/null; then
    timeout 60 alder daemon stop >/dev/null 2>&1
    if [[ -s "$scratch/family" ]]; then
      state alive <"$scratch/family" | while read -r pid _; do kill -9 "$pid" 2>/dev/null; done
    fi
  fi
  rm -rf "$scratch"
  exit "$status"
}

# Ten ports in a row that nobody listens on, below those the kernel hands out by itself: prints the first, without its last
# digit.
free_ports() {
  python3 - <<'PYTHON'
import random, socket, sys

for _ in range(200):
    prefix = random.randrange(2000, 3200)
    try:
        for port in range(prefix * 10, prefix * 10 + 10):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        print(prefix)
        sys.exit(0)
    except OSError:
        pass
sys.exit("no free ports")
PYTHON
}

# Shows of ninja's output what has been done: on a terminal one line that counts, elsewhere every tenth step.
progress() {
  local line steps=0 wide=100
  if [[ -t 1 ]]; then wide="$(tput cols 2>/dev/null || echo 80)"; fi
  while IFS= read -r line; do
    if [[ ! "$line" =~ ^\[[0-9]+/[0-9]+, ]]; then continue; fi
    if [[ -t 1 ]]; then printf '\r%-*.*s' $((wide - 1)) $((wide - 1)) "$line"; else
      if ((steps % 10 == 0)); then printf '%s\n' "$line"; fi
    fi
    steps=$((steps + 1))
  done
  if [[ -t 1 ]]; then printf '\n'; fi
}
build() {
  scripts/packages.sh build demo
  say "Building the three programs (build/release): about ten minutes of one processor"
  local log="$scratch/build.log"
  if ! { cmake --preset release -DALDER_TESTS=OFF &&
    NINJA_STATUS="[%f/%t, %es] " cmake --build --preset release --target alder alderd alder-keeper; } 2>&1 |
    tee "$log" | progress; then
    tail -n 40 "$log" >&2
    fail "the build failed"
  fi
}

# Kills a service's process, waits until all is well again, and checks whose processes are new.
kill_and_watch() { # NAME EXPECTED_NEW
  local victim
  tree_json | state pids >"$scratch/before"
  victim="$(pid_of "$1")"
  show kill -9 "$victim"
  wait_until "$recover_seconds" "all of shop runs after the death of $1" recovered "$1" "$victim"
  show alder tree
  show alder events -n 12
  local new
  new="$(tree_json | state changed "$scratch/before")"
  say "New processes: $new"
  if [[ "$new" != "$2" ]]; then fail "expected new processes: $2"; fi
}

kill_until_given_up() {
  local round victim
  for ((round = 1; round <= kills_max; round++)); do
    victim="$(pid_of worker)"
    show kill -9 "$victim"
    wait_until "$recover_seconds" "the worker is back or jobs gave up" ended_or_back "$victim"
    if gave_up jobs; then return; fi
  done
  fail "jobs did not give up after $kills_max kills"
}

scratch="$(mktemp -d "${TMPDIR:-/tmp}/alder-demo.XXXXXX")"
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 711 "$scratch" # nginx' worker, which is another user under root, has its files below
if [[ $# -gt 0 ]]; then
  programs="$(cd "$1" && pwd)"
else
  build
  programs="$PWD/build/release/bin"
fi

ports="$(free_ports)"
export ALDER_HOME="$scratch/home" SHOP_DIR="$scratch/shop"
export API_PORTS="$ports" REDIS_PORT="${ports}7" HTTP_PORT="${ports}8" JOBS_PORT="${ports}9"
export PATH="$programs:$PATH" NO_COLOR=1 TERM=dumb LC_ALL=C.UTF-8
mkdir -m 700 "$ALDER_HOME"

say "A cache, a scheduler and its worker, an API in two instances behind nginx: started in order, each when the last is ready"
show alder up "$tree_file"
remember_family
wait_until "$recover_seconds" "all of shop runs" all_running
show alder tree

say "nginx asks both instances of the API in turn; they count in the cache"
show curl -sS --max-time 5 "http://127.0.0.1:$HTTP_PORT/"
first="$shown"
show curl -sS --max-time 5 "http://127.0.0.1:$HTTP_PORT/"
instance_in() { python3 -c 'import json, sys; print(json.loads(sys.argv[1])["instance"])' "$1"; }
if [[ "$(instance_in "$first")" == "$(instance_in "$shown")" ]]; then fail "both answers are of one instance"; fi

say "The cache dies. shop is rest_for_one: all that comes after the cache needs it and starts again"
kill_and_watch cache "cache scheduler worker api:0 api:1 front"
show curl -sS --max-time 5 "http://127.0.0.1:$HTTP_PORT/"

say "The worker dies. jobs is one_for_all: the scheduler starts again with it, nobody else notices"
kill_and_watch worker "scheduler worker"

say "One instance of the API dies. web and the pool are one_for_one: only it starts again"
kill_and_watch api:0 "api:0"

say "The worker dies again and again. jobs may restart 3 times within 30s, then it gives up and shop decides"
kill_until_given_up
wait_until "$recover_seconds" "all of shop runs after jobs gave up" all_running
show alder tree
show alder events -n 20

say "The end: all stops in reverse order"
remember_family
show alder down shop
show alder daemon stop
wait_until "$recover_seconds" "no process is left" nobody_left
say "None of the $(wc -l <"$scratch/family") processes is left. That was Alder."
