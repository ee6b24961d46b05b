// The few system calls that several files share, as a table of function pointers. The table is constant
// in a program; a test hands its own to the object under test and so injects EINTR, EAGAIN or a failing
// descriptor. Calls that belong to one backend have a table of their own beside that backend.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>

#include "base/fd.h"
#include "base/seam.h"

namespace readyloop::base {

struct Syscalls {
  ssize_t (*read)(int fd, void* buffer, std::size_t size) noexcept;
  ssize_t (*write)(int fd, const void* bytes, std::size_t size) noexcept;
  int (*fstat)(int fd, struct stat* out) noexcept;
  Result<Pipe> (*open_pipe)() noexcept;
};

extern const Syscalls kSyscalls;
extern const Syscalls READYLOOP_REAL(kSyscalls);  // see base/seam.h

}  // namespace readyloop::base
