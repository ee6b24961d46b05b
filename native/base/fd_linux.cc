// Closing descriptors and opening pipes on Linux, where both calls do what one wants at once.
// Nothing else of Linux belongs here.
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"

namespace readyloop::base {

// EINTR is not retried: Linux has freed the number before it can be interrupted, so a second close() could hit a
// descriptor that another thread was just given. (fd_test: "Fd: closes exactly once")
void close_raw(int raw) noexcept { ::close(raw); }

Result<Pipe> open_pipe() noexcept {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return Status::from_errno("pipe2");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

}  // namespace readyloop::base
