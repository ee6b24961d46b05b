// Addresses between text and the kernel's structures.
#include "transport/address.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

using namespace readyloop::transport;

TEST_CASE("Address: numeric hosts of both families are read and described") {
  CHECK(Address::inet("127.0.0.1", 80).value().describe() == "IPv4 80 127.0.0.1");
  CHECK(Address::inet("::1", 65535).value().describe() == "IPv6 65535 ::1");
  CHECK(Address::inet("fe80::1%3", 1).value().describe() == "IPv6 1 fe80::1%3");
}

TEST_CASE("Address: what is no numeric host is refused") {
  for (const char* host : {"", "localhost", "1.2.3", "1.2.3.4.5", "::g", "127.0.0.1 "}) {
    CHECK(Address::inet(host, 80).error() == EINVAL);
  }
}

TEST_CASE("Address: paths up to the kernel's limit") {
  const std::size_t most = sizeof(sockaddr_un{}.sun_path) - 1;
  CHECK(Address::unix_path(std::string(most, 'p')).value().path().size() == most);
  CHECK(Address::unix_path(std::string(most + 1, 'p')).error() == ENAMETOOLONG);
  CHECK(Address::unix_path("/tmp/socket").value().describe() == "unix 0 /tmp/socket");
}

TEST_CASE("Address: an empty path and a zero byte inside of one are refused") {
  CHECK(Address::unix_path("").error() == EINVAL);
  CHECK(Address::unix_path(std::string_view("a\0b", 3)).error() == EINVAL);
}

TEST_CASE("Address: an abstract name keeps its zero bytes and its length") {
  const std::string_view name("\0abc\0d", 6);
  CHECK(Address::unix_path(name).value().path() == name);
}

TEST_CASE("KeptAddress: keeps hosts of both families with port and scope, and nothing of UNIX sockets") {
  for (const char* host : {"192.0.2.7", "2001:db8::7", "fe80::7%2"}) {
    CHECK(KeptAddress(Address::inet(host, 4711).value()).get().describe() == Address::inet(host, 4711).value().describe());
  }
  CHECK(KeptAddress(Address::unix_path("/tmp/socket").value()).get().length() == 0);
  CHECK(KeptAddress(Address()).get().length() == 0);
}
