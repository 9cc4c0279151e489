#!/usr/bin/env bash
# The entry point for developers. Usage: scripts/check.sh [quick|fmt|fix|tidy|dev|newest|release|asan|tsan|fresh|all]
#   quick    formatting, floors, build and all tests but the end-to-end ones (the default; before a commit)
#   fmt fix  is all formatted?, format all
#   tidy     floors, shellcheck and clang-tidy
#   dev release asan tsan   build and all tests in that preset
#   newest   the build in dev against the newest headers that apt offers (scripts/newest_headers.py)
#   fresh    both commands of the README in a bare Debian with today's packages (scripts/fresh.sh; as root)
#   all      fmt, tidy, dev, newest, release, asan, tsan, fresh (before a merge)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cpp_files() { # TOP…: NUL-separated
  local tops=() top
  for top in "$@"; do if [[ -d "$top" ]]; then tops+=("$top"); fi; done
  find "${tops[@]}" -name '*.[ch]pp' -print0
}
in_batches() { xargs -0 --no-run-if-empty -P "$(nproc)" -n 4 "$@"; }

fmt() { cpp_files include src tests examples bench | xargs -0 clang-format --dry-run --Werror; }
fix() { cpp_files include src tests examples bench | xargs -0 clang-format -i; }
floors() { python3 scripts/tidy.py .; }
tidy() {
  floors
  shellcheck scripts/*.sh .ci/run examples/shop/front/start.sh
  cmake --preset dev -B build/tidy -DALDER_UNITY=OFF # it has to know how each source is compiled
  cpp_files src tests | grep -zE '\.cpp$' | in_batches clang-tidy -p build/tidy --quiet
}
preset() { # NAME
  cmake --preset "$1" -DALDER_TESTS=ON -DALDER_BENCH=ON # nothing else compiles the benches
  cmake --build --preset "$1"
  ctest --preset "$1" --parallel "$(nproc)"
}
# Without a limit of time: all sources that include a header that differs.
newest() {
  cmake --preset dev
  cmake --build --preset dev
  python3 scripts/newest_headers.py build/dev 86400
}
fresh() { scripts/fresh.sh; }
quick() {
  step fmt
  step floors
  cmake --preset dev >/dev/null
  cmake --build --preset dev
  ctest --preset quick --parallel "$(nproc)"
}
all() {
  local name
  for name in fmt tidy dev newest release asan tsan fresh; do step "$name"; done
}

# Runs one check and says how it went; its output only when it failed, but the versions of packages that were tried.
step() { # NAME
  local log status=0
  log="$(mktemp)"
  printf '%-8s ' "$1"
  scripts/check.sh "only-$1" >"$log" 2>&1 || status=$?
  if [[ $status -eq 0 ]]; then
    echo ok
    if [[ "$1" == fresh ]]; then sed -n '/^## What they installed/,$p' "$log"; fi
  else
    echo FAILED
    cat "$log"
  fi
  rm -f "$log"
  return "$status"
}

if [[ "${1:-}" != only-* ]]; then scripts/packages.sh build test dev; fi
case "${1:-quick}" in
  quick | all) "${1:-quick}" ;;
  fmt | tidy | dev | newest | release | asan | tsan | fresh) step "$1" ;;
  fix) fix ;;
  only-fmt | only-floors | only-tidy | only-newest | only-fresh) "${1#only-}" ;;
  only-*) preset "${1#only-}" ;;
  *)
    sed -n '2,/^set/{/^#/p}' scripts/check.sh >&2
    exit 2
    ;;
esac
