#!/usr/bin/env bash
# Runs the native stress program for each selector of the build, for a bounded time (5 seconds each, unless --seconds says
# otherwise). The kinds of build are explained in native_build.sh; a run is repeated with the seed that it prints.
#
#   scripts/stress_native.sh [plain|asan|tsan|kqueue] [--seconds N] [--seed N]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/native_build.sh

kind=plain
if [ $# -gt 0 ] && [ "${1#--}" = "$1" ]; then
  kind=$1
  shift
fi
build_native "$kind"
selectors="epoll poll"
[ "$kind" != kqueue ] || selectors="kqueue poll"
for selector in $selectors; do
  "build/native-$kind/test/stress/native/native_stress" --selector "$selector" "$@"
done
