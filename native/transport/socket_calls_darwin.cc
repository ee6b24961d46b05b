// Sockets on macOS: flags are set after birth, so a program that another thread executes in between inherits the
// descriptor; and SIGPIPE is an option of the socket.
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/socket_calls.h"

namespace readyloop::transport {

const int kKeepIdleOption = TCP_KEEPALIVE;

namespace {

int prepared(int fd) noexcept {
  if (fd < 0) return fd;
  const int on = 1;
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
      ::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) == 0) {
    return fd;
  }
  ::close(fd);
  return -1;
}

}  // namespace

// The selector has no event for it.
const bool kWriterHearsHangup = false;

void prepare_writer(int fd) noexcept { static_cast<void>(::fcntl(fd, F_SETNOSIGPIPE, 1)); }

const SocketCalls READYLOOP_REAL(kSocketCalls) = {
    [](int domain, int type) noexcept -> int { return prepared(::socket(domain, type, 0)); },
    [](int fd, sockaddr* address, socklen_t* length) noexcept -> int {
      return prepared(::accept(fd, address, length));
    },
    [](int fd, const sockaddr* address, socklen_t length) noexcept -> int { return ::connect(fd, address, length); },
    [](int fd, const sockaddr* address, socklen_t length) noexcept -> int { return ::bind(fd, address, length); },
    [](int fd, int backlog) noexcept -> int { return ::listen(fd, backlog); },
    [](int fd, void* buffer, std::size_t size) noexcept -> ssize_t { return ::recv(fd, buffer, size, 0); },
    [](int fd, const iovec* parts, int count) noexcept -> ssize_t {
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(parts);
      message.msg_iovlen = count;
      return ::sendmsg(fd, &message, 0);
    },
    [](int fd, void* buffer, std::size_t size) noexcept -> ssize_t { return ::read(fd, buffer, size); },
    [](int fd, const iovec* parts, int count) noexcept -> ssize_t { return ::writev(fd, parts, count); },
    [](int fd) noexcept -> int { return ::shutdown(fd, SHUT_WR); },
    take_socket_error,
    duplicate,
    open_reserve,
};

}  // namespace readyloop::transport
