// Streams against real sockets, with faults injected at the system calls: what comes in, in which order, and what goes
// out, whatever the kernel takes at a time.
#include "transport/stream_transport.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "support/seed.h"
#include "support/transport_fixture.h"

using namespace readyloop::test;
using namespace readyloop::transport;
using readyloop::base::Fd;
using readyloop::loop::Record;

namespace {

using Fault = CallFaults::Fault;

int unread_flags(int fd) { return ::fcntl(fd, F_GETFL); }

}  // namespace

TEST_CASE("StreamTransport: bytes become a record that names them, under the sink's own name") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  write_all(peer.get(), "hello");
  const std::vector<Record> records = fixture.wait();
  REQUIRE(records.size() == 1);
  CHECK(records[0].slot == 1);
  CHECK(records[0].word == 0x16);
  CHECK(fixture.bytes(records[0]) == "hello");
}

TEST_CASE("StreamTransport: a read that was not filled is not asked again in the same turn") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  write_all(peer.get(), "hello");
  CHECK(fixture.wait().size() == 1);
  CHECK(call_faults().receives == 1);
}

TEST_CASE("StreamTransport: the end comes behind the bytes, once") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  write_all(peer.get(), "last words");
  peer.reset();
  std::vector<Record> records = fixture.wait();
  if (records.size() == 1) records.push_back(fixture.wait().at(0));
  CHECK(fixture.bytes(records.at(0)) == "last words");
  CHECK(is_event(records.at(1), TransportEvent::kEnd));
  CHECK(fixture.turn().empty());
}

TEST_CASE("StreamTransport: a reset comes behind the bytes, once, and does not spin the loop") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  close_with_reset(peer);
  const std::vector<Record> records = fixture.wait();
  REQUIRE(records.size() == 1);
  CHECK(is_event(records[0], TransportEvent::kFailed));
  CHECK(records[0].b == ECONNRESET);
  CHECK(fixture.turn().empty());
}

TEST_CASE("StreamTransport: EINTR is tried again, EAGAIN waits for the next turn") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  write_all(peer.get(), "hello");
  call_faults().receive = {Fault{EINTR}, Fault{EAGAIN}};
  CHECK(fixture.wait().empty());
  CHECK(call_faults().receives == 2);
  CHECK(fixture.bytes(fixture.wait().at(0)) == "hello");
}

TEST_CASE("StreamTransport: a failing read is said with its errno, once") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  write_all(peer.get(), "hello");
  call_faults().receive = {Fault{ETIMEDOUT}};
  const Record failed = fixture.wait().at(0);
  CHECK(is_event(failed, TransportEvent::kFailed));
  CHECK(failed.b == ETIMEDOUT);
  CHECK(fixture.turn().empty());
}

TEST_CASE("StreamTransport: a paused stream reads nothing and loses nothing, and a reset does not spin it") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  fixture.transports->stream(kFirst)->pause_reading();
  write_all(peer.get(), "kept");
  CHECK(fixture.turn().empty());
  CHECK(call_faults().receives == 0);
  fixture.transports->stream(kFirst)->resume_reading();
  CHECK(fixture.bytes(fixture.wait().at(0)) == "kept");
  fixture.transports->stream(kFirst)->pause_reading();
  close_with_reset(peer);
  CHECK(fixture.turn().empty());
  CHECK(fixture.memory.word(readyloop::loop::kTransportsIndex) == 0);
}

TEST_CASE("StreamTransport: a full slab ends reading for the turn, and is free again when its records are drained") {
  TransportFixture fixture(8 * 1024);
  Fd peer = fixture.stream(kFirst);
  Fd other = fixture.stream(kSecond);
  write_all(peer.get(), std::string(6000, 'a'));
  write_all(other.get(), std::string(6000, 'b'));
  std::string a;
  std::string b;
  for (int turn = 0; turn < 20 && a.size() + b.size() < 12000; ++turn) {
    for (const Record& record : fixture.turn()) (record.slot == 1 ? a : b) += fixture.bytes(record);
  }
  CHECK(a == std::string(6000, 'a'));
  CHECK(b == std::string(6000, 'b'));
}

TEST_CASE("StreamTransport: what was not drained is not overwritten") {
  TransportFixture fixture(8 * 1024);
  Fd peer = fixture.stream(kFirst);
  write_all(peer.get(), "first");
  REQUIRE(fixture.loop->run_once(std::nullopt).ok());
  write_all(peer.get(), "second");
  REQUIRE(fixture.loop->run_once(std::nullopt).ok());
  const std::vector<Record> records = fixture.drain.consume_all();
  REQUIRE(records.size() == 2);
  CHECK(fixture.bytes(records[0]) == "first");
  CHECK(fixture.bytes(records[1]) == "second");
}

