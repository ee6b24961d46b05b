// stat and its like for binaries that run on glibc before 2.33, where these names are not in the shared library: a program
// brings them along. glibc's own come from a static library, under another licence, and as the cross compiler builds that
// one, they note a failure in an errno of their own that nobody reads. What they call is in every glibc.
#include <sys/stat.h>

namespace {

// Which layout of `struct stat` is meant: the only one that 64-bit machines ever had.
#if defined(__x86_64__)
constexpr int kLayout = 1;
#else
constexpr int kLayout = 0;
#endif

}  // namespace

extern "C" {

int __xstat(int layout, const char* path, struct stat* status);
int __fxstat(int layout, int descriptor, struct stat* status);
int __lxstat(int layout, const char* path, struct stat* status);

// The names with 64 are what they are called where large files were asked for; it is the same structure.
#define HIDDEN __attribute__((visibility("hidden")))
HIDDEN int stat(const char* path, struct stat* status) noexcept { return __xstat(kLayout, path, status); }
HIDDEN int fstat(int descriptor, struct stat* status) noexcept { return __fxstat(kLayout, descriptor, status); }
HIDDEN int lstat(const char* path, struct stat* status) noexcept { return __lxstat(kLayout, path, status); }
HIDDEN int stat64(const char* path, struct stat64* status) noexcept {
  return __xstat(kLayout, path, reinterpret_cast<struct stat*>(status));
}
HIDDEN int fstat64(int descriptor, struct stat64* status) noexcept {
  return __fxstat(kLayout, descriptor, reinterpret_cast<struct stat*>(status));
}
HIDDEN int lstat64(const char* path, struct stat64* status) noexcept {
  return __lxstat(kLayout, path, reinterpret_cast<struct stat*>(status));
}
static_assert(sizeof(struct stat) == sizeof(struct stat64), "a structure for all");

}  // extern "C"
