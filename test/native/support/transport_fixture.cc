// The table of calls that fail when told to. See transport_fixture.h.
#include "support/transport_fixture.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace readyloop::test {

namespace {

CallFaults faults;

// Whether the call fails; otherwise `size` is what it may move.
bool is_failed(std::deque<CallFaults::Fault>& script, std::size_t& size) {
  if (script.empty()) return false;
  const CallFaults::Fault fault = script.front();
  script.pop_front();
  size = std::min(size, fault.limit);
  errno = fault.error;
  return fault.error != 0;
}

int faulty_accept(int fd, sockaddr* address, socklen_t* length) noexcept {
  const int error = faults.accept.empty() ? 0 : faults.accept.front();
  if (!faults.accept.empty()) faults.accept.pop_front();
  errno = error;
  return error != 0 ? -1 : transport::kSocketCalls.accept(fd, address, length);
}

int faulty_connect(int fd, const sockaddr* address, socklen_t length) noexcept {
  const int answer = transport::kSocketCalls.connect(fd, address, length);
  if (faults.connect.empty()) return answer;
  errno = faults.connect.front();
  faults.connect.pop_front();
  return -1;
}

ssize_t faulty_receive(int fd, void* buffer, std::size_t size) noexcept {
  ++faults.receives;
  if (is_failed(faults.receive, size)) return -1;
  return transport::kSocketCalls.receive(fd, buffer, size);
}

ssize_t faulty_read(int fd, void* buffer, std::size_t size) noexcept {
  ++faults.receives;
  if (is_failed(faults.receive, size)) return -1;
  return transport::kSocketCalls.read(fd, buffer, size);
}

using Sending = ssize_t (*)(int fd, const iovec* parts, int count) noexcept;

ssize_t send_with(Sending call, int fd, const iovec* parts, int count) noexcept {
  ++faults.sends;
  std::size_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  const bool pretends = !faults.send.empty() && faults.send.front().pretends;
  if (is_failed(faults.send, size)) return -1;
  if (pretends) return static_cast<ssize_t>(size);
  std::vector<iovec> allowed(parts, parts + count);
  for (iovec& part : allowed) {
    part.iov_len = std::min(part.iov_len, size);
    size -= part.iov_len;
  }
  return call(fd, allowed.data(), count);
}

ssize_t faulty_send(int fd, const iovec* parts, int count) noexcept {
  return send_with(transport::kSocketCalls.send, fd, parts, count);
}

ssize_t faulty_write(int fd, const iovec* parts, int count) noexcept {
  return send_with(transport::kSocketCalls.write, fd, parts, count);
}

}  // namespace

CallFaults& call_faults() { return faults; }

const transport::SocketCalls kFaultyCalls = [] {
  transport::SocketCalls calls = transport::kSocketCalls;
  calls.accept = faulty_accept;
  calls.connect = faulty_connect;
  calls.receive = faulty_receive;
  calls.send = faulty_send;
  calls.read = faulty_read;
  calls.write = faulty_write;
  return calls;
}();

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

void write_all(int fd, std::string_view text) {
  REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace readyloop::test
