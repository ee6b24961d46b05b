// Batches on macOS, which has no call for them: one call for each message. A descriptor that comes along is inheritable
// until its flag is set, so a program that another thread executes in between gets it too.
#include <fcntl.h>
#include <sys/socket.h>

#include <cstring>

#include "transport/datagram_calls.h"

namespace readyloop::transport {

namespace {

void close_on_exec(const msghdr& header) noexcept {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(const_cast<msghdr*>(&header), part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      static_cast<void>(::fcntl(fd, F_SETFD, FD_CLOEXEC));
    }
  }
}

}  // namespace

const DatagramCalls READYLOOP_REAL(kDatagramCalls) = {
    [](int fd, Message* messages, int count) noexcept -> int {
      int received = 0;
      for (; received < count; ++received) {
        Message& message = messages[received];
        const ssize_t size = ::recvmsg(fd, &message.header, MSG_DONTWAIT);
        if (size < 0) break;
        message.size = static_cast<unsigned>(size);
        if (message.header.msg_controllen > 0) close_on_exec(message.header);
        // The end of a connection is no message, and would be received for ever.
        if (size == 0) return received + 1;
      }
      return received > 0 ? received : -1;
    },
    [](int fd, Message* messages, int count) noexcept -> int {
      int sent = 0;
      for (; sent < count; ++sent) {
        const ssize_t size = ::sendmsg(fd, &messages[sent].header, MSG_DONTWAIT);
        if (size < 0) break;
        messages[sent].size = static_cast<unsigned>(size);
      }
      return sent > 0 ? sent : -1;
    },
    [](int fd, const void* bytes, std::size_t size, const sockaddr* to, socklen_t length) noexcept -> ssize_t {
      return ::sendto(fd, bytes, size, MSG_DONTWAIT, to, length);
    },
    [](int) noexcept -> bool { return false; },
    [](msghdr&, SegmentControl&, std::uint16_t) noexcept {},
};

}  // namespace readyloop::transport
