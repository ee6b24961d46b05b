#!/usr/bin/env bash
# Builds the native core with its tests and its stress program, and runs them under ctest, once for every selector of
# the build. Needs no Node. Installs CMake and doctest from Debian's packages when they are missing and it may.
#
#   scripts/test_native.sh [plain|asan|tsan|poll|kqueue|all] [ctest arguments…]
#
# plain   the build that `npm test` runs
# asan    with AddressSanitizer and UndefinedBehaviorSanitizer
# tsan    with ThreadSanitizer
# poll    poll(2) as the build's own default selector
# kqueue  the kqueue selector on Linux, on the small kqueue emulation in test/native/kqueue_emulation
set -euo pipefail
cd "$(dirname "$0")/.."

install_missing() {
  local packages=()
  command -v cmake >/dev/null || packages+=(cmake)
  [ -e /usr/include/doctest/doctest.h ] || [ -n "${DOCTEST_INCLUDE_DIR:-}" ] || packages+=(doctest-dev)
  [ ${#packages[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "test_native: ${packages[*]} missing; install it, or set DOCTEST_INCLUDE_DIR" >&2
    exit 1
  fi
  # The list of packages may be old or not there yet: the second try refreshes it.
  apt-get install -y -qq "${packages[@]}" >/dev/null 2>&1 && return 0
  apt-get update -qq >/dev/null
  apt-get install -y -qq "${packages[@]}" >/dev/null
}

test_kind() {
  local kind=$1
  shift
  local build=build/native-$kind options=()
  case $kind in
    plain) ;;
    asan) options+=(-DREADYLOOP_SANITIZE=address) ;;
    tsan) options+=(-DREADYLOOP_SANITIZE=thread) ;;
    poll) options+=(-DREADYLOOP_SELECTOR=poll) ;;
    kqueue) options+=(-DREADYLOOP_SELECTOR=kqueue -DREADYLOOP_KQUEUE_LIBRARY=test) ;;
    *) echo "test_native: unknown kind $kind" >&2 && exit 2 ;;
  esac
  [ -z "${DOCTEST_INCLUDE_DIR:-}" ] || options+=("-DDOCTEST_INCLUDE_DIR=$DOCTEST_INCLUDE_DIR")
  # A build directory keeps the generator that it was made with.
  if [ ! -e "$build/CMakeCache.txt" ] && command -v ninja >/dev/null; then options+=(-G Ninja); fi
  echo "native core: $kind"
  mkdir -p "$build"
  cmake -S . -B "$build" "${options[@]}" >"$build/configure.log" || { cat "$build/configure.log"; exit 1; }
  cmake --build "$build" -j 2 >"$build/build.log" || { cat "$build/build.log"; exit 1; }
  ctest --test-dir "$build" --output-on-failure -j 2 "$@"
}

install_missing
kind=${1:-plain}
shift || true
if [ "$kind" = all ]; then
  for each in plain asan tsan poll kqueue; do test_kind "$each" "$@"; done
else
  test_kind "$kind" "$@"
fi
