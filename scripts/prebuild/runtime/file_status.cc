// stat and its like for binaries that run on glibc before 2.33, where these names are not in the shared library: a program
// brings them along. glibc's own come from a static library, under another licence, and as the cross compiler builds that
// one, they note a failure in an errno of their own that nobody reads. What they call is in every glibc.
#include <sys/stat.h>

namespace {

// Which layout of `struct stat` is meant: the newest one, of each machine.
#if defined(__x86_64__) || defined(__powerpc64__)
constexpr int kLayout = 1;
#elif defined(__arm__)
constexpr int kLayout = 3;
#elif defined(__aarch64__)
constexpr int kLayout = 0;
#else
#error "whoever adds a machine looks this up in the glibc of that machine: _STAT_VER_LINUX"
#endif

}  // namespace

extern "C" {

int __xstat64(int layout, const char* path, struct stat64* status);
int __fxstat64(int layout, int descriptor, struct stat64* status);
int __lxstat64(int layout, const char* path, struct stat64* status);

// Large files are asked for, and then the names with 64 are what is called. On 64-bit machines the others are the same
// functions; on others they would be about another structure, and are left out.
#define HIDDEN __attribute__((visibility("hidden")))
HIDDEN int stat64(const char* path, struct stat64* status) noexcept { return __xstat64(kLayout, path, status); }
HIDDEN int fstat64(int descriptor, struct stat64* status) noexcept { return __fxstat64(kLayout, descriptor, status); }
HIDDEN int lstat64(const char* path, struct stat64* status) noexcept { return __lxstat64(kLayout, path, status); }

}  // extern "C"
