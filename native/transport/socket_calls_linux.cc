// Sockets on Linux, where every flag can be set by the call that makes the descriptor.
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "transport/socket_calls.h"

namespace readyloop::transport {

const int kKeepIdleOption = TCP_KEEPIDLE;

const SocketCalls kSocketCalls = {
    [](int domain, int type) noexcept -> int { return ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); },
    [](int fd, sockaddr* address, socklen_t* length) noexcept -> int {
      return ::accept4(fd, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    },
    [](int fd, const sockaddr* address, socklen_t length) noexcept -> int { return ::connect(fd, address, length); },
    [](int fd, void* buffer, std::size_t size) noexcept -> ssize_t { return ::recv(fd, buffer, size, 0); },
    [](int fd, const iovec* parts, int count) noexcept -> ssize_t {
      if (count == 1) return ::send(fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL);
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(parts);
      message.msg_iovlen = static_cast<std::size_t>(count);
      return ::sendmsg(fd, &message, MSG_NOSIGNAL);
    },
};

}  // namespace readyloop::transport
