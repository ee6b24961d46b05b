#!/usr/bin/env bash
# Runs the native tests in a build whose system calls are interrupted by seed: EINTR, EAGAIN, short counts, less
# readiness at a time (test/native/faults). Each selector runs with each seed. A test of native code says what one turn
# does, and an interruption may put that off to the next; so a test that fails is run again, with other choices, and must
# pass in one of five runs. A crash, a hang and whatever a sanitizer reports fail at once. Tests that count calls are
# left out by name: test/native/faults/skipped.txt.
#
#   scripts/test_native_faults.sh [--seed N] [--seeds COUNT] [--rate FAULTS_IN_A_THOUSAND]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/native_build.sh

seed=$((RANDOM * 32768 + RANDOM))
seeds=3
export READYLOOP_FAULT_RATE=50
while [ $# -gt 0 ]; do
  case $1 in
    --seed) seed=$2 seeds=1 ;;
    --seeds) seeds=$2 ;;
    --rate) READYLOOP_FAULT_RATE=$2 ;;
    *) echo "test_native_faults: unknown option $1" >&2 && exit 2 ;;
  esac
  shift 2
done

build_native faults
log=$(mktemp)
trap 'rm -f "$log"' EXIT
skipped=$(sed -n 's/ | .*//p' test/native/faults/skipped.txt | paste -sd,)
passed=0
failed=0

# run FILTER…: one run; the names of the tests that failed are left in `failures`, as a filter. A run that ends in another
# way than with failed tests is a failure of its own.
run() {
  local status=0
  timeout 120 build/native-faults/test/native/native_tests --no-intro --no-version "-tce=$skipped" "$@" >"$log" 2>&1 ||
    status=$?
  failures=$(sed -n 's/^TEST CASE:  *//p' "$log" | sort -u | tr ',' '?' | paste -sd,)
  if [ "$status" -gt 1 ] || { [ "$status" = 1 ] && [ -z "$failures" ]; } || grep -q 'CRASHED\|runtime error' "$log"; then
    tail -60 "$log"
    return 1
  fi
}

for ((i = 0; i < seeds; i++)); do
  for selector in epoll poll; do
    export READYLOOP_SELECTOR=$selector READYLOOP_FAULT_SEED=$((seed + i))
    echo "READYLOOP_FAULT_SEED=$READYLOOP_FAULT_SEED READYLOOP_FAULT_RATE=$READYLOOP_FAULT_RATE READYLOOP_SELECTOR=$selector"
    run || { failed=$((failed + 1)); continue; }
    passed=$((passed + $(sed -n 's/.*test cases: *\([0-9]*\) .*/\1/p' "$log")))
    for again in 1 2 3 4; do
      [ -n "$failures" ] || break
      READYLOOP_FAULT_SEED=$((seed + i + again * 1000000)) run "-tc=$failures" || { failures="a crash"; break; }
    done
    [ -z "$failures" ] || { echo "still failing: $failures"; failed=$((failed + 1)); }
  done
done
count=$(grep -c '^[^#].* | ' test/native/faults/skipped.txt)
echo "not run: $count native tests that count: faults change what they count; test/native/faults/skipped.txt has each reason"
echo "$((passed - failed)) passed, $failed failed"
[ "$failed" = 0 ]
