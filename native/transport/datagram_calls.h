// The system calls with which datagrams move, several at a time where the system can. The table is constant in a
// program; a test gives its own and so injects short batches, EAGAIN and failures.
#pragma once

#include <sys/socket.h>

#include "base/seam.h"

namespace readyloop::transport {

// A message of a batch, laid out as Linux wants it (struct mmsghdr).
struct Message {
  msghdr header;
  unsigned int size;  // bytes received, or sent
};

struct DatagramCalls {
  // How many messages were received: at least one; -1: errno tells why there is none. Descriptors that come along are
  // close-on-exec.
  int (*receive)(int fd, Message* messages, int count) noexcept;
  // How many of them, from the first on, were sent: at least one; -1: errno tells why the first was not.
  int (*send)(int fd, Message* messages, int count) noexcept;
};

extern const DatagramCalls kDatagramCalls;
extern const DatagramCalls READYLOOP_REAL(kDatagramCalls);  // see base/seam.h

}  // namespace readyloop::transport
