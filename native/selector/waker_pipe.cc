// The waker of every POSIX system: a pipe to ourselves. How it wakes is in FdWaker; this file only opens it.
#include "selector/backends.h"
#include "selector/waker_fd.h"

namespace readyloop::selector {

base::Result<std::unique_ptr<Waker>> open_pipe_waker(const Selector& /*selector*/) noexcept {
  base::Result<base::Pipe> pipe = base::kSyscalls.open_pipe();
  if (!pipe.ok()) return pipe.status();
  base::Pipe ends = pipe.take();
  return std::unique_ptr<Waker>(new FdWaker(std::move(ends.reader), std::move(ends.writer), base::kSyscalls));
}

}  // namespace readyloop::selector