TEST_CASE("StreamTransport: a stream that announces leaves the bytes to its sink") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  StreamTransport& stream = *fixture.transports->stream(kFirst);
  stream.announce(true);
  write_all(peer.get(), "mine");
  CHECK(is_event(fixture.wait().at(0), TransportEvent::kReadable));
  std::uint8_t buffer[16];
  auto some = stream.receive(buffer, sizeof buffer);
  REQUIRE(some.ok());  // an interruption by seed is no crash
  CHECK(some.value() == 4);
  CHECK(stream.receive(buffer, sizeof buffer).error() == EAGAIN);
  peer.reset();
  CHECK(is_event(fixture.wait().at(0), TransportEvent::kReadable));
  auto end = stream.receive(buffer, sizeof buffer);
  REQUIRE(end.ok());
  CHECK(end.value() == 0);
  CHECK(fixture.turn().empty());
}

TEST_CASE("StreamTransport: all that a stream has written in a turn is sent with one call") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  Fd other = fixture.stream(kSecond);
  fixture.write(kFirst, "one ");
  fixture.write(kSecond, "other");
  fixture.write(kFirst, "two");
  fixture.transports->flush();
  CHECK(call_faults().sends == 2);
  CHECK(read_all(peer.get()) == "one two");
  CHECK(read_all(other.get()) == "other");
  CHECK(fixture.outbox_words[0] == 0);
  CHECK(fixture.outbox_words[2] == 1);
}

TEST_CASE("StreamTransport: what the kernel does not take waits, in order, and drained is said") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  call_faults().send = {Fault{0, 3}};
  fixture.write(kFirst, "abcdef");
  fixture.transports->flush();
  fixture.write(kFirst, "ghi");
  fixture.transports->flush();
  CHECK(fixture.transports->stream(kFirst)->queued() == 6);
  CHECK(call_faults().sends == 1);
  const std::vector<Record> records = fixture.wait();
  REQUIRE(records.size() == 2);
  CHECK(is_event(records[0], TransportEvent::kBacklog));
  CHECK(records[0].b == 3);
  CHECK(is_event(records[1], TransportEvent::kDrained));
  CHECK(read_all(peer.get()) == "abcdefghi");
  CHECK(fixture.turn().empty());
}

TEST_CASE("StreamTransport: short writes, EINTR and EAGAIN neither lose, repeat nor reorder a byte") {
  TransportFixture fixture(64 * 1024, 1024);
  Fd peer = fixture.stream(kFirst);
  auto random = make_random();
  std::string sent;
  std::string received;
  for (int round = 0; round < 300; ++round) {
    for (std::uint32_t i = below(random, 3); i > 0; --i) {
      const std::uint32_t kind = below(random, 4);
      call_faults().send.push_back(kind == 0   ? Fault{EINTR}
                                   : kind == 1 ? Fault{EAGAIN}
                                               : Fault{0, std::size_t{1} + below(random, 40)});
    }
    const std::string text(1 + below(random, 100), static_cast<char>('a' + round % 26));
    fixture.write(kFirst, text);
    sent += text;
    if (below(random, 2) == 0) fixture.transports->flush();
    if (below(random, 2) == 0) static_cast<void>(fixture.turn());
    received += read_all(peer.get());
  }
  call_faults().send.clear();
  fixture.transports->flush();
  while (fixture.transports->stream(kFirst)->queued() > 0) static_cast<void>(fixture.turn());
  received += read_all(peer.get());
  CHECK(received == sent);
}

TEST_CASE("StreamTransport: send_some takes what fits, and says when there is room again") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  StreamTransport& stream = *fixture.transports->stream(kFirst);
  call_faults().send = {Fault{0, 4}};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>("abcdefgh");
  CHECK(stream.send_some(bytes, 8).value() == 4);
  CHECK(is_event(fixture.wait().at(0), TransportEvent::kDrained));
  CHECK(stream.send_some(bytes + 4, 4).value() == 4);
  CHECK(fixture.turn().empty());
  CHECK(read_all(peer.get()) == "abcdefgh");
}

TEST_CASE("StreamTransport: drained is said at the low mark, if somebody wants to know") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  call_faults().send = {Fault{EAGAIN}, Fault{0, 60}, Fault{EAGAIN}};
  fixture.write(kFirst, std::string(100, 'x'));
  fixture.transports->flush();
  CHECK(is_event(fixture.drain.consume_all().at(0), TransportEvent::kBacklog));
  fixture.transports->stream(kFirst)->notify_drained(40);
  const Record drained = fixture.wait().at(0);
  CHECK(is_event(drained, TransportEvent::kDrained));
  CHECK(drained.b == 40);
  static_cast<void>(fixture.wait());
  CHECK(read_all(peer.get()).size() == 100);
}

TEST_CASE("StreamTransport: a send that fails says so once, and what the peer sent before is still received") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  write_all(peer.get(), "goodbye");
  call_faults().send = {Fault{EPIPE}};
  fixture.write(kFirst, "lost");
  fixture.transports->flush();
  fixture.write(kFirst, "dropped");
  fixture.transports->flush();
  const std::vector<Record> records = fixture.wait();
  REQUIRE(records.size() == 2);
  CHECK(is_event(records[0], TransportEvent::kSendFailed));
  CHECK(records[0].b == EPIPE);
  CHECK(fixture.bytes(records[1]) == "goodbye");
  CHECK(call_faults().sends == 1);
}

