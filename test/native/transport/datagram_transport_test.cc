// Sockets of datagrams: batches, budgets, cut datagrams, errors of single ones, the queue, and closing.
#include "transport/datagram_transport.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "support/datagram_fixture.h"

using namespace readyloop::test;
using namespace readyloop::transport;
using readyloop::loop::Record;

namespace {

std::size_t count_events(const std::vector<Record>& records, TransportEvent event) {
  std::size_t count = 0;
  for (const Record& record : records) count += is_event(record, event) ? 1 : 0;
  return count;
}

std::string abstract_name(const char* name) { return std::string(1, '\0') + name + std::to_string(::getpid()); }

}  // namespace

TEST_CASE("DatagramTransport: a datagram arrives whole, with its sender") {
  for (const char* host : {"127.0.0.1", "::1"}) {
    DatagramFixture fixture;
    const Address here = fixture.open(kFirst, {}, host);
    const Address there = fixture.open(kSecond, {}, host);
    REQUIRE(fixture.send(kFirst, "hello", there).ok());
    const auto received = fixture.receive();
    REQUIRE(received.size() == 1);
    CHECK(received[0].text == "hello");
    CHECK(received[0].from == here.describe());
    CHECK(received[0].flags == 0);
  }
}

TEST_CASE("DatagramTransport: an empty datagram is one") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  REQUIRE(fixture.send(kFirst, "", there).ok());
  fixture.write_to(kFirst, "", there);
  fixture.transports->flush();
  const auto received = fixture.receive();
  REQUIRE(received.size() == 2);
  CHECK(received[0].text.empty());
}

TEST_CASE("DatagramTransport: the descriptor blocks nobody and is not inherited") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const int fd = fixture.transports->datagrams(kFirst)->fd();
  CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("DatagramTransport: what comes in a turn lies together, in order, under few records and calls") {
  DatagramFixture fixture(1024 * 1024);
  DatagramTransport::Traits small;
  small.max_size = 128;
  const Address here = fixture.open(kFirst);
  const Address there = fixture.open(kSecond, small);
  const auto text = [](std::size_t i) { return std::string(i, static_cast<char>('a' + i % 26)); };
  for (int i = 0; i < 70; ++i) fixture.write_to(kFirst, text(static_cast<std::size_t>(i)), there);
  fixture.transports->flush();
  CHECK(datagram_faults().sends == 70);  // records of their own here; TypeScript's outbox makes one of them
  std::size_t expected = 0;
  std::size_t records = 0;
  for (const Record& record : fixture.turn()) {
    ++records;
    for (const ReceivedFrame& frame : fixture.frames(record)) {
      CHECK(frame.text == text(expected++));
      CHECK(frame.from == here.describe());
    }
  }
  CHECK(expected == 70);
  CHECK(records <= 3);
}

TEST_CASE("DatagramTransport: frames of one record leave in batches") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  std::string frames;
  for (int i = 0; i < 40; ++i) frames += DatagramFixture::frame("number " + std::to_string(i), there);
  fixture.write(kFirst, frames);
  fixture.transports->flush();
#ifdef __linux__
  CHECK(datagram_faults().sends == 2);
#endif
  const auto received = fixture.receive();
  REQUIRE(received.size() == 40);
  CHECK(received[39].text == "number 39");
}

TEST_CASE("DatagramTransport: a busy socket stops at its budget") {
  DatagramFixture fixture(8 * 1024 * 1024);
  fixture.open(kFirst);
  DatagramTransport::Traits small;
  small.max_size = 64;
  DatagramOptions roomy;
  roomy.receive_buffer = 1 << 20;
  const Address there = fixture.open(kSecond, small, "127.0.0.1", roomy);
  for (int i = 0; i < kDatagramBudget + 50; ++i) REQUIRE(fixture.send(kFirst, "x", there).ok());
  CHECK(fixture.receive().size() <= static_cast<std::size_t>(kDatagramBudget));
  CHECK(fixture.receive().size() >= 50);
}

