// Closing descriptors and opening pipes on macOS. Nothing else of macOS belongs here.
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"

// Plain close() is a cancellation point: in a thread that is being cancelled it can fail with EINTR without having
// closed anything, and the descriptor leaks. This variant cannot; the C library exports it without declaring it.
extern "C" int close_nocancel(int fd) __asm("_close$NOCANCEL");

namespace readyloop::base {

namespace {

[[nodiscard]] bool set_flags(int fd) noexcept {
  return ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

}  // namespace

void close_raw(int raw) noexcept { close_nocancel(raw); }

// There is no pipe2: a program that another thread executes between pipe() and fcntl() inherits the ends.
Result<Pipe> open_pipe() noexcept {
  int ends[2];
  if (::pipe(ends) != 0) return Status::from_errno("pipe");
  Pipe pipe{Fd(ends[0]), Fd(ends[1])};
  if (!set_flags(ends[0]) || !set_flags(ends[1])) return Status::from_errno("fcntl");
  return pipe;
}

}  // namespace readyloop::base