TEST_CASE("StreamTransport: a reset that a send was told of is the stream's failure, not its end") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  close_with_reset(peer);
  fixture.write(kFirst, "into the void");
  fixture.transports->flush();
  const std::vector<Record> records = fixture.wait();
  REQUIRE(records.size() == 2);
  CHECK(is_event(records[0], TransportEvent::kSendFailed));
  CHECK(is_event(records[1], TransportEvent::kFailed));
  CHECK(records[1].b == ECONNRESET);
}

TEST_CASE("StreamTransport: writing to a peer that is gone raises no signal") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst, make_socket_pair());
  peer.reset();
  fixture.write(kFirst, "anybody?");
  fixture.transports->flush();
  CHECK(fixture.drain.consume_all().at(0).b == EPIPE);
}

TEST_CASE("StreamTransport: the sending side ends behind what waits, and reading goes on") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  call_faults().send = {Fault{0, 2}};
  fixture.write(kFirst, "whole");
  fixture.transports->flush();
  fixture.transports->stream(kFirst)->end_sending();
  static_cast<void>(fixture.wait());
  char buffer[16];
  CHECK(::read(peer.get(), buffer, sizeof buffer) == 5);
  CHECK(::read(peer.get(), buffer, sizeof buffer) == 0);
  write_all(peer.get(), "answer");
  CHECK(fixture.bytes(fixture.wait().at(0)) == "answer");
}

TEST_CASE("StreamTransport: a stream that is closed sends what waits, then says that it is closed") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  call_faults().send = {Fault{EAGAIN}};
  fixture.write(kFirst, "last");
  CHECK_FALSE(fixture.transports->close(kFirst));
  const std::vector<Record> records = fixture.wait();
  REQUIRE(records.size() == 2);
  CHECK(is_event(records[1], TransportEvent::kClosed));
  CHECK(read_all(peer.get()) == "last");
  CHECK(fixture.transports->stream(kFirst) == nullptr);
  CHECK(fixture.memory.word(readyloop::loop::kTransportsIndex) == 0);
}

TEST_CASE("StreamTransport: a stream that is closed while nothing waits is closed at once") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  const int fd = fixture.transports->stream(kFirst)->fd();
  CHECK(fixture.transports->close(kFirst));
  CHECK(unread_flags(fd) == -1);
  CHECK(fixture.transports->close(kFirst));
  CHECK(fixture.turn().empty());
}

TEST_CASE("StreamTransport: a closing stream whose peer is gone is closed without its bytes") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  call_faults().send = {Fault{EAGAIN}, Fault{ECONNRESET}};
  fixture.write(kFirst, "never");
  CHECK_FALSE(fixture.transports->close(kFirst));
  const std::vector<Record> records = fixture.wait();
  CHECK(is_event(records.back(), TransportEvent::kClosed));
  CHECK(fixture.transports->stream(kFirst) == nullptr);
}

TEST_CASE("StreamTransport: an abort resets the connection") {
  TransportFixture fixture;
  Fd peer = fixture.stream(kFirst);
  fixture.transports->abort(kFirst);
  char byte = 0;
  CHECK(::read(peer.get(), &byte, 1) == -1);
  CHECK(errno == ECONNRESET);
}

TEST_CASE("StreamTransport: one busy stream leaves the rest of its bytes to the next turn") {
  TransportFixture fixture(1024 * 1024, 1024);
  SocketPair pair = make_tcp_pair();
  const int size = 4 * 1024 * 1024;
  ::setsockopt(pair.left.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  Fd peer = fixture.stream(kFirst, std::move(pair));
  fill(peer.get());
  std::size_t received = 0;
  for (const Record& record : fixture.turn()) received += static_cast<std::size_t>(record.b);
  CHECK(received <= kReadBudget);
}

TEST_CASE("StreamTransport: one that sends much leaves the rest to the next turn") {
  TransportFixture fixture;
  const Fd peer = fixture.stream(kFirst);
  const std::size_t piece = 64 * 1024;
  call_faults().send = {Fault{EAGAIN}};
  const std::string bytes(2 * kSendBudget, 'x');
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  StreamTransport& stream = *fixture.transports->stream(kFirst);
  stream.send(&part, 1);
  REQUIRE(stream.queued() == 2 * kSendBudget);
  for (std::size_t i = 0; i < 2 * kSendBudget / piece; ++i) call_faults().send.push_back(Fault{0, piece, true});
  static_cast<void>(fixture.turn());
  CHECK(stream.queued() == kSendBudget);
  static_cast<void>(fixture.turn());
  CHECK(stream.queued() == 0);
}

TEST_CASE("StreamTransport: what is adopted is a duplicate, non-blocking and not inherited") {
  TransportFixture fixture;
  SocketPair pair = make_tcp_pair();
  const int original = pair.left.get();
  Fd peer = fixture.stream(kFirst, std::move(pair));
  const int fd = fixture.transports->stream(kFirst)->fd();
  CHECK(fd != original);
  CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((unread_flags(fd) & O_NONBLOCK) != 0);
}