TEST_CASE("DatagramTransport: a datagram that is too long says that it was cut") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  DatagramTransport::Traits small;
  small.max_size = 8;
  const Address there = fixture.open(kSecond, small);
  REQUIRE(fixture.send(kFirst, "12345678", there).ok());
  REQUIRE(fixture.send(kFirst, "123456789", there).ok());
  const auto received = fixture.receive();
  REQUIRE(received.size() == 2);
  CHECK(received[0].flags == 0);
  CHECK(received[1].text == "12345678");
  CHECK(received[1].flags == kFrameTruncated);
}

TEST_CASE("DatagramTransport: a full slab leaves datagrams with the kernel for the next turn") {
  DatagramFixture fixture(64 * 1024);
  fixture.open(kFirst);
  DatagramTransport::Traits traits;
  traits.max_size = 40 * 1024;
  const Address there = fixture.open(kSecond, traits);
  for (int i = 0; i < 3; ++i) REQUIRE(fixture.send(kFirst, std::string(30 * 1024, 'x'), there).ok());
  CHECK(fixture.receive().size() == 1);
  CHECK(fixture.receive().size() == 1);
  CHECK(fixture.receive().size() == 1);
}

TEST_CASE("DatagramTransport: EINTR is tried again, EAGAIN is no event") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  datagram_faults().send = {{EINTR}};
  REQUIRE(fixture.send(kFirst, "x", there).ok());
  datagram_faults().receive = {{EINTR}};
  CHECK(fixture.receive().size() == 1);
  REQUIRE(fixture.send(kFirst, "y", there).ok());
  datagram_faults().receive = {{EAGAIN}};
  CHECK(fixture.turn().empty());
  CHECK(fixture.receive().size() == 1);
}

TEST_CASE("DatagramTransport: a connected socket is told that nobody listens, and goes on") {
  DatagramFixture fixture;
  const Address here = fixture.open(kFirst);
  const Address gone = fixture.open(kSecond);
  fixture.transports->close(kSecond);
  REQUIRE(fixture.transports->datagrams(kFirst)->connect(gone).ok());
  REQUIRE(fixture.send(kFirst, "anybody?", Address()).ok());
  const auto told = fixture.turn();
  REQUIRE(told.size() == 1);
  CHECK(is_event(told[0], TransportEvent::kDatagramError));
  CHECK(told[0].b == ECONNREFUSED);
  REQUIRE(fixture.transports->open_datagrams(kSecond, AF_INET, gone, {}, {}).ok());
  REQUIRE(fixture.send(kSecond, "here", here).ok());
  CHECK(fixture.receive().size() == 1);
}

TEST_CASE("DatagramTransport: a failure that no datagram explains ends receiving, once") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  REQUIRE(fixture.send(kFirst, "x", there).ok());
  datagram_faults().receive = {{ENOTCONN}};
  const auto told = fixture.turn();
  REQUIRE(told.size() == 1);
  CHECK(is_event(told[0], TransportEvent::kFailed));
  CHECK(told[0].b == ENOTCONN);
  CHECK(fixture.turn().empty());
}

TEST_CASE("DatagramTransport: a direct send answers why it was refused") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  CHECK(fixture.send(kFirst, std::string(65508, 'x'), there).error() == EMSGSIZE);
  datagram_faults().send = {{ENOBUFS}};
  CHECK(fixture.send(kFirst, "x", there).error() == ENOBUFS);
  CHECK(fixture.send(kFirst, "x", Address::inet("255.255.255.255", 9).value()).error() == EACCES);
  CHECK(fixture.receive().empty());
}

TEST_CASE("DatagramTransport: written datagrams that are refused are reported with their address, the others go") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  const Address everybody = Address::inet("255.255.255.255", 9).value();
  fixture.write(kFirst, DatagramFixture::frame("one", there) + DatagramFixture::frame("two", everybody) +
                            DatagramFixture::frame("three", there));
  fixture.transports->flush();
  std::vector<ReceivedFrame> all = fixture.receive();
  REQUIRE(all.size() == 3);
  CHECK(all[0].flags == kFrameFailed);
  CHECK(all[0].number == EACCES);
  CHECK(all[0].from == everybody.describe());
  CHECK(all[1].text == "one");
  CHECK(all[2].text == "three");
}

