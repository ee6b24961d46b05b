// What macOS has, and what a build against a kqueue emulation has elsewhere: kqueue, and poll(2).
#include "selector/backends.h"

namespace readyloop::selector {

const Backend kBackends[] = {
    {"kqueue", open_kqueue, open_kqueue_waker},
    {"poll", open_poll, open_pipe_waker},
    {"", nullptr, nullptr},
};

}  // namespace readyloop::selector
