// The real calls behind the table. They hand errno through and retry nothing: what EINTR means is decided by the
// caller.
#include "base/syscalls.h"

#include <unistd.h>

namespace readyloop::base {

const Syscalls READYLOOP_REAL(kSyscalls) = {
    [](int fd, void* buffer, std::size_t size) noexcept -> ssize_t { return ::read(fd, buffer, size); },
    [](int fd, const void* bytes, std::size_t size) noexcept -> ssize_t { return ::write(fd, bytes, size); },
    [](int fd, struct stat* out) noexcept -> int { return ::fstat(fd, out); },
    open_pipe,
};

}  // namespace readyloop::base
