// What a transport tells its sink, in the last two words of a record. With `a` zero or more the record is bytes: `a` is
// their offset in the slab and `b` their number. A negative `a` is one of the events below.
// lib/engine/abi.ts mirrors the numbers.
//
// Order: a stream's bytes come first, then kEnd or kFailed, once. kSendFailed may come before or after them: it says that
// nothing can be sent any more, and what the peer sent before is still delivered. A socket of datagrams has lost what waited,
// and the next one may be sent.
#pragma once

#include <cstdint>

namespace readyloop::transport {

enum class TransportEvent : std::int32_t {
  kEnd = -1,         // the peer has ended its side
  kFailed = -2,      // nothing more can be received; b = errno
  kSendFailed = -3,  // what waited to be sent is dropped; b = errno
  kBacklog = -4,     // the kernel did not take everything; b = bytes that wait
  kDrained = -5,     // no more than the low mark waits; b = bytes that wait
  kConnected = -6,   // the connection is there, and reading has begun
  kReadable = -7,    // something can be received, by a stream that announces
  kAccepted = -8,    // a connection waits to be taken; b = how many
  kAcceptFailed = -9,  // accepting has stopped until it is resumed; b = errno
  kClosed = -10,     // what waited was sent, and the descriptor is closed
  kDatagramError = -11,  // the kernel says so of a datagram that was sent earlier, and work goes on; b = errno
  kStarved = -12,    // the kernel has no memory for what is sent, until the sink asks to try again; b = errno
};

}  // namespace readyloop::transport