TEST_CASE("DatagramTransport: without room in the slab a refusal is told without its address") {
  DatagramFixture fixture(1024);
  fixture.open(kFirst);
  fixture.write_to(kFirst, "x", Address::inet("255.255.255.255", 9).value());
  fixture.transports->flush();
  const auto told = fixture.turn();
  REQUIRE(told.size() == 1);
  CHECK(is_event(told[0], TransportEvent::kDatagramError));
  CHECK(told[0].b == EACCES);
}

TEST_CASE("DatagramTransport: what the kernel has no room for waits in order, and its end is told") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  datagram_faults().send = {{0, 1}, {EAGAIN}};
  fixture.write(kFirst, DatagramFixture::frame("one", there) + DatagramFixture::frame("two", there) +
                            DatagramFixture::frame("three", there));
  fixture.transports->flush();
  CHECK(fixture.transports->datagrams(kFirst)->queued() > 0);
  fixture.write_to(kFirst, "four", there);
  fixture.transports->flush();
  CHECK(fixture.send(kFirst, "five", there).error() == EAGAIN);
  fixture.transports->datagrams(kFirst)->notify_drained(0);
  std::vector<Record> records;
  std::vector<std::string> texts;
  for (int i = 0; i < 3; ++i) {
    for (const Record& record : fixture.turn()) {
      records.push_back(record);
      if (record.a < 0) continue;
      for (const ReceivedFrame& frame : fixture.frames(record)) texts.push_back(frame.text);
    }
  }
  CHECK(count_events(records, TransportEvent::kBacklog) == 1);
  CHECK(count_events(records, TransportEvent::kDrained) == 1);
  CHECK(texts == std::vector<std::string>{"one", "two", "three", "four"});
  CHECK(fixture.transports->datagrams(kFirst)->queued() == 0);
}

TEST_CASE("DatagramTransport: closing sends what waits first") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  datagram_faults().send = {{EAGAIN}};
  fixture.write_to(kFirst, "last words", there);
  CHECK_FALSE(fixture.transports->close(kFirst));
  std::vector<ReceivedFrame> received;
  bool closed = false;
  for (int i = 0; i < 3; ++i) {
    for (const Record& record : fixture.turn()) {
      if (is_event(record, TransportEvent::kClosed)) closed = true;
      if (record.a < 0) continue;
      for (ReceivedFrame& frame : fixture.frames(record)) received.push_back(frame);
    }
  }
  CHECK(closed);
  REQUIRE(received.size() == 1);
  CHECK(received[0].text == "last words");
  CHECK(fixture.transports->datagrams(kFirst) == nullptr);
}

TEST_CASE("DatagramTransport: a paused socket receives nothing until it is resumed") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  fixture.transports->datagrams(kSecond)->pause();
  REQUIRE(fixture.send(kFirst, "x", there).ok());
  CHECK(fixture.turn().empty());
  fixture.transports->datagrams(kSecond)->resume();
  CHECK(fixture.receive().size() == 1);
}

TEST_CASE("DatagramTransport: what is no frame is dropped, whatever it claims") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  std::string wild = DatagramFixture::frame("x", there);
  wild[1] = '\x7f';
  fixture.write(kFirst, wild);
  fixture.write(kFirst, "short");
  fixture.write(kFirst, DatagramFixture::frame("good", there) + "tail that is no frame");
  fixture.transports->flush();
  const auto received = fixture.receive();
  REQUIRE(received.size() == 1);
  CHECK(received[0].text == "good");
}

TEST_CASE("DatagramTransport: UNIX sockets have names, abstract ones too, or none") {
  DatagramFixture fixture;
  const std::string name = abstract_name("datagram");
  const Address there = fixture.open_unix(kFirst, name);
  fixture.open_unix(kSecond, "");
  REQUIRE(fixture.send(kSecond, "hello", there).ok());
  const auto received = fixture.receive();
  REQUIRE(received.size() == 1);
  CHECK(received[0].from.empty());
}

