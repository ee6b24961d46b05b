#!/usr/bin/env bash
# Asserts that an idle process makes no wake-ups: a hosted loop that is referenced, watches a descriptor and has armed a
# timer far away stays asleep, every thread of it, on each selector and with each driver. Linux only; needs
# build/Release/readyloop.node and dist/.
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
const { getRunningLoop, run, sleep } = require('./dist/index.js');
run(function* () {
  getRunningLoop().addReader(0, () => process.exit(1));
  // By now the loop has made turns, and has been changed from outside of a turn.
  yield* sleep(1);
  setImmediate(() => getRunningLoop().callSoon(() => console.log(getRunningLoop().metrics().driver)));
  yield* sleep(3_600_000);
});
JS

# Every switch of every thread since the process began.
count_switches() {
  cat /proc/"$1"/task/*/status | awk '/ctxt_switches/ { sum += $2 } END { print sum }'
}

names() {
  node -p "require(process.env.READYLOOP_NATIVE_PATH ?? './build/Release/readyloop.node').$1.join(' ')"
}

for selector in $(names selectors); do
  for driver in $(names drivers); do
    # The descriptor that is watched is a pipe that stays silent and open until the process is ended.
    coproc idle { READYLOOP_SELECTOR=$selector READYLOOP_DRIVER=$driver exec node -e "$program"; }
    pid=$idle_PID
    read -r said <&"${idle[0]}"
    [ "$said" = "$driver" ] || { echo "asked for $driver, got $said"; failed=1; }
    sleep 0.5 # what Node does after its main script: first garbage, threads going to sleep
    before=$(count_switches "$pid")
    sleep "$seconds"
    after=$(count_switches "$pid")
    kill "$pid"
    wait "$pid" 2>/dev/null || true
    echo "$selector, $driver: $((after - before)) wake-ups in $seconds s"
    [ "$after" -eq "$before" ] || failed=1
  done
done
exit $failed
