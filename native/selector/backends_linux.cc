// What Linux has: epoll, and poll(2) for machines and containers that forbid epoll, and for tests.
// poll(2) wakes through a pipe although Linux has eventfd, so that the pair that every POSIX system can run is
// tested here too.
#include "selector/backends.h"

namespace readyloop::selector {

const Backend kBackends[] = {
    {"epoll", open_epoll, open_eventfd_waker},
    {"poll", open_poll, open_pipe_waker},
    {"", nullptr, nullptr},
};

}  // namespace readyloop::selector
