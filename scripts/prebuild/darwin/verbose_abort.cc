// libc++'s last words, for the darwin binaries alone: the headers of the cross compiler call this function of the C++
// runtime, which macOS has only since 13.3. A program may define it; the words are what the runtime would print.
#include <__verbose_abort>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace std {
inline namespace __1 {

[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) {
  va_list values;
  va_start(values, format);
  std::vfprintf(stderr, format, values);
  va_end(values);
  std::abort();
}

}  // namespace __1
}  // namespace std
