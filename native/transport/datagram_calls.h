// The system calls with which datagrams move, several at a time where the system can. The table is constant in a
// program; a test gives its own and so injects short batches, EAGAIN and failures.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "base/seam.h"

namespace readyloop::transport {

// A message of a batch, laid out as Linux wants it (struct mmsghdr).
struct Message {
  msghdr header;
  unsigned int size;  // bytes received, or sent
};

// Memory for the control part that says how a message is cut.
struct SegmentControl {
  alignas(cmsghdr) unsigned char bytes[CMSG_SPACE(sizeof(std::uint16_t))];
};

struct DatagramCalls {
  // How many messages were received: at least one; -1: errno tells why there is none. Descriptors that come along are
  // close-on-exec.
  int (*receive)(int fd, Message* messages, int count) noexcept;
  // How many of them, from the first on, were sent: at least one; -1: errno tells why the first was not.
  int (*send)(int fd, Message* messages, int count) noexcept;
  // One datagram without descriptors; a null address: to whom the socket is connected. -1: as above.
  ssize_t (*send_one)(int fd, const void* bytes, std::size_t size, const sockaddr* to, socklen_t length) noexcept;
  // Whether datagrams of one size to one address can go through the network's layers as one message, which the kernel
  // cuts into datagrams at the end: each of them costs a fraction then.
  bool (*can_segment)(int fd) noexcept;
  // Has a message cut into datagrams of this size; the last one may be shorter.
  void (*segment)(msghdr& header, SegmentControl& control, std::uint16_t size) noexcept;
};

extern const DatagramCalls kDatagramCalls;
extern const DatagramCalls READYLOOP_REAL(kDatagramCalls);  // see base/seam.h

}  // namespace readyloop::transport
