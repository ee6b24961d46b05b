// The commands of a loop's transports by the names of their sinks: connecting, stale names, who is counted.
#include "transport/transports.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "support/transport_fixture.h"

using namespace readyloop::test;
using namespace readyloop::transport;
using readyloop::base::Fd;
using readyloop::loop::Direction;
using readyloop::loop::Record;
using readyloop::loop::Repeat;

namespace {

constexpr SinkName kListener{5, 0x16};

struct ConnectFixture : TransportFixture {
  ConnectFixture() {
    REQUIRE(transports->listen(kListener, Address::inet("127.0.0.1", 0).value(), ListenOptions{}).ok());
    address = Address::of_socket(transports->listener(kListener)->fd()).value();
  }
  std::int32_t active() { return memory.word(readyloop::loop::kTransportsIndex); }

  Address address;
};

// Turns until the sink of `slot` is told something else than that it has a backlog.
Record wait_for(ConnectFixture& fixture, std::int32_t slot) {
  for (;;) {
    for (const Record& record : fixture.wait()) {
      if (record.slot == slot && !is_event(record, TransportEvent::kBacklog)) return record;
    }
  }
}

}  // namespace

TEST_CASE("Transports: a connection that stands is said, and what was written before goes out") {
  ConnectFixture fixture;
  const bool at_once = fixture.transports->connect(kFirst, fixture.address, nullptr).value();
  fixture.write(kFirst, "early");
  fixture.transports->flush();
  if (!at_once) {
    CHECK(is_event(wait_for(fixture, 1), TransportEvent::kConnected));
  }
  while (!fixture.transports->accept(kListener, kSecond).ok()) static_cast<void>(fixture.wait());
  CHECK(fixture.bytes(wait_for(fixture, 2)) == "early");
}

TEST_CASE("Transports: a connect that is interrupted goes on") {
  ConnectFixture fixture;
  call_faults().connect = {EINTR};
  auto begun = fixture.transports->connect(kFirst, fixture.address, nullptr);
  REQUIRE(begun.ok());
  CHECK_FALSE(begun.value());
  CHECK(is_event(wait_for(fixture, 1), TransportEvent::kConnected));
}

TEST_CASE("Transports: a sending side that ends before the connection stands ends when it does") {
  ConnectFixture fixture;
  call_faults().connect = {EINPROGRESS};
  REQUIRE(fixture.transports->connect(kFirst, fixture.address, nullptr).ok());
  fixture.transports->stream(kFirst)->end_sending();
  CHECK(is_event(wait_for(fixture, 1), TransportEvent::kConnected));
  while (!fixture.transports->accept(kListener, kSecond).ok()) static_cast<void>(fixture.wait());
  CHECK(is_event(wait_for(fixture, 2), TransportEvent::kEnd));
}

