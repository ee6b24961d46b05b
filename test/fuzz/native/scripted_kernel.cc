// See scripted_kernel.h.
#include "fuzz/native/scripted_kernel.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace readyloop::fuzz {

namespace {

int fail(int error) noexcept {
  errno = error;
  return -1;
}

ScriptedSocket& socket_of(int fd) {
  const auto found = kernel().sockets.find(fd);
  expect(found != kernel().sockets.end(), "a call is for an open descriptor");
  return found->second;
}

ScriptedKernel::Fault next(std::deque<ScriptedKernel::Fault>& faults) {
  if (faults.empty()) return {};
  const ScriptedKernel::Fault fault = faults.front();
  faults.pop_front();
  return fault;
}

int open_socket(int, int) noexcept {
  const int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  expect(fd >= 0, "the machine has a descriptor");
  kernel().sockets[fd] = ScriptedSocket{};
  return fd;
}

int accept_nobody(int, sockaddr*, socklen_t*) noexcept { return fail(EAGAIN); }

int connect_socket(int fd, const sockaddr*, socklen_t) noexcept {
  ScriptedSocket& socket = socket_of(fd);
  const int error = std::exchange(kernel().connect_error, 0);
  socket.connecting = error == EINPROGRESS || error == EINTR;
  return error == 0 ? 0 : fail(error);
}

int agree(int, const sockaddr*, socklen_t) noexcept { return 0; }
int listen_on(int, int) noexcept { return 0; }

ssize_t receive_bytes(int fd, void* buffer, std::size_t size) noexcept {
  ScriptedSocket& socket = socket_of(fd);
  const ScriptedKernel::Fault fault = next(kernel().receives);
  if (fault.error != 0) {
    if (fault.error == ECONNRESET) socket.is_reset = true;
    return fail(fault.error);
  }
  if (socket.to_receive.empty()) {
    if (socket.error != 0) return fail(std::exchange(socket.error, 0));
    if (socket.is_reset || socket.peer_ended) return 0;
    return fail(EAGAIN);
  }
  const std::size_t count = std::min({size, fault.limit, socket.to_receive.size()});
  const auto end = socket.to_receive.begin() + static_cast<std::ptrdiff_t>(count);
  std::copy(socket.to_receive.begin(), end, static_cast<std::uint8_t*>(buffer));
  socket.to_receive.erase(socket.to_receive.begin(), end);
  return static_cast<ssize_t>(count);
}

ssize_t send_bytes(int fd, const iovec* parts, int count) noexcept {
  ScriptedSocket& socket = socket_of(fd);
  expect(!socket.connecting, "nothing is sent before the connection is there");
  expect(!socket.is_shut_down, "nothing is sent behind the end");
  const ScriptedKernel::Fault fault = next(kernel().sends);
  if (fault.error == ECONNRESET) socket.is_reset = true;
  if (fault.error != 0) return fail(fault.error);
  if (socket.error != 0) return fail(std::exchange(socket.error, 0));
  if (socket.is_reset) return fail(EPIPE);
  std::size_t left = std::min(socket.room, fault.limit);
  if (left == 0) return fail(EAGAIN);
  ssize_t total = 0;
  for (int i = 0; i < count && left > 0; ++i) {
    const std::size_t taken = std::min(left, parts[i].iov_len);
    const auto* bytes = static_cast<const std::uint8_t*>(parts[i].iov_base);
    socket.sent.insert(socket.sent.end(), bytes, bytes + taken);
    left -= taken;
    socket.room -= taken;
    total += static_cast<ssize_t>(taken);
  }
  return total;
}

int shut_down(int fd) noexcept {
  ScriptedSocket& socket = socket_of(fd);
  expect(!socket.connecting, "the end comes behind the connection");
  socket.is_shut_down = true;
  return socket.is_reset ? fail(ENOTCONN) : 0;
}

int take_error(int fd) noexcept { return std::exchange(socket_of(fd).error, 0); }
int no_duplicate(int) noexcept { return fail(EMFILE); }
int no_reserve() noexcept { return -1; }

}  // namespace

std::uint8_t ScriptedKernel::readiness(int fd) const {
  const auto found = sockets.find(fd);
  expect(found != sockets.end(), "only open descriptors are registered");
  const ScriptedSocket& socket = found->second;
  if (socket.connecting) return 0;
  std::uint8_t bits = 0;
  if (!socket.to_receive.empty() || socket.peer_ended || socket.is_reset || socket.error != 0) bits |= selector::kReadable;
  if (socket.room > 0 || socket.is_reset || socket.error != 0) bits |= selector::kWritable;
  if (socket.is_reset || (socket.peer_ended && socket.is_shut_down)) bits |= selector::kHangup;
  if (socket.error != 0) bits |= selector::kError;
  return bits;
}

std::size_t ScriptedKernel::open_sockets() {
  for (auto at = sockets.begin(); at != sockets.end();) {
    at = ::fcntl(at->first, F_GETFD) < 0 ? sockets.erase(at) : std::next(at);
  }
  return sockets.size();
}

ScriptedKernel& kernel() {
  static ScriptedKernel instance;
  return instance;
}

const transport::SocketCalls kScriptedCalls = {
    open_socket, accept_nobody, connect_socket, agree,      listen_on,    receive_bytes, send_bytes,
    receive_bytes, send_bytes,  shut_down,      take_error, no_duplicate, no_reserve,
};

base::Status ScriptedSelector::register_fd(int fd, base::Token token, selector::Interest interest) noexcept {
  if (const int error = std::exchange(kernel().refuse_interest, 0)) return base::Status(error, "register");
  registrations[fd] = Registration{token, interest, true};
  return {};
}

base::Status ScriptedSelector::modify_fd(int fd, base::Token token, selector::Interest interest) noexcept {
  if (const int error = std::exchange(kernel().refuse_interest, 0)) return base::Status(error, "modify");
  const auto found = registrations.find(fd);
  if (found == registrations.end()) return base::Status(ENOENT, "modify");
  interest.mode = found->second.interest.mode;
  found->second = Registration{token, interest, true};
  return {};
}

base::Status ScriptedSelector::deregister_fd(int fd) noexcept {
  registrations.erase(fd);
  return {};
}

base::Status ScriptedSelector::select(base::Duration, std::vector<selector::Event>& ready) noexcept {
  ready.clear();
  for (auto& [fd, registration] : registrations) {
    if (!registration.armed) continue;
    std::uint8_t wanted = selector::kHangup | selector::kError;
    if (registration.interest.readable) wanted |= selector::kReadable;
    if (registration.interest.writable) wanted |= selector::kWritable;
    const std::uint8_t bits = look_(fd) & wanted;
    if (bits == 0) continue;
    if (held_back > 0) {
      --held_back;
      continue;
    }
    ready.push_back(selector::Event{registration.token, selector::Readiness{bits}});
    if (registration.interest.mode == selector::Mode::kOneShot) registration.armed = false;
  }
  held_back = 0;
  return {};
}

}  // namespace readyloop::fuzz
