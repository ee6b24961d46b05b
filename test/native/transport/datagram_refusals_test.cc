// Sockets of datagrams whose kernel has no memory for an interest in their readiness.
#include <doctest/doctest.h>

#include <cerrno>
#include <memory>

#include "support/datagram_fixture.h"
#include "support/forgetful_selector.h"
#include "transport/datagram_transport.h"

using namespace readyloop::test;
using namespace readyloop::transport;
using readyloop::loop::Record;

TEST_CASE("DatagramTransport: a kernel without memory for an interest fails what would wait, and says so once") {
  DatagramFixture fixture(1024 * 1024, std::make_unique<ForgetfulSelector>());
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  SUBCASE("a direct send") {
    datagram_faults().send = {{EAGAIN}};
    ForgetfulSelector::refusals = 1;
    CHECK(fixture.send(kFirst, "no room", there).error() == EAGAIN);
  }
  SUBCASE("written datagrams, whose end was asked for") {
    datagram_faults().send = {{EAGAIN}};
    fixture.write_to(kFirst, "waits", there);
    fixture.transports->flush();
    fixture.transports->datagrams(kFirst)->notify_drained(0);
    CHECK(is_event(fixture.drain.consume_all().at(0), TransportEvent::kBacklog));
    ForgetfulSelector::refusals = 1;
    fixture.transports->datagrams(kFirst)->pause();
  }
  const std::vector<Record> records = fixture.drain.consume_all();
  REQUIRE(records.size() == 2);
  CHECK(is_event(records[0], TransportEvent::kFailed));
  CHECK(records[0].b == ENOMEM);
  CHECK(is_event(records[1], TransportEvent::kDrained));
  CHECK(fixture.transports->datagrams(kFirst)->queued() == 0);
  // It is not looked at any more, so what comes is no spin; and nothing keeps it from closing.
  REQUIRE(fixture.send(kSecond, "too late", Address::of_socket(fixture.transports->datagrams(kFirst)->fd()).value()).ok());
  CHECK(fixture.turn().empty());
  CHECK(fixture.transports->close(kFirst));
}

TEST_CASE("DatagramTransport: a kernel without memory for the interest of a closing socket closes it at once") {
  DatagramFixture fixture(1024 * 1024, std::make_unique<ForgetfulSelector>());
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  datagram_faults().send = {{EAGAIN}};
  fixture.write_to(kFirst, "waits", there);
  fixture.transports->flush();
  ForgetfulSelector::refusals = 1;
  CHECK(fixture.transports->close(kFirst));
  CHECK(fixture.transports->datagrams(kFirst) == nullptr);
}
