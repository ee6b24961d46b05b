// poll(2) with the finest timeout that the system has. Each system has its own file, and the table can be replaced by
// a test.
#pragma once

#include <poll.h>

#include "base/instant.h"
#include "base/seam.h"

namespace readyloop::selector {

struct PollSyscalls {
  int (*wait)(pollfd* polled, nfds_t count, base::Duration timeout) noexcept;
};

extern const PollSyscalls kPollSyscalls;
extern const PollSyscalls READYLOOP_REAL(kPollSyscalls);  // see base/seam.h

}  // namespace readyloop::selector
