// Streams whose kernel has no memory for a while: for what they send, or for an interest in their readiness. Found by the
// fuzz target of streams and by a soak under faults.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <vector>

#include "support/forgetful_selector.h"
#include "support/transport_fixture.h"
#include "transport/stream_transport.h"

using namespace readyloop::test;
using namespace readyloop::transport;
using readyloop::base::Fd;
using readyloop::loop::Record;

namespace {

using Fault = CallFaults::Fault;

}  // namespace

TEST_CASE("StreamTransport: a kernel without memory keeps the connection, and nothing is lost") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  call_faults().send = {Fault{ENOBUFS}, Fault{ENOMEM}, Fault{ENOBUFS}};
  fixture.write(kFirst, "all of it");
  fixture.transports->flush();
  const auto told = fixture.drain.consume_all();
  CHECK(is_event(told.at(0), TransportEvent::kStarved));
  CHECK(told.at(0).b == ENOBUFS);
  CHECK(is_event(told.at(1), TransportEvent::kBacklog));
  // The socket is writable all the while, and nobody looks: that would be a spin.
  CHECK(fixture.turn().empty());
  CHECK(fixture.turn().empty());
  CHECK(call_faults().sends == 1);
  StreamTransport& stream = *fixture.transports->stream(kFirst);
  for (const int error : {ENOMEM, ENOBUFS}) {
    stream.retry_sending();
    const auto again = fixture.turn();
    CHECK(is_event(again.at(0), TransportEvent::kStarved));
    CHECK(again.at(0).b == error);
  }
  stream.retry_sending();
  CHECK(is_event(fixture.turn().at(0), TransportEvent::kDrained));
  CHECK(call_faults().sends == 4);
  CHECK(read_all(peer.get()) == "all of it");
}

TEST_CASE("StreamTransport: bytes of the sink for which there is no memory go when it asks again, behind those before") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  StreamTransport& stream = *fixture.transports->stream(kFirst);
  const std::string text = "of the sink";
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  call_faults().send = {Fault{ENOBUFS}};
  CHECK(stream.send_some(bytes, text.size()).value() == 0);
  CHECK(is_event(fixture.drain.consume_all().at(0), TransportEvent::kStarved));
  CHECK(fixture.turn().empty());
  stream.retry_sending();
  CHECK(is_event(fixture.turn().at(0), TransportEvent::kDrained));
  CHECK(stream.send_some(bytes, text.size()).value() == text.size());
  CHECK(read_all(peer.get()) == text);
  // Nothing waits, so nothing is tried, and nothing is told.
  stream.retry_sending();
  CHECK(fixture.turn().empty());
}

TEST_CASE("StreamTransport: a closing stream for which there is no memory closes behind what it sends later") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  call_faults().send = {Fault{ENOBUFS}};
  fixture.write(kFirst, "last words");
  CHECK_FALSE(fixture.transports->close(kFirst));
  static_cast<void>(fixture.drain.consume_all());
  CHECK(fixture.turn().empty());
  fixture.transports->stream(kFirst)->retry_sending();
  CHECK(is_event(fixture.turn().at(0), TransportEvent::kClosed));
  CHECK(fixture.transports->stream(kFirst) == nullptr);
  CHECK(read_all(peer.get()) == "last words");
}

TEST_CASE("StreamTransport: a stream that is closing does not go on reading when it is told to") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  call_faults().send = {Fault{EAGAIN}, Fault{EAGAIN}};
  fixture.write(kFirst, "last");
  CHECK_FALSE(fixture.transports->close(kFirst));
  static_cast<void>(fixture.drain.consume_all());
  write_all(peer.get(), "too late");
  fixture.transports->stream(kFirst)->resume_reading();
  CHECK(fixture.turn().empty());
  CHECK(is_event(fixture.turn().at(0), TransportEvent::kClosed));
}

TEST_CASE("StreamTransport: a kernel without memory for an interest fails what would wait, also behind the end") {
  TransportFixture fixture(64 * 1024, 64, std::make_unique<ForgetfulSelector>());
  Fd peer = fixture.stream(kFirst);
  REQUIRE(::shutdown(peer.get(), SHUT_WR) == 0);
  CHECK(is_event(fixture.wait().at(0), TransportEvent::kEnd));
  call_faults().send = {Fault{EAGAIN}};
  ForgetfulSelector::refusals = 1;
  fixture.write(kFirst, "an answer");
  fixture.transports->flush();
  const std::vector<Record> records = fixture.drain.consume_all();
  REQUIRE(records.size() >= 1);
  CHECK(is_event(records[0], TransportEvent::kSendFailed));
  CHECK(records[0].b == ENOMEM);
  // Nothing waits, so closing is immediate.
  CHECK(fixture.transports->close(kFirst));
}

