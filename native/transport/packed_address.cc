// Between the kernel's structures and the words. See packed_address.h.
#include "transport/packed_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace readyloop::transport {

namespace {

constexpr std::uint32_t kUnix = 1;
constexpr std::uint32_t kIpv4 = 4;
constexpr std::uint32_t kIpv6 = 6;
constexpr std::size_t kIpv4Bytes = 4;
constexpr std::size_t kIpv6Bytes = 16;

std::size_t finish(std::uint32_t family, std::uint16_t port, std::size_t size, std::uint8_t* to) noexcept {
  const std::uint32_t word = family | static_cast<std::uint32_t>(size) << 8 | std::uint32_t{port} << 16;
  std::memcpy(to, &word, sizeof word);
  const std::size_t whole = packed_size(word);
  std::memset(to + sizeof word + size, 0, whole - sizeof word - size);
  return whole;
}

template <typename Structure>
Address adopt(const Structure& structure) noexcept {
  sockaddr_storage storage{};
  std::memcpy(&storage, &structure, sizeof structure);
  return Address::adopt(storage, sizeof structure);
}

}  // namespace

std::size_t pack_address(const Address& address, std::uint8_t* to) noexcept {
  std::uint8_t* bytes = to + sizeof(std::uint32_t);
  if (address.length() == 0) return finish(0, 0, 0, to);
  if (address.family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address.get());
    std::memcpy(bytes, &v4->sin_addr, kIpv4Bytes);
    return finish(kIpv4, ntohs(v4->sin_port), kIpv4Bytes, to);
  }
  if (address.family() == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address.get());
    const std::uint32_t scope = v6->sin6_scope_id;
    std::memcpy(bytes, &v6->sin6_addr, kIpv6Bytes);
    std::memcpy(bytes + kIpv6Bytes, &scope, sizeof scope);
    return finish(kIpv6, ntohs(v6->sin6_port), kIpv6Bytes + sizeof scope, to);
  }
  if (address.family() != AF_UNIX) return finish(0, 0, 0, to);
  const std::string_view path = address.path();
  const std::size_t size = std::min(path.size(), kPackedAddressMax - sizeof(std::uint32_t));
  std::memcpy(bytes, path.data(), size);
  return finish(kUnix, 0, size, to);
}

base::Result<Address> unpack_address(const std::uint8_t* bytes, std::size_t size) noexcept {
  std::uint32_t word = 0;
  if (size < sizeof word) return base::Status(EINVAL, "address");
  std::memcpy(&word, bytes, sizeof word);
  if (packed_size(word) > size) return base::Status(EINVAL, "address");
  bytes += sizeof word;
  const std::uint32_t family = word & 0xff;
  const std::size_t length = word >> 8 & 0xff;
  const auto port = htons(static_cast<std::uint16_t>(word >> 16));
  if (family == kIpv4 && length == kIpv4Bytes) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = port;
    std::memcpy(&v4.sin_addr, bytes, kIpv4Bytes);
    return adopt(v4);
  }
  if (family == kIpv6 && length == kIpv6Bytes + sizeof(std::uint32_t)) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = port;
    std::memcpy(&v6.sin6_addr, bytes, kIpv6Bytes);
    std::memcpy(&v6.sin6_scope_id, bytes + kIpv6Bytes, sizeof(std::uint32_t));
    return adopt(v6);
  }
  if (family == kUnix) return Address::unix_path(std::string_view(reinterpret_cast<const char*>(bytes), length));
  if (family == 0) return Address();
  return base::Status(EINVAL, "address");
}

}  // namespace readyloop::transport
