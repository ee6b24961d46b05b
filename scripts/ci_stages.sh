# Sourced by .ci/run: runs stages one after the other, each with a time limit, and says at the end how many tests passed
# and failed, what was not run, and why. A stage that fails is counted and the next one goes on. For Linux: setsid, timeout
# and `tail --pid` are those of util-linux and GNU coreutils.
#
# A stage writes into a file that is followed, never into a pipe: what it leaves behind may hold its output open for ever,
# and nobody waits for that. It has a session of its own; what is left of its process group is ended when it is over.

logs="$(mktemp -d)"
export logs
passed=0
failed=0
failures=()
not_run=()
summary=()
stage_pid=

# stage NAME SECONDS COMMAND…
stage() {
  local name="$1" limit="$2" log="$logs/log" started=$SECONDS status follower told line
  shift 2
  echo "=== $name"
  : >"$log"
  setsid timeout --kill-after=10 "$limit" "$@" >"$log" 2>&1 </dev/null &
  stage_pid=$!
  # It ends with the stage.
  tail --lines=+1 --follow --sleep-interval=0.2 --pid="$stage_pid" "$log" &
  follower=$!
  wait "$stage_pid"
  status=$?
  wait "$follower"
  end_stage
  mapfile -t told < <(node scripts/count_tests.mjs "$log" "$status")
  local counts="${told[0]:-0 1}"
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
  summary+=("$(printf '%-46s %5ss  %5s passed %3s failed' "$name" $((SECONDS - started)) "${counts% *}" "${counts#* }")")
  for line in "${told[@]:1}"; do not_run+=("$name: ${line#not run: }"); done
  if [ "${counts#* }" != 0 ]; then failures+=("$name (exit status $status)"); fi
}

# Ends what a stage has left in its process group, and what still runs of it.
end_stage() {
  [ -z "$stage_pid" ] || kill -KILL -- "-$stage_pid" 2>/dev/null
  stage_pid=
}
trap 'end_stage; rm -rf "$logs"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The closing lines. The last one says how many tests passed and failed, and the exit status says the same.
conclude() {
  local line
  echo
  printf '%s\n' "${summary[@]}"
  echo "in all ${SECONDS}s"
  for line in "${not_run[@]}"; do echo "not run: $line"; done
  for line in "${failures[@]}"; do echo "failed: $line"; done
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ] && [ "$passed" != 0 ]
}
