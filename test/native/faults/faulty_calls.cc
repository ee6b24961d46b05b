// The tables of system calls in a build with READYLOOP_FAULTS. Each call asks the plan, and then the real table.
//
// Invariant: nothing is injected that the kernel could not do. An interruption leaves the descriptor as it was, or has
// really done what it says; a connection that is said to be reset is reset, so that its peer sees it as well.
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/syscalls.h"
#include "faults/fault_plan.h"
#include "selector/epoll_syscalls.h"
#include "selector/poll_wait.h"
#include "transport/datagram_calls.h"
#include "transport/socket_calls.h"

namespace readyloop::faults {

namespace {

// Tests take it that a word which was sent at once is received at once, as loopback has it, so only what is longer is
// divided. (The fuzz target of streams divides everything.)
constexpr std::size_t kWord = 64;

std::size_t divided(std::size_t size) noexcept { return size <= kWord ? size : allowance(size); }

std::size_t divided_arrival(int fd, std::size_t room) noexcept {
  int waiting = 0;
  if (::ioctl(fd, FIONREAD, &waiting) != 0 || waiting <= static_cast<int>(kWord)) return room;
  return std::min(room, allowance(static_cast<std::size_t>(waiting)));
}

// -1 with this errno, in whatever type the call answers.
int fail(int error) noexcept {
  errno = error;
  return -1;
}

int family_of(int fd) noexcept {
  int family = AF_UNSPEC;
  socklen_t length = sizeof family;
  return ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length) == 0 ? family : AF_UNSPEC;
}

bool is_inet(int fd) noexcept {
  const int family = family_of(fd);
  return family == AF_INET || family == AF_INET6;
}

// A connection that has failed once is gone. Disconnecting a TCP socket sends a reset; others are shut down.
int lose_connection(int fd, int error) noexcept {
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  if (!is_inet(fd) || ::connect(fd, &nobody, sizeof nobody) != 0) static_cast<void>(::shutdown(fd, SHUT_RDWR));
  return fail(error);
}

// --- base

ssize_t read_waker(int fd, void* buffer, std::size_t size) noexcept {
  if (const int error = interruption({EINTR, EAGAIN})) return fail(error);
  return base::kSyscallsReal.read(fd, buffer, size);
}

// Never EAGAIN: that would say that the other end is readable.
ssize_t write_waker(int fd, const void* bytes, std::size_t size) noexcept {
  if (const int error = interruption({EINTR})) return fail(error);
  return base::kSyscallsReal.write(fd, bytes, size);
}

int ask_kind(int fd, struct stat* out) noexcept { return base::kSyscallsReal.fstat(fd, out); }

base::Result<base::Pipe> open_pipe() noexcept {
  if (const int error = failure({EMFILE, ENFILE})) return base::Status(error, "pipe2");
  return base::kSyscallsReal.open_pipe();
}

// --- selectors

int create_epoll() noexcept {
  if (const int error = failure({EMFILE, ENFILE, ENOMEM})) return fail(error);
  return selector::kEpollSyscallsReal.create();
}

int control_epoll(int epoll, int operation, int fd, epoll_event* event) noexcept {
  // Only adding takes memory.
  if (operation == EPOLL_CTL_ADD) {
    if (const int error = failure({ENOMEM, ENOSPC})) return fail(error);
  }
  return selector::kEpollSyscallsReal.ctl(epoll, operation, fd, event);
}

// Fewer events than there are: the kernel reports the others in the next wait.
int wait_epoll(int epoll, epoll_event* events, int capacity, int timeout_ms) noexcept {
  if (const int error = interruption({EINTR})) return fail(error);
  const auto most = static_cast<int>(allowance(static_cast<std::size_t>(capacity)));
  return selector::kEpollSyscallsReal.wait(epoll, events, most, timeout_ms);
}

int wait_epoll_ns(int epoll, epoll_event* events, int capacity, const selector::KernelTimespec* timeout) noexcept {
  if (const int error = interruption({EINTR})) return fail(error);
  const auto most = static_cast<int>(allowance(static_cast<std::size_t>(capacity)));
  return selector::kEpollSyscallsReal.wait_ns(epoll, events, most, timeout);
}

int create_event() noexcept {
  if (const int error = failure({EMFILE, ENFILE, ENOMEM})) return fail(error);
  return selector::kEpollSyscallsReal.create_event();
}

int wait_poll(pollfd* polled, nfds_t count, base::Duration timeout) noexcept {
  if (const int error = interruption({EINTR})) return fail(error);
  return selector::kPollSyscallsReal.wait(polled, count, timeout);
}

// --- sockets

int open_socket(int domain, int type) noexcept {
  if (const int error = failure({EMFILE, ENFILE, ENOBUFS, ENOMEM})) return fail(error);
  return transport::kSocketCallsReal.open(domain, type);
}

// The connection stays in the backlog.
int accept_connection(int fd, sockaddr* address, socklen_t* length) noexcept {
  if (const int error = interruption({EINTR, EAGAIN, ECONNABORTED, EPROTO})) return fail(error);
  if (const int error = failure({EMFILE, ENFILE, ENOBUFS, ENOMEM})) return fail(error);
  return transport::kSocketCallsReal.accept(fd, address, length);
}

// An interrupted connect of TCP goes on; a UNIX one is never interrupted, as it never waits.
int connect_socket(int fd, const sockaddr* address, socklen_t length) noexcept {
  if (const int error = failure({EADDRNOTAVAIL, ENETUNREACH, ENOBUFS})) return fail(error);
  const int connected = transport::kSocketCallsReal.connect(fd, address, length);
  if (connected != 0 && errno != EINPROGRESS) return connected;
  const int before = errno;
  if (address->sa_family != AF_UNIX && interrupts()) return fail(EINTR);
  errno = before;
  return connected;
}

int bind_socket(int fd, const sockaddr* address, socklen_t length) noexcept {
  if (const int error = failure({ENOMEM})) return fail(error);
  return transport::kSocketCallsReal.bind(fd, address, length);
}

int listen_on(int fd, int backlog) noexcept {
  if (const int error = failure({EADDRINUSE})) return fail(error);
  return transport::kSocketCallsReal.listen(fd, backlog);
}

ssize_t receive_bytes(int fd, void* buffer, std::size_t size) noexcept {
  if (const int error = interruption({EINTR, EAGAIN})) return fail(error);
  if (const int error = failure({ECONNRESET, ETIMEDOUT})) return lose_connection(fd, error);
  return transport::kSocketCallsReal.receive(fd, buffer, divided_arrival(fd, size));
}

// The parts up to so many bytes.
std::vector<iovec> shortened(const iovec* parts, int count) {
  std::size_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  size = divided(size);
  std::vector<iovec> kept;
  for (int i = 0; i < count && (size > 0 || kept.empty()); ++i) {
    kept.push_back(iovec{parts[i].iov_base, std::min(parts[i].iov_len, size)});
    size -= kept.back().iov_len;
  }
  return kept;
}

ssize_t send_bytes(int fd, const iovec* parts, int count) noexcept {
  if (const int error = interruption({EINTR, EAGAIN, ENOBUFS, ENOMEM})) return fail(error);
  if (const int error = failure({ECONNRESET, EPIPE})) return lose_connection(fd, error);
  const std::vector<iovec> kept = shortened(parts, count);
  return transport::kSocketCallsReal.send(fd, kept.data(), static_cast<int>(kept.size()));
}

ssize_t read_pipe(int fd, void* buffer, std::size_t size) noexcept {
  if (const int error = interruption({EINTR, EAGAIN})) return fail(error);
  if (const int error = failure({EIO})) return fail(error);
  return transport::kSocketCallsReal.read(fd, buffer, divided_arrival(fd, size));
}

ssize_t write_pipe(int fd, const iovec* parts, int count) noexcept {
  if (const int error = interruption({EINTR, EAGAIN})) return fail(error);
  if (const int error = failure({EPIPE, EIO})) return fail(error);
  const std::vector<iovec> kept = shortened(parts, count);
  return transport::kSocketCallsReal.write(fd, kept.data(), static_cast<int>(kept.size()));
}

int shut_down(int fd) noexcept { return transport::kSocketCallsReal.shut_down(fd); }

int take_error(int fd) noexcept {
  const int real = transport::kSocketCallsReal.take_error(fd);
  if (real != 0) return real;
  const int error = failure({ECONNRESET, ECONNREFUSED, ETIMEDOUT});
  if (error != 0) static_cast<void>(lose_connection(fd, error));
  return error;
}

int duplicate(int fd) noexcept {
  if (const int error = failure({EMFILE})) return fail(error);
  return transport::kSocketCallsReal.duplicate(fd);
}

int open_reserve() noexcept {
  if (const int error = failure({EMFILE, ENFILE})) return fail(error);
  return transport::kSocketCallsReal.open_reserve();
}

// --- datagrams

int receive_messages(int fd, transport::Message* messages, int count) noexcept {
  if (const int error = interruption({EINTR, EAGAIN})) return fail(error);
  if (const int error = failure({ENOMEM, ENOBUFS})) return fail(error);
  const auto most = static_cast<int>(allowance(static_cast<std::size_t>(count)));
  return transport::kDatagramCallsReal.receive(fd, messages, most);
}

// An errno with which sending fails this time, or 0. EAGAIN only of UDP: for a UNIX receiver it means that somebody
// else's queue is full, and a program is told.
int sending_error(int fd) noexcept {
  if (const int error = interruption({EINTR})) return error;
  if (is_inet(fd)) {
    if (const int error = interruption({EAGAIN})) return error;
  }
  return failure({ENOBUFS, ENOMEM, EPERM});
}

int send_messages(int fd, transport::Message* messages, int count) noexcept {
  if (const int error = sending_error(fd)) return fail(error);
  const auto most = static_cast<int>(allowance(static_cast<std::size_t>(count)));
  return transport::kDatagramCallsReal.send(fd, messages, most);
}

ssize_t send_one_message(int fd, const void* bytes, std::size_t size, const sockaddr* to, socklen_t length) noexcept {
  if (const int error = sending_error(fd)) return fail(error);
  return transport::kDatagramCallsReal.send_one(fd, bytes, size, to, length);
}

bool can_segment(int fd) noexcept { return transport::kDatagramCallsReal.can_segment(fd); }

void segment(msghdr& header, transport::SegmentControl& control, std::uint16_t size) noexcept {
  transport::kDatagramCallsReal.segment(header, control, size);
}

}  // namespace

}  // namespace readyloop::faults

namespace readyloop::base {
const Syscalls kSyscalls = {faults::read_waker, faults::write_waker, faults::ask_kind, faults::open_pipe};
}

namespace readyloop::selector {
const EpollSyscalls kEpollSyscalls = {faults::create_epoll, faults::control_epoll, faults::wait_epoll,
                                      faults::wait_epoll_ns, faults::create_event};
const PollSyscalls kPollSyscalls = {faults::wait_poll};
}  // namespace readyloop::selector

namespace readyloop::transport {
const SocketCalls kSocketCalls = {
    faults::open_socket, faults::accept_connection, faults::connect_socket, faults::bind_socket,
    faults::listen_on,   faults::receive_bytes,     faults::send_bytes,     faults::read_pipe,
    faults::write_pipe,  faults::shut_down,         faults::take_error,     faults::duplicate,
    faults::open_reserve,
};
const DatagramCalls kDatagramCalls = {faults::receive_messages, faults::send_messages, faults::send_one_message,
                                      faults::can_segment, faults::segment};
}  // namespace readyloop::transport
