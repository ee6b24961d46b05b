// What macOS has, and what a build against a kqueue emulation has elsewhere: kqueue, and poll(2). Each brings the waker
// that suits it; nothing else about the systems belongs here.
#include "selector/backends.h"

namespace readyloop::selector {

const Backend kBackends[] = {
    {"kqueue", open_kqueue, open_kqueue_waker},
    {"poll", open_poll, open_pipe_waker},
    {"", nullptr, nullptr},
};

}  // namespace readyloop::selector
