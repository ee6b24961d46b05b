// See datagram_fixture.h.
#include "support/datagram_fixture.h"

#include <algorithm>
#include <cerrno>

namespace readyloop::test {

namespace {

DatagramFaults faults;

bool is_failed(std::deque<DatagramFaults::Fault>& script, int& count) {
  if (script.empty()) return false;
  const DatagramFaults::Fault fault = script.front();
  script.pop_front();
  count = std::min(count, fault.limit);
  errno = fault.error;
  return fault.error != 0;
}

int faulty_receive(int fd, transport::Message* messages, int count) noexcept {
  ++faults.receives;
  return is_failed(faults.receive, count) ? -1 : transport::kDatagramCalls.receive(fd, messages, count);
}

int faulty_send(int fd, transport::Message* messages, int count) noexcept {
  ++faults.sends;
  return is_failed(faults.send, count) ? -1 : transport::kDatagramCalls.send(fd, messages, count);
}

ssize_t faulty_send_one(int fd, const void* bytes, std::size_t size, const sockaddr* to, socklen_t length) noexcept {
  ++faults.sends;
  int one = 1;
  return is_failed(faults.send, one) ? -1 : transport::kDatagramCalls.send_one(fd, bytes, size, to, length);
}

bool told_can_segment(int fd) noexcept { return faults.segments && transport::kDatagramCalls.can_segment(fd); }

}  // namespace

DatagramFaults& datagram_faults() { return faults; }

const transport::DatagramCalls kFaultyDatagramCalls = {faulty_receive, faulty_send, faulty_send_one,
                                                        told_can_segment, transport::kDatagramCalls.segment};

}  // namespace readyloop::test