TEST_CASE("DatagramTransport: a stale socket file is replaced, a live one is not, and ours is removed") {
  DatagramFixture fixture;
  const std::string path = "/tmp/readyloop-dgram-" + std::to_string(::getpid());
  const Address address = Address::unix_path(path).value();
  {
    const readyloop::base::Fd stale(::socket(AF_UNIX, SOCK_DGRAM, 0));
    REQUIRE(::bind(stale.get(), address.get(), address.length()) == 0);
  }
  fixture.open_unix(kFirst, path);
  CHECK(fixture.transports->open_datagrams(kSecond, AF_UNIX, address, {}, {}).error() == EADDRINUSE);
  fixture.transports->close(kFirst);
  struct stat facts {};
  CHECK(::stat(path.c_str(), &facts) != 0);
}

TEST_CASE("DatagramTransport: a full UNIX receiver refuses, and the sender does not spin") {
  DatagramFixture fixture;
  const std::string name = abstract_name("full");
  const Address there = fixture.open_unix(kFirst, name);
  fixture.transports->datagrams(kFirst)->pause();
  // Each sends so little that its own memory is no reason: the kernel calls it writable.
  readyloop::base::Status sent;
  for (std::uint32_t slot = 2; sent.ok() && slot < 1000; ++slot) {
    const SinkName sender{slot, 0x26};
    fixture.open_unix(sender, "");
    for (int i = 0; sent.ok() && i < 4; ++i) sent = fixture.send(sender, "x", there);
  }
  CHECK(sent.error() == EAGAIN);
  CHECK(fixture.turn().empty());
}

TEST_CASE("DatagramTransport: options that the kernel knows are set, others are refused") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const int fd = fixture.transports->datagrams(kFirst)->fd();
  CHECK(set_datagram_option(fd, DatagramOption::kBroadcast, 1, "", "").ok());
  CHECK(set_datagram_option(fd, DatagramOption::kTtl, 64, "", "").ok());
  CHECK(set_datagram_option(fd, DatagramOption::kMulticastTtl, 2, "", "").ok());
  CHECK(set_datagram_option(fd, DatagramOption::kMulticastLoopback, 1, "", "").ok());
  CHECK(set_datagram_option(fd, DatagramOption::kMulticastInterface, 0, "", "127.0.0.1").ok());
  CHECK(set_datagram_option(fd, DatagramOption::kSendBuffer, 32768, "", "").ok());
  CHECK(get_datagram_option(fd, DatagramOption::kSendBuffer).value() >= 32768);
  CHECK(set_datagram_option(fd, DatagramOption::kJoinGroup, 0, "no address", "").error() == EINVAL);
  CHECK(set_datagram_option(fd, DatagramOption::kJoinGroup, 0, "239.1.2.3", "nowhere0").error() == ENODEV);
  CHECK(set_datagram_option(fd, static_cast<DatagramOption>(99), 0, "", "").error() == EINVAL);
  CHECK(get_datagram_option(fd, DatagramOption::kTtl).error() == EINVAL);
}

TEST_CASE("DatagramTransport: a group that was joined is heard until it is left") {
  DatagramFixture fixture;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond, {}, "0.0.0.0");
  const int sender = fixture.transports->datagrams(kFirst)->fd();
  const int receiver = fixture.transports->datagrams(kSecond)->fd();
  REQUIRE(set_datagram_option(sender, DatagramOption::kMulticastInterface, 0, "", "127.0.0.1").ok());
  REQUIRE(set_datagram_option(receiver, DatagramOption::kJoinGroup, 0, "239.1.2.3", "127.0.0.1").ok());
  const auto port = ntohs(reinterpret_cast<const sockaddr_in*>(there.get())->sin_port);
  const Address group = Address::inet("239.1.2.3", port).value();
  REQUIRE(fixture.send(kFirst, "all", group).ok());
  CHECK(fixture.receive().size() == 1);
  REQUIRE(set_datagram_option(receiver, DatagramOption::kLeaveGroup, 0, "239.1.2.3", "127.0.0.1").ok());
  REQUIRE(fixture.send(kFirst, "nobody", group).ok());
  CHECK(fixture.receive().empty());
}
