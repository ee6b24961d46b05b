// The wait of poll(2) on Linux: ppoll takes nanoseconds. It is used for its timeout only; no signal mask is changed.
#include "selector/poll_wait.h"
#include "selector/timeout.h"

namespace readyloop::selector {

const PollSyscalls READYLOOP_REAL(kPollSyscalls) = {
    [](pollfd* polled, nfds_t count, base::Duration timeout) noexcept -> int {
      const timespec time = to_timespec(timeout);
      return ::ppoll(polled, count, &time, nullptr);
    },
};

}  // namespace readyloop::selector
