// The wait of poll(2) on macOS, which has no ppoll: milliseconds, rounded up. So a timer can be up to a millisecond
// late with this backend, and never early.
#include "selector/poll_wait.h"
#include "selector/timeout.h"

namespace readyloop::selector {

const PollSyscalls READYLOOP_REAL(kPollSyscalls) = {
    [](pollfd* polled, nfds_t count, base::Duration timeout) noexcept -> int {
      return ::poll(polled, count, to_milliseconds_rounded_up(timeout));
    },
};

}  // namespace readyloop::selector
