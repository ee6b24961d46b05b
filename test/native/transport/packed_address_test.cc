// Addresses as the shared memory carries them.
#include "transport/packed_address.h"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

using namespace readyloop::transport;

namespace {

std::string round_trip(const Address& address) {
  std::array<std::uint8_t, kPackedAddressMax> bytes{};
  const std::size_t size = pack_address(address, bytes.data());
  CHECK(size % 4 == 0);
  auto read = unpack_address(bytes.data(), size);
  REQUIRE(read.ok());
  CHECK(read.value().length() == address.length());
  return read.value().describe();
}

}  // namespace

TEST_CASE("packed address: every family comes back as it was") {
  CHECK(round_trip(Address::inet("192.0.2.7", 40000).value()) == "IPv4 40000 192.0.2.7");
  CHECK(round_trip(Address::inet("2001:db8::1", 65535).value()) == "IPv6 65535 2001:db8::1");
  CHECK(round_trip(Address::inet("fe80::1%7", 1).value()) == "IPv6 1 fe80::1%7");
  CHECK(round_trip(Address::unix_path("/run/some.sock").value()) == "unix 0 /run/some.sock");
  const std::string abstract("\0name", 5);
  CHECK(round_trip(Address::unix_path(abstract).value()) == "unix 0 " + abstract);
  const std::string longest(107, 'x');
  CHECK(round_trip(Address::unix_path(longest).value()) == "unix 0 " + longest);
}

TEST_CASE("packed address: nobody is one word") {
  std::array<std::uint8_t, kPackedAddressMax> bytes{};
  CHECK(pack_address(Address(), bytes.data()) == 4);
  CHECK(unpack_address(bytes.data(), 4).value().length() == 0);
}

TEST_CASE("packed address: what is cut off, of no family or of a wrong length is refused") {
  std::array<std::uint8_t, kPackedAddressMax> bytes{};
  const std::size_t size = pack_address(Address::inet("127.0.0.1", 9).value(), bytes.data());
  CHECK(unpack_address(bytes.data(), 3).error() == EINVAL);
  CHECK(unpack_address(bytes.data(), size - 1).error() == EINVAL);
  for (const std::uint32_t word : {0x404U - 1, 0x407U, 0x304U, 0x406U, 0x1406U + 0x100U}) {
    std::memcpy(bytes.data(), &word, sizeof word);
    CHECK(unpack_address(bytes.data(), bytes.size()).error() == EINVAL);
  }
}
