// Keeps the demangler out of the binary. The C++ runtime, which is linked in, prints the name of an exception that nobody
// caught, and carries a hundred kilobytes of code that makes such names readable. This code throws nothing. The linker
// takes this definition instead of the runtime's; "no memory" is an answer that every caller has to expect.
#include <cstddef>

extern "C" char* __cxa_demangle(const char*, char*, std::size_t*, int* status) {
  constexpr int kNoMemory = -1;
  if (status != nullptr) *status = kNoMemory;
  return nullptr;
}
