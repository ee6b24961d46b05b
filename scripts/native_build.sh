# Sourced by test_native.sh and stress_native.sh: builds the native core, its tests and its stress program in one of the
# kinds below, each in a directory of its own, build/native-KIND. Needs no Node. Installs CMake and doctest from Debian's
# packages when they are missing and it may.
#
# plain   the build that `npm test` runs
# asan    with AddressSanitizer and UndefinedBehaviorSanitizer
# tsan    with ThreadSanitizer
# poll    poll(2) as the build's own default selector
# faults  with system calls that fail by seed, under AddressSanitizer and UBSan: see test/native/faults/fault_plan.h
# fuzz    the fuzz targets on libFuzzer, by clang, under AddressSanitizer and UBSan
# kqueue  the kqueue selector on Linux, on the small kqueue emulation in test/native/kqueue_emulation
native_kinds="plain asan tsan poll kqueue faults"

install_missing() {
  local packages=()
  command -v cmake >/dev/null || packages+=(cmake)
  [ -e /usr/include/doctest/doctest.h ] || [ -n "${DOCTEST_INCLUDE_DIR:-}" ] || packages+=(doctest-dev)
  [ ${#packages[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "native build: ${packages[*]} missing; install it, or set DOCTEST_INCLUDE_DIR" >&2
    exit 1
  fi
  # The list of packages may be old or not there yet: the second try refreshes it.
  apt-get install -y -qq "${packages[@]}" >/dev/null 2>&1 && return 0
  apt-get update -qq >/dev/null
  apt-get install -y -qq "${packages[@]}" >/dev/null
}

# Debian names a clang of a version with it when only that version is there.
find_clang() { command -v clang++ || command -v clang++-14 || ls /usr/bin/clang++-[0-9]* 2>/dev/null | tail -n 1; }

# build_native KIND
build_native() {
  local build=build/native-$1 options=()
  case $1 in
    plain) ;;
    asan) options+=(-DREADYLOOP_SANITIZE=address) ;;
    tsan) options+=(-DREADYLOOP_SANITIZE=thread) ;;
    poll) options+=(-DREADYLOOP_SELECTOR=poll) ;;
    faults) options+=(-DREADYLOOP_FAULTS=ON -DREADYLOOP_SANITIZE=address) ;;
    fuzz) options+=(-DREADYLOOP_FUZZ=ON -DREADYLOOP_SANITIZE=address "-DCMAKE_CXX_COMPILER=$(find_clang)") ;;
    kqueue) options+=(-DREADYLOOP_SELECTOR=kqueue -DREADYLOOP_KQUEUE_LIBRARY=test) ;;
    *) echo "native build: unknown kind $1; one of: $native_kinds" >&2 && exit 2 ;;
  esac
  install_missing
  [ -z "${DOCTEST_INCLUDE_DIR:-}" ] || options+=("-DDOCTEST_INCLUDE_DIR=$DOCTEST_INCLUDE_DIR")
  # A build directory keeps the generator that it was made with.
  if [ ! -e "$build/CMakeCache.txt" ] && command -v ninja >/dev/null; then options+=(-G Ninja); fi
  mkdir -p "$build"
  cmake -S . -B "$build" "${options[@]}" >"$build/configure.log" 2>&1 || { cat "$build/configure.log"; exit 1; }
  cmake --build "$build" -j 2 >"$build/build.log" 2>&1 || { cat "$build/build.log"; exit 1; }
}
