// Batches on Linux, one call for each.
#include <sys/socket.h>

#include <cstddef>

#include "transport/datagram_calls.h"

namespace readyloop::transport {

static_assert(sizeof(Message) == sizeof(mmsghdr) && offsetof(Message, size) == offsetof(mmsghdr, msg_len));

const DatagramCalls READYLOOP_REAL(kDatagramCalls) = {
    [](int fd, Message* messages, int count) noexcept -> int {
      return ::recvmmsg(fd, reinterpret_cast<mmsghdr*>(messages), static_cast<unsigned>(count),
                        MSG_DONTWAIT | MSG_CMSG_CLOEXEC, nullptr);
    },
    [](int fd, Message* messages, int count) noexcept -> int {
      return ::sendmmsg(fd, reinterpret_cast<mmsghdr*>(messages), static_cast<unsigned>(count),
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    },
};

}  // namespace readyloop::transport
