#!/usr/bin/env bash
# Runs the native tests under ctest, each file once for every selector of the build. The kinds of build are explained in
# native_build.sh; "all" runs one after the other.
#
#   scripts/test_native.sh [plain|asan|tsan|poll|kqueue|faults|all] [ctest arguments…]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/native_build.sh

kinds=${1:-plain}
shift || true
[ "$kinds" != all ] || kinds=$native_kinds
for kind in $kinds; do
  echo "native tests: $kind"
  build_native "$kind"
  ctest --test-dir "build/native-$kind" --output-on-failure -j 2 "$@"
done
