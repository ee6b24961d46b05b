// Sockets of datagrams whose kernel has no memory for an interest in their readiness.
#include <doctest/doctest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

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
  CHECK(is_event(records[1], TransportEvent::kSendFailed));
  CHECK(records[1].b == ENOMEM);
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

TEST_CASE("DatagramTransport: a written datagram that has no interest to wait with is said to be lost, behind its backlog") {
  DatagramFixture fixture(1024 * 1024, std::make_unique<ForgetfulSelector>());
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  datagram_faults().send = {{EAGAIN}};
  fixture.write_to(kFirst, "lost", there);
  ForgetfulSelector::refusals = 1;
  fixture.transports->flush();
  const std::vector<Record> records = fixture.drain.consume_all();
  REQUIRE(records.size() == 3);
  CHECK(is_event(records[0], TransportEvent::kBacklog));
  CHECK(is_event(records[1], TransportEvent::kFailed));
  CHECK(is_event(records[2], TransportEvent::kSendFailed));
  CHECK(records[2].b == ENOMEM);
  // What fails again is said again, because another one is lost; that nothing is received is said once.
  datagram_faults().send = {{EAGAIN}};
  ForgetfulSelector::refusals = 1;
  CHECK(fixture.send(kFirst, "no room", there).error() == EAGAIN);
  const std::vector<Record> again = fixture.drain.consume_all();
  REQUIRE(again.size() == 1);
  CHECK(is_event(again[0], TransportEvent::kSendFailed));
  CHECK(fixture.turn().empty());
}

TEST_CASE("DatagramTransport: what waits for room goes on waiting where receiving fails, and goes when there is some") {
  DatagramFixture fixture;
  const Address here = fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  datagram_faults().send = {{EAGAIN}};
  fixture.write_to(kFirst, "waits", there);
  fixture.transports->flush();
  CHECK(is_event(fixture.drain.consume_all().at(0), TransportEvent::kBacklog));
  REQUIRE(fixture.send(kSecond, "never received", here).ok());
  datagram_faults().receive = {{EIO}};
  std::vector<std::string> texts;
  bool has_failed = false;
  for (int i = 0; i < 2; ++i) {
    for (const Record& record : fixture.turn()) {
      if (record.a >= 0) texts.push_back(fixture.frames(record).at(0).text);
      has_failed = has_failed || is_event(record, TransportEvent::kFailed);
      CHECK_FALSE(is_event(record, TransportEvent::kSendFailed));
    }
  }
  CHECK(has_failed);
  CHECK(texts == std::vector<std::string>{"waits"});
}

TEST_CASE("DatagramTransport: a peer that connects to somebody else is a datagram's error, and receiving goes on") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  REQUIRE(fixture.transports->datagrams(kFirst)->connect(there).ok());
  const Address here = Address::of_socket(fixture.transports->datagrams(kFirst)->fd()).value();
  REQUIRE(fixture.send(kSecond, "received", here).ok());
  datagram_faults().receive = {{ECONNRESET}};
  const std::vector<Record> told = fixture.turn();
  REQUIRE(told.size() == 2);
  CHECK(is_event(told[0], TransportEvent::kDatagramError));
  CHECK(told[0].b == ECONNRESET);
  CHECK(fixture.frames(told[1]).at(0).text == "received");
}
