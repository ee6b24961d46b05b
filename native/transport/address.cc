// Between text and the kernel's structures. See address.h.
#include "transport/address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace readyloop::transport {

namespace {

// A name of an interface, or its number.
std::uint32_t scope_of(const std::string& scope) noexcept {
  const unsigned int index = ::if_nametoindex(scope.c_str());
  return index != 0 ? index : static_cast<std::uint32_t>(std::strtoul(scope.c_str(), nullptr, 10));
}

}  // namespace

base::Result<Address> Address::inet(std::string_view host, std::uint16_t port) noexcept {
  Address address;
  const std::string text(host);
  if (::inet_pton(AF_INET, text.c_str(), &address.bytes_.v4.sin_addr) == 1) {
    address.bytes_.v4.sin_family = AF_INET;
    address.bytes_.v4.sin_port = htons(port);
    address.length_ = sizeof(sockaddr_in);
    return address;
  }
  const std::size_t percent = text.find('%');
  if (::inet_pton(AF_INET6, text.substr(0, percent).c_str(), &address.bytes_.v6.sin6_addr) != 1) {
    return base::Status(EINVAL, "address");
  }
  if (percent != std::string::npos) address.bytes_.v6.sin6_scope_id = scope_of(text.substr(percent + 1));
  address.bytes_.v6.sin6_family = AF_INET6;
  address.bytes_.v6.sin6_port = htons(port);
  address.length_ = sizeof(sockaddr_in6);
  return address;
}

base::Result<Address> Address::unix_path(std::string_view path) noexcept {
  Address address;
  sockaddr_un& local = address.bytes_.local;
  if (path.empty()) return base::Status(EINVAL, "address");
  const bool is_abstract = path.front() == '\0';
  if (!is_abstract && path.find('\0') != std::string_view::npos) return base::Status(EINVAL, "address");
  // A path ends with a zero byte, which must fit as well; an abstract name is as long as it says.
  const std::size_t room = sizeof local.sun_path - (is_abstract ? 0 : 1);
  if (path.size() > room) return base::Status(ENAMETOOLONG, "address");
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.data(), path.size());
  address.length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1));
  return address;
}

Address Address::adopt(const sockaddr_storage& bytes, socklen_t length) noexcept {
  Address address;
  address.length_ = std::min(length, static_cast<socklen_t>(sizeof address.bytes_));
  std::memcpy(&address.bytes_, &bytes, address.length_);
  return address;
}

base::Result<Address> Address::of_socket(int fd) noexcept {
  sockaddr_storage bytes{};
  socklen_t length = sizeof bytes;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bytes), &length) != 0) return base::Status::from_errno("getsockname");
  return adopt(bytes, length);
}

base::Result<Address> Address::of_peer(int fd) noexcept {
  sockaddr_storage bytes{};
  socklen_t length = sizeof bytes;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&bytes), &length) != 0) return base::Status::from_errno("getpeername");
  return adopt(bytes, length);
}

std::string_view Address::path() const noexcept {
  constexpr std::size_t start = offsetof(sockaddr_un, sun_path);
  if (family() != AF_UNIX || length_ <= start) return {};
  const std::string_view name(bytes_.local.sun_path, length_ - start);
  return name.front() == '\0' ? name : name.substr(0, name.find('\0'));
}

std::string Address::describe() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    static_cast<void>(::inet_ntop(AF_INET, &bytes_.v4.sin_addr, text.data(), text.size()));
    return "IPv4 " + std::to_string(ntohs(bytes_.v4.sin_port)) + " " + text.data();
  }
  if (family() == AF_INET6) {
    static_cast<void>(::inet_ntop(AF_INET6, &bytes_.v6.sin6_addr, text.data(), text.size()));
    std::string described = "IPv6 " + std::to_string(ntohs(bytes_.v6.sin6_port)) + " " + text.data();
    if (bytes_.v6.sin6_scope_id != 0) described += "%" + std::to_string(bytes_.v6.sin6_scope_id);
    return described;
  }
  return "unix 0 " + std::string(path());
}

KeptAddress::KeptAddress(const Address& address) noexcept {
  if (address.length() == 0) return;
  if (address.family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address.get());
    std::memcpy(host_, &v4->sin_addr, sizeof v4->sin_addr);
    port_ = v4->sin_port;
    family_ = AF_INET;
  } else if (address.family() == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address.get());
    std::memcpy(host_, &v6->sin6_addr, sizeof v6->sin6_addr);
    port_ = v6->sin6_port;
    scope_ = v6->sin6_scope_id;
    family_ = AF_INET6;
  }
}

Address KeptAddress::get() const noexcept {
  sockaddr_storage bytes{};
  if (family_ == AF_INET) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&bytes);
    v4->sin_family = AF_INET;
    v4->sin_port = port_;
    std::memcpy(&v4->sin_addr, host_, sizeof v4->sin_addr);
    return Address::adopt(bytes, sizeof *v4);
  }
  if (family_ != AF_INET6) return {};
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&bytes);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = port_;
  v6->sin6_scope_id = scope_;
  std::memcpy(&v6->sin6_addr, host_, sizeof v6->sin6_addr);
  return Address::adopt(bytes, sizeof *v6);
}

}  // namespace readyloop::transport
