// socket, setsockopt, bind. See datagram_socket.h.
#include "transport/datagram_socket.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace readyloop::transport {

namespace {

template <typename Value>
base::Status set(int fd, int level, int name, const Value& value) noexcept {
  if (::setsockopt(fd, level, name, &value, sizeof value) == 0) return {};
  return base::Status::from_errno("setsockopt");
}

base::Status prepare(int fd, int family, const DatagramOptions& options) noexcept {
  const bool is_inet = family != AF_UNIX;
  const struct {
    bool wanted;
    int level;
    int name;
    int value;
  } steps[] = {
      {family == AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6_only ? 1 : 0},
      {is_inet && options.reuse_address, SOL_SOCKET, SO_REUSEADDR, 1},
      {is_inet && options.reuse_port, SOL_SOCKET, SO_REUSEPORT, 1},
      {is_inet && options.broadcast, SOL_SOCKET, SO_BROADCAST, 1},
      {options.receive_buffer > 0, SOL_SOCKET, SO_RCVBUF, options.receive_buffer},
      {options.send_buffer > 0, SOL_SOCKET, SO_SNDBUF, options.send_buffer},
  };
  for (const auto& step : steps) {
    if (!step.wanted) continue;
    if (const base::Status done = set(fd, step.level, step.name, step.value); !done.ok()) return done;
  }
  return {};
}

// 0 for an empty text: the system chooses. ENODEV: there is no such interface.
base::Result<unsigned> interface_index(const std::string& interface) noexcept {
  if (interface.empty()) return 0U;
  const unsigned named = ::if_nametoindex(interface.c_str());
  if (named != 0) return named;
  char* end = nullptr;
  const unsigned long number = std::strtoul(interface.c_str(), &end, 10);
  if (*end != '\0' || number == 0) return base::Status(ENODEV, "setsockopt");
  return static_cast<unsigned>(number);
}

int family_of(int fd) noexcept {
  auto address = Address::of_socket(fd);
  return address.ok() ? address.value().family() : AF_UNSPEC;
}

base::Status change_ipv4_group(int fd, bool joins, const in_addr& group, const std::string& interface) noexcept {
  ip_mreqn request{};
  request.imr_multiaddr = group;
  // An interface of IPv4 is known by its address, or by its name or number.
  if (::inet_pton(AF_INET, interface.c_str(), &request.imr_address) != 1) {
    auto index = interface_index(interface);
    if (!index.ok()) return index.status();
    request.imr_ifindex = static_cast<int>(index.value());
  }
  return set(fd, IPPROTO_IP, joins ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, request);
}

base::Status change_group(int fd, bool joins, const std::string& group, const std::string& interface) noexcept {
  in_addr v4{};
  if (::inet_pton(AF_INET, group.c_str(), &v4) == 1) return change_ipv4_group(fd, joins, v4, interface);
  ipv6_mreq request{};
  if (::inet_pton(AF_INET6, group.c_str(), &request.ipv6mr_multiaddr) != 1) return base::Status(EINVAL, "setsockopt");
  auto index = interface_index(interface);
  if (!index.ok()) return index.status();
  request.ipv6mr_interface = index.value();
  return set(fd, IPPROTO_IPV6, joins ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, request);
}

base::Status set_multicast_interface(int fd, bool is_ipv6, const std::string& interface) noexcept {
  ip_mreqn request{};
  if (!is_ipv6 && ::inet_pton(AF_INET, interface.c_str(), &request.imr_address) == 1) {
    return set(fd, IPPROTO_IP, IP_MULTICAST_IF, request);
  }
  auto index = interface_index(interface);
  if (!index.ok()) return index.status();
  if (is_ipv6) return set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index.value());
  request.imr_ifindex = static_cast<int>(index.value());
  return set(fd, IPPROTO_IP, IP_MULTICAST_IF, request);
}

}  // namespace

base::Result<DatagramSocket> make_datagram_socket(const Address& local, int family, const DatagramOptions& options,
                                                  const SocketCalls& calls) noexcept {
  DatagramSocket made;
  made.fd = base::Fd(calls.open(family, SOCK_DGRAM));
  if (!made.fd.valid()) return base::Status::from_errno("socket");
  if (const base::Status prepared = prepare(made.fd.get(), family, options); !prepared.ok()) return prepared;
  if (local.length() == 0) return made;
  if (const base::Status bound = made.file.bind(made.fd.get(), local, SOCK_DGRAM, calls); !bound.ok()) return bound;
  if (options.mode >= 0) {
    const base::Status allowed = made.file.set_mode(static_cast<unsigned>(options.mode));
    if (!allowed.ok()) return allowed;
  }
  return made;
}

base::Status set_datagram_option(int fd, DatagramOption option, int value, const std::string& group,
                                 const std::string& interface) noexcept {
  const bool is_ipv6 = family_of(fd) == AF_INET6;
  const auto byte = static_cast<unsigned char>(value);
  switch (option) {
    case DatagramOption::kBroadcast:
      return set(fd, SOL_SOCKET, SO_BROADCAST, value);
    case DatagramOption::kTtl:
      return is_ipv6 ? set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, value) : set(fd, IPPROTO_IP, IP_TTL, value);
    case DatagramOption::kMulticastTtl:
      return is_ipv6 ? set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, value) : set(fd, IPPROTO_IP, IP_MULTICAST_TTL, byte);
    case DatagramOption::kMulticastLoopback:
      return is_ipv6 ? set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, value) : set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, byte);
    case DatagramOption::kMulticastInterface:
      return set_multicast_interface(fd, is_ipv6, interface);
    case DatagramOption::kJoinGroup:
    case DatagramOption::kLeaveGroup:
      return change_group(fd, option == DatagramOption::kJoinGroup, group, interface);
    case DatagramOption::kReceiveBuffer:
      return set(fd, SOL_SOCKET, SO_RCVBUF, value);
    case DatagramOption::kSendBuffer:
      return set(fd, SOL_SOCKET, SO_SNDBUF, value);
  }
  return base::Status(EINVAL, "setsockopt");
}

base::Result<int> get_datagram_option(int fd, DatagramOption option) noexcept {
  const bool receives = option == DatagramOption::kReceiveBuffer;
  if (!receives && option != DatagramOption::kSendBuffer) return base::Status(EINVAL, "getsockopt");
  int value = 0;
  socklen_t length = sizeof value;
  if (::getsockopt(fd, SOL_SOCKET, receives ? SO_RCVBUF : SO_SNDBUF, &value, &length) == 0) return value;
  return base::Status::from_errno("getsockopt");
}

}  // namespace readyloop::transport
