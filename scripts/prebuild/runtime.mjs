// The C++ runtime that is linked into each binary, so that it needs nobody's: the few files of LLVM's libc++ and libc++abi
// that the addon uses, from the sources in the cross compiler, compiled as the addon is, without exceptions; with
// runtime/allocation.cc for their operator new, which would throw, and for old glibc runtime/file_status.cc. All of libc++
// would be a hundred files for each target, and twice the size of the binary. What is missing here shows up in
// prebuild:check as a name that nobody has.
import path from 'node:path';

/** Paths below the cross compiler's `lib`. */
export const RUNTIME_SOURCES = [
  'libcxx/src/charconv.cpp',
  'libcxx/src/condition_variable.cpp',
  'libcxx/src/condition_variable_destructor.cpp',
  'libcxx/src/mutex.cpp',
  'libcxx/src/mutex_destructor.cpp',
  'libcxx/src/string.cpp',
  'libcxx/src/system_error.cpp',
  'libcxx/src/verbose_abort.cpp',
  'libcxxabi/src/abort_message.cpp',
  'libcxxabi/src/cxa_guard.cpp',
  'libcxxabi/src/cxa_virtual.cpp',
];

/** What some systems need besides, in runtime/. */
const OWN_SOURCES = { glibc: ['file_status.cc', 'unloading.cc'], musl: ['unloading.cc'] };

const FOLDER = path.join('scripts', 'prebuild', 'runtime');
const ours = (name) => ({ file: path.join(FOLDER, name), flags: ['-std=c++17', '-Wall', '-Wextra'] });

/** The sources for a target, with their flags, as compileAll takes them. */
export function runtimeSources(zig, target) {
  const library = path.join(zig, 'lib');
  const includes = ['libcxx/src', 'libcxxabi/include'].map((folder) => `-I${path.join(library, folder)}`);
  const building = ['-D_LIBCPP_BUILDING_LIBRARY', '-D_LIBCXXABI_BUILDING_LIBRARY', '-DLIBCXX_BUILDING_LIBCXXABI'];
  const flags = ['-std=c++20', '-DNDEBUG', ...building, ...includes];
  const own = ['allocation.cc', ...(OWN_SOURCES[target.libc ?? target.platform] ?? [])];
  return [...RUNTIME_SOURCES.map((file) => ({ file: path.join(library, file), flags })), ...own.map(ours)];
}
