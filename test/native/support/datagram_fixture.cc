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

}  // namespace

DatagramFaults& datagram_faults() { return faults; }

const transport::DatagramCalls kFaultyDatagramCalls = {faulty_receive, faulty_send};

}  // namespace readyloop::test
