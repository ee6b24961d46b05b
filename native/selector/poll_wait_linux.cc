// Linux waits with nanoseconds: ppoll.
#include "selector/poll_wait.h"
#include "selector/timeout.h"

namespace readyloop::selector {

const PollSyscalls kPollSyscalls = {
    [](pollfd* polled, nfds_t count, base::Duration timeout) noexcept -> int {
      const timespec time = to_timespec(timeout);
      return ::ppoll(polled, count, &time, nullptr);
    },
};

}  // namespace readyloop::selector
