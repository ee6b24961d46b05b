// Making sockets for datagrams and packets, and their options.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/status.h"
#include "transport/address.h"
#include "transport/socket_calls.h"
#include "transport/socket_file.h"

namespace readyloop::transport {

struct DatagramOptions {
  bool reuse_port = false;
  bool reuse_address = false;
  bool ipv6_only = false;
  bool broadcast = false;
  int mode = -1;            // of a UNIX socket's file; -1: as the umask says
  int receive_buffer = 0;   // bytes; 0: the system's own
  int send_buffer = 0;
};

struct DatagramSocket {
  base::Fd fd;
  SocketFile file;
};

// A bound one; a UNIX address without a length makes a socket that has no name. A status names the step that failed.
[[nodiscard]] base::Result<DatagramSocket> make_datagram_socket(const Address& local, int family,
                                                                const DatagramOptions& options,
                                                                const SocketCalls& calls) noexcept;

// What can be asked for later. lib/engine/datagrams.ts mirrors the numbers.
enum class DatagramOption : std::int32_t {
  kBroadcast = 0,
  kTtl = 1,
  kMulticastTtl = 2,
  kMulticastLoopback = 3,
  kMulticastInterface = 4,  // text: the interface's name, number or IPv4 address
  kJoinGroup = 5,           // text: the group, and the interface or nothing
  kLeaveGroup = 6,
  kReceiveBuffer = 7,
  kSendBuffer = 8,
};

// EINVAL: an unknown option, or a group that is no address.
base::Status set_datagram_option(int fd, DatagramOption option, int value, const std::string& group,
                                 const std::string& interface) noexcept;

// Of kReceiveBuffer and kSendBuffer.
[[nodiscard]] base::Result<int> get_datagram_option(int fd, DatagramOption option) noexcept;

}  // namespace readyloop::transport
