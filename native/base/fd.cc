// The portable part of Fd. What close(2) and pipe(2) need per system is in fd_linux.cc and fd_darwin.cc.
// It must not touch errno, so that a failing constructor path can still report its own error.
#include "base/fd.h"

#include <cerrno>

namespace readyloop::base {

void Fd::reset(int raw) noexcept {
  if (valid()) {
    const int kept = errno;
    close_raw(raw_);
    errno = kept;
  }
  raw_ = raw;
}

}  // namespace readyloop::base
