#!/usr/bin/env bash
# Asserts that an idle process makes no wake-ups: a hosted loop that is referenced, watches a descriptor and has armed a
# timer far away stays asleep, every thread of it. Linux only; needs build/Release/readyloop.node.
#
#   scripts/check_idle.sh [seconds]      (2 when nothing is said)
#
# A thread that wakes up and blocks again has been switched out once more, and the kernel counts that in
# /proc/<pid>/task/<tid>/status. To see which call woke: strace -f -ttt node …, where the window must show no line.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-2}
failed=0

read -r -d '' program <<'JS' || true
const binding = require(process.env.READYLOOP_NATIVE_PATH ?? './build/Release/readyloop.node');
const { headerWords, recordWords, capacityIndex } = binding.abi;
const ring = new ArrayBuffer((headerWords + 64 * recordWords) * 4);
new Int32Array(ring)[capacityIndex] = 64;
const loop = new binding.NativeLoop(ring, process.argv[1]);
loop.startHosted(() => process.exit(1), {});
loop.watch(0, 0, 1, 0, false);
loop.arm(2, 0, 3_600_000);
loop.ref();
console.log('idle');
JS

# Every switch of every thread since the process began.
count_switches() {
  cat /proc/"$1"/task/*/status | awk '/ctxt_switches/ { sum += $2 } END { print sum }'
}

for selector in $(node -p "require(process.env.READYLOOP_NATIVE_PATH ?? './build/Release/readyloop.node').selectors.join(' ')"); do
  # The descriptor that is watched is a pipe that stays silent and open until the process is ended.
  coproc idle { exec node -e "$program" "$selector"; }
  pid=$idle_PID
  read -r _ <&"${idle[0]}"
  sleep 0.5 # what Node does after its main script: first garbage, threads going to sleep
  before=$(count_switches "$pid")
  sleep "$seconds"
  after=$(count_switches "$pid")
  kill "$pid"
  wait "$pid" 2>/dev/null || true
  echo "$selector: $((after - before)) wake-ups in $seconds s"
  [ "$after" -eq "$before" ] || failed=1
done
exit $failed
