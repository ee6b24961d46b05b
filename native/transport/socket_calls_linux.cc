// Sockets on Linux, where every flag can be set by the call that makes the descriptor. Writing to a pipe has no flag
// against SIGPIPE.
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "transport/socket_calls.h"

namespace readyloop::transport {

const int kKeepIdleOption = TCP_KEEPIDLE;

namespace {

// Quirk: the signal goes to the thread that writes, and stays pending while it is blocked. So it is taken back there, and
// nothing that the program decided for the whole process is touched. One that was pending before is somebody else's.
// (stream_kind_test: "a pipe that nobody reads…")
ssize_t write_guarded(int fd, const iovec* parts, int count) noexcept {
  sigset_t broken_pipe;
  sigset_t before;
  sigset_t pending;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  ::sigpending(&pending);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
  const ssize_t sent = ::writev(fd, parts, count);
  const int error = errno;
  if (sent < 0 && error == EPIPE && sigismember(&pending, SIGPIPE) == 0) {
    const timespec at_once{0, 0};
    while (::sigtimedwait(&broken_pipe, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return sent;
}

// Node ignores the signal, and then there is nothing to guard against. It is asked each time, because a program may
// listen for it and stop listening.
ssize_t write_quietly(int fd, const iovec* parts, int count) noexcept {
  struct sigaction current {};
  if (::sigaction(SIGPIPE, nullptr, &current) == 0 && (current.sa_flags & SA_SIGINFO) == 0 &&
      current.sa_handler == SIG_IGN) {
    return ::writev(fd, parts, count);
  }
  return write_guarded(fd, parts, count);
}

}  // namespace

const bool kWriterHearsHangup = true;

void prepare_writer(int) noexcept {}

const SocketCalls READYLOOP_REAL(kSocketCalls) = {
    [](int domain, int type) noexcept -> int { return ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); },
    [](int fd, sockaddr* address, socklen_t* length) noexcept -> int {
      return ::accept4(fd, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    },
    [](int fd, const sockaddr* address, socklen_t length) noexcept -> int { return ::connect(fd, address, length); },
    [](int fd, const sockaddr* address, socklen_t length) noexcept -> int { return ::bind(fd, address, length); },
    [](int fd, int backlog) noexcept -> int { return ::listen(fd, backlog); },
    [](int fd, void* buffer, std::size_t size) noexcept -> ssize_t { return ::recv(fd, buffer, size, 0); },
    [](int fd, const iovec* parts, int count) noexcept -> ssize_t {
      if (count == 1) return ::send(fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL);
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(parts);
      message.msg_iovlen = static_cast<std::size_t>(count);
      return ::sendmsg(fd, &message, MSG_NOSIGNAL);
    },
    [](int fd, void* buffer, std::size_t size) noexcept -> ssize_t { return ::read(fd, buffer, size); },
    write_quietly,
    [](int fd) noexcept -> int { return ::shutdown(fd, SHUT_WR); },
    take_socket_error,
    duplicate,
    open_reserve,
};

}  // namespace readyloop::transport
