// What is the same on every system. See socket_calls.h.
#include "transport/socket_calls.h"

#include <fcntl.h>
#include <netinet/in.h>

#include <cerrno>

namespace readyloop::transport {

int take_socket_error(int fd) noexcept {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

void set_option(int fd, int level, int name, int value) noexcept {
  static_cast<void>(::setsockopt(fd, level, name, &value, sizeof value));
}

void set_keep_alive(int fd, int idle_seconds) noexcept {
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, idle_seconds >= 0 ? 1 : 0);
  if (idle_seconds > 0) set_option(fd, IPPROTO_TCP, kKeepIdleOption, idle_seconds);
}

int duplicate(int fd) noexcept {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return -1;
  // The flag belongs to the file, so the descriptor that was copied becomes non-blocking as well.
  const int flags = ::fcntl(copy, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) static_cast<void>(::fcntl(copy, F_SETFL, flags | O_NONBLOCK));
  return copy;
}

int open_reserve() noexcept { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace readyloop::transport