TEST_CASE("Transports: both ends of a connection send small packets at once") {
  ConnectFixture fixture;
  REQUIRE(fixture.transports->connect(kFirst, fixture.address, nullptr).ok());
  CHECK(wait_for(fixture, kListener.slot).a == static_cast<int>(TransportEvent::kAccepted));
  REQUIRE(fixture.transports->accept(kListener, kSecond).ok());
  for (const SinkName name : {kFirst, kSecond}) {
    int no_delay = 0;
    socklen_t length = sizeof no_delay;
    REQUIRE(::getsockopt(fixture.transports->stream(name)->fd(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &length) == 0);
    CHECK(no_delay != 0);
  }
}

TEST_CASE("Transports: a connection that is refused says so, once") {
  ConnectFixture fixture;
  const Address nobody = fixture.address;
  fixture.transports->close(kListener);
  auto begun = fixture.transports->connect(kFirst, nobody, nullptr);
  if (begun.ok()) {
    const Record failed = wait_for(fixture, 1);
    CHECK(is_event(failed, TransportEvent::kFailed));
    CHECK(failed.b == ECONNREFUSED);
    CHECK(fixture.turn().empty());
    fixture.transports->close(kFirst);
  } else {
    CHECK(begun.error() == ECONNREFUSED);
  }
  CHECK(fixture.active() == 0);
}

TEST_CASE("Transports: a connection in progress that is given up closes its descriptor") {
  ConnectFixture fixture;
  REQUIRE(fixture.transports->connect(kFirst, fixture.address, nullptr).ok());
  const int fd = fixture.transports->stream(kFirst)->fd();
  CHECK(fixture.transports->close(kFirst));
  CHECK(::fcntl(fd, F_GETFD) == -1);
  CHECK(fixture.active() == 1);
}

TEST_CASE("Transports: a local address is connected from") {
  ConnectFixture fixture;
  const Address local = Address::inet("127.0.0.2", 0).value();
  REQUIRE(fixture.transports->connect(kFirst, fixture.address, &local).ok());
  CHECK(Address::of_socket(fixture.transports->stream(kFirst)->fd()).value().describe().find("127.0.0.2") !=
        std::string::npos);
}

TEST_CASE("Transports: a stale name finds nobody, and its bytes go nowhere") {
  TransportFixture fixture;
  Fd before = fixture.stream(kFirst);
  fixture.transports->close(kFirst);
  const SinkName next{kFirst.slot, kFirst.word + 0x10};
  Fd peer = fixture.stream(next);
  fixture.write(kFirst, "for the one before");
  fixture.write(next, "mine");
  fixture.transports->flush();
  CHECK(fixture.transports->find(kFirst) == nullptr);
  CHECK(read_all(peer.get()) == "mine");
  fixture.transports->abort(kFirst);
  CHECK(fixture.transports->stream(next) != nullptr);
}

TEST_CASE("Transports: a name is of one kind") {
  ConnectFixture fixture;
  CHECK(fixture.transports->stream(kListener) == nullptr);
  Fd peer = fixture.stream(kFirst);
  CHECK(fixture.transports->listener(kFirst) == nullptr);
  CHECK(fixture.transports->accept(kFirst, kSecond).error() == EBADF);
}

TEST_CASE("Transports: only stream sockets are adopted as streams, only listening ones as listeners") {
  TransportFixture fixture;
  const Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CHECK(fixture.transports->adopt_stream(kFirst, file.get()).error() == EPERM);
  const Fd datagrams(kSocketCalls.open(AF_INET, SOCK_DGRAM));
  CHECK(fixture.transports->adopt_stream(kFirst, datagrams.get()).error() == EPROTOTYPE);
  CHECK(fixture.transports->adopt_stream(kFirst, -1).error() == EBADF);
  const SocketPair pair = make_tcp_pair();
  CHECK(fixture.transports->adopt_listener(kFirst, pair.left.get()).error() == EINVAL);
}

TEST_CASE("Transports: a descriptor of a transport is not watched, until it is closed") {
  TransportFixture fixture;
  const Fd peer = fixture.stream(kFirst);
  const int fd = fixture.transports->stream(kFirst)->fd();
  const auto watch = [&](int number) {
    return fixture.loop->watch(number, Direction::kRead, 9, 0x92, Repeat::kOnce).error();
  };
  CHECK(watch(fd) == EBUSY);
  CHECK(watch(peer.get()) == 0);
  CHECK(fixture.loop->unwatch(peer.get(), Direction::kRead));
  fixture.transports->abort(kFirst);
  CHECK(watch(fd) == EBADF);
  // The number's next file is its own.
  const Fd next(::fcntl(peer.get(), F_DUPFD_CLOEXEC, fd));
  REQUIRE(next.get() == fd);
  CHECK(watch(fd) == 0);
}

TEST_CASE("Transports: destroying the loop closes every descriptor") {
  int fd = -1;
  Fd peer;
  {
    TransportFixture fixture;
    peer = fixture.stream(kFirst);
    fd = fixture.transports->stream(kFirst)->fd();
  }
  char byte = 0;
  CHECK(::recv(peer.get(), &byte, 1, 0) == 0);
  CHECK(::fcntl(fd, F_GETFD) == -1);
}
