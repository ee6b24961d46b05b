// An address of a socket: an IPv4 or IPv6 one, or a UNIX path (one that begins with a zero byte is an abstract name,
// which only Linux has). Names are never resolved here: a host is a number.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace readyloop::transport {

class Address final {
 public:
  Address() noexcept : bytes_{} {}

  // EINVAL: no numeric address of either family. A scope of an IPv6 address is written behind a %.
  [[nodiscard]] static base::Result<Address> inet(std::string_view host, std::uint16_t port) noexcept;

  // ENAMETOOLONG: longer than the kernel takes. EINVAL: empty, or a path with a zero byte inside.
  [[nodiscard]] static base::Result<Address> unix_path(std::string_view path) noexcept;

  [[nodiscard]] static base::Result<Address> of_socket(int fd) noexcept;
  [[nodiscard]] static base::Result<Address> of_peer(int fd) noexcept;

  // What a system call filled in.
  [[nodiscard]] static Address adopt(const sockaddr_storage& bytes, socklen_t length) noexcept;

  [[nodiscard]] int family() const noexcept { return bytes_.any.sa_family; }
  [[nodiscard]] const sockaddr* get() const noexcept { return &bytes_.any; }
  [[nodiscard]] socklen_t length() const noexcept { return length_; }

  // The path of a UNIX address; empty for others and for unnamed ones.
  [[nodiscard]] std::string_view path() const noexcept;

  // "IPv4 PORT HOST", "IPv6 PORT HOST" or "unix 0 PATH".
  [[nodiscard]] std::string describe() const;

 private:
  union Bytes {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
  };
  Bytes bytes_;
  socklen_t length_ = 0;
};

// A host and a port, as small as they are kept for every connection; of UNIX sockets nothing is kept.
class KeptAddress final {
 public:
  KeptAddress() noexcept = default;
  explicit KeptAddress(const Address& address) noexcept;

  // Without a length: nothing was kept.
  [[nodiscard]] Address get() const noexcept;

 private:
  std::uint8_t host_[16] = {};
  std::uint32_t scope_ = 0;
  std::uint16_t port_ = 0;  // in network order
  std::uint16_t family_ = AF_UNSPEC;
};

}  // namespace readyloop::transport