TEST_CASE("StreamTransport: a connection whose interest is refused was connected before it failed") {
  TransportFixture fixture(64 * 1024, 64, std::make_unique<ForgetfulSelector>());
  const Fd listener(kSocketCalls.open(AF_INET, SOCK_STREAM));
  const Address any = Address::inet("127.0.0.1", 0).value();
  REQUIRE(::bind(listener.get(), any.get(), any.length()) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  const auto begun = fixture.transports->connect(kFirst, Address::of_socket(listener.get()).value(), nullptr);
  REQUIRE(begun.ok());
  REQUIRE_FALSE(fixture.transports->stream(kFirst) == nullptr);
  ForgetfulSelector::refusals = 1;
  const std::vector<Record> records = fixture.wait();
  REQUIRE(records.size() == 2);
  CHECK(is_event(records[0], TransportEvent::kConnected));
  CHECK(is_event(records[1], TransportEvent::kFailed));
  CHECK(fixture.turn().empty());
  CHECK(ForgetfulSelector::reported == 0);
}

TEST_CASE("StreamTransport: a stream that failed for want of memory for an interest is not looked at any more") {
  TransportFixture fixture(64 * 1024, 64, std::make_unique<ForgetfulSelector>());
  Fd peer = fixture.stream(kFirst);
  call_faults().send = {Fault{EAGAIN}};
  ForgetfulSelector::refusals = 1;
  SUBCASE("written bytes") {
    fixture.write(kFirst, "waits");
    fixture.transports->flush();
  }
  SUBCASE("bytes of the sink") {
    const std::uint8_t bytes[] = {'x'};
    static_cast<void>(fixture.transports->stream(kFirst)->send_some(bytes, 1));
  }
  const std::vector<Record> records = fixture.drain.consume_all();
  REQUIRE(records.size() >= 2);
  CHECK(is_event(records[0], TransportEvent::kFailed));
  CHECK(records[0].b == ENOMEM);
  CHECK(is_event(records[1], TransportEvent::kSendFailed));
  CHECK(records[1].b == ENOMEM);
  write_all(peer.get(), "nobody receives this");
  CHECK(fixture.turn().empty());
  CHECK(ForgetfulSelector::reported == 0);
  peer.reset();
  CHECK(fixture.turn().empty());
  CHECK(ForgetfulSelector::reported == 0);
  CHECK(fixture.transports->close(kFirst));
}

TEST_CASE("StreamTransport: room that was waited for is not reported again where the interest in it cannot be taken back") {
  TransportFixture fixture(64 * 1024, 64, std::make_unique<ForgetfulSelector>());
  Fd peer = fixture.stream(kFirst);
  call_faults().send = {Fault{EAGAIN}};
  fixture.write(kFirst, "all of it");
  fixture.transports->flush();
  CHECK(is_event(fixture.drain.consume_all().at(0), TransportEvent::kBacklog));
  ForgetfulSelector::refusals = 1;
  const std::vector<Record> records = fixture.turn();
  REQUIRE(records.size() == 2);
  CHECK(is_event(records[0], TransportEvent::kDrained));
  CHECK(is_event(records[1], TransportEvent::kFailed));
  CHECK(read_all(peer.get()) == "all of it");
  CHECK(fixture.turn().empty());
  CHECK(ForgetfulSelector::reported == 0);
}

TEST_CASE("StreamTransport: a closing stream whose interest is refused closes") {
  TransportFixture fixture(64 * 1024, 64, std::make_unique<ForgetfulSelector>());
  Fd peer = fixture.stream(kFirst);
  call_faults().send = {Fault{EAGAIN}};
  fixture.write(kFirst, "waits");
  fixture.transports->flush();
  static_cast<void>(fixture.drain.consume_all());
  ForgetfulSelector::refusals = 1;
  CHECK(fixture.transports->close(kFirst));
  CHECK(fixture.transports->stream(kFirst) == nullptr);
  static_cast<void>(fixture.drain.consume_all());
  CHECK(fixture.turn().empty());
  CHECK(ForgetfulSelector::reported == 0);
}
