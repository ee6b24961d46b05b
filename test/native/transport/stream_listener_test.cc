// Listening and accepting, also when descriptors run out, and UNIX socket files.
#include "transport/stream_listener.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "support/transport_fixture.h"

using namespace readyloop::test;
using namespace readyloop::transport;
using readyloop::base::Fd;
using readyloop::loop::Record;

namespace {

// A listener on the loopback interface, and where it is.
struct ListenerFixture : TransportFixture {
  ListenerFixture() {
    REQUIRE(transports->listen(kFirst, Address::inet("127.0.0.1", 0).value(), ListenOptions{}).ok());
    address = Address::of_socket(transports->listener(kFirst)->fd()).value();
  }

  // A client whose connection stands in the backlog.
  [[nodiscard]] Fd connect() const {
    Fd client(kSocketCalls.open(AF_INET, SOCK_STREAM));
    REQUIRE((::connect(client.get(), address.get(), address.length()) == 0 || errno == EINPROGRESS));
    return client;
  }

  Address address;
};

// A folder that is gone afterwards, with the path of a socket in it.
struct Folder {
  Folder() {
    char name[] = "/tmp/readyloop-native-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    folder = name;
    path = folder + "/socket";
  }
  ~Folder() {
    ::unlink(path.c_str());
    ::rmdir(folder.c_str());
  }
  [[nodiscard]] bool has_file() const { return ::access(path.c_str(), F_OK) == 0; }

  std::string folder;
  std::string path;
};

Address at(const Folder& folder) { return Address::unix_path(folder.path).value(); }

}  // namespace

TEST_CASE("StreamListener: each connection is announced and can be taken, with its peer's address") {
  ListenerFixture fixture;
  const Fd one = fixture.connect();
  const Fd two = fixture.connect();
  const std::vector<Record> records = fixture.wait();
  REQUIRE(records.size() == 2);
  CHECK(is_event(records[0], TransportEvent::kAccepted));
  CHECK(fixture.transports->accept(kFirst, kSecond).value().describe() ==
        Address::of_socket(one.get()).value().describe());
  const int fd = fixture.transports->stream(kSecond)->fd();
  CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  CHECK(fixture.transports->accept(kFirst, SinkName{3, 0x16}).ok());
  CHECK(fixture.transports->accept(kFirst, SinkName{4, 0x16}).error() == EAGAIN);
}

TEST_CASE("StreamListener: an accepted connection is read at once") {
  ListenerFixture fixture;
  const Fd client = fixture.connect();
  static_cast<void>(fixture.wait());
  REQUIRE(fixture.transports->accept(kFirst, kSecond).ok());
  write_all(client.get(), "hello");
  CHECK(fixture.bytes(fixture.wait().at(0)) == "hello");
}

TEST_CASE("StreamListener: whom a connection was accepted from is known also when the peer resets it") {
  ListenerFixture fixture;
  Fd client = fixture.connect();
  const std::string described = Address::of_socket(client.get()).value().describe();
  static_cast<void>(fixture.wait());
  close_with_reset(client);
  REQUIRE(fixture.transports->accept(kFirst, kSecond).ok());
  StreamTransport& stream = *fixture.transports->stream(kSecond);
  CHECK(Address::of_peer(stream.fd()).error() == ENOTCONN);
  CHECK(stream.peer().value().describe() == described);
}

TEST_CASE("StreamListener: connections that nobody took are closed with it") {
  ListenerFixture fixture;
  const Fd client = fixture.connect();
  static_cast<void>(fixture.wait());
  CHECK(fixture.transports->close(kFirst));
  char byte = 0;
  const ssize_t count = ::recv(client.get(), &byte, 1, 0);
  CHECK((count == 0 || (count < 0 && errno == ECONNRESET)));
}

TEST_CASE("StreamListener: a paused one leaves connections in the backlog") {
  ListenerFixture fixture;
  fixture.transports->listener(kFirst)->pause();
  const Fd client = fixture.connect();
  CHECK(fixture.turn().empty());
  REQUIRE(fixture.transports->listener(kFirst)->resume().ok());
  CHECK(is_event(fixture.wait().at(0), TransportEvent::kAccepted));
}

TEST_CASE("StreamListener: out of descriptors it says so and stops, until it is resumed") {
  ListenerFixture fixture;
  const Fd turned_away = fixture.connect();
  const Fd waiting = fixture.connect();
  {
    const NoMoreDescriptors limit;
    const Record failed = fixture.wait().at(0);
    CHECK(is_event(failed, TransportEvent::kAcceptFailed));
    CHECK(failed.b == EMFILE);
    CHECK(fixture.turn().empty());
  }
  REQUIRE(fixture.transports->listener(kFirst)->resume().ok());
  CHECK(is_event(fixture.wait().at(0), TransportEvent::kAccepted));
}

TEST_CASE("StreamListener: each time that descriptors run out it turns one connection away with its reserve") {
  ListenerFixture fixture;
  const Fd first = fixture.connect();
  const Fd second = fixture.connect();
  const Fd third = fixture.connect();
  const auto has_ended = [](const Fd& client) {
    char byte = 0;
    return ::recv(client.get(), &byte, 1, MSG_DONTWAIT) == 0;
  };
  {
    const NoMoreDescriptors limit;
    CHECK(is_event(fixture.wait().at(0), TransportEvent::kAcceptFailed));
    CHECK((has_ended(first) && !has_ended(second)));
    REQUIRE(fixture.transports->listener(kFirst)->resume().ok());
    CHECK(is_event(fixture.wait().at(0), TransportEvent::kAcceptFailed));
    CHECK((has_ended(second) && !has_ended(third)));
  }
  REQUIRE(fixture.transports->listener(kFirst)->resume().ok());
  CHECK(is_event(fixture.wait().at(0), TransportEvent::kAccepted));
  CHECK_FALSE(has_ended(third));
}

TEST_CASE("StreamListener: a connection that was gone before it was accepted is no failure") {
  ListenerFixture fixture;
  const Fd client = fixture.connect();
  call_faults().accept = {ECONNABORTED, EINTR};
  const std::vector<Record> records = fixture.wait();
  REQUIRE(records.size() == 1);
  CHECK(is_event(records[0], TransportEvent::kAccepted));
}

TEST_CASE("StreamListener: an address in use is refused, and reuse_port shares one") {
  ListenerFixture fixture;
  CHECK(fixture.transports->listen(kSecond, fixture.address, ListenOptions{}).error() == EADDRINUSE);
  ListenOptions shared;
  shared.reuse_port = true;
  REQUIRE(fixture.transports->listen(kSecond, Address::inet("127.0.0.1", 0).value(), shared).ok());
  const Address address = Address::of_socket(fixture.transports->listener(kSecond)->fd()).value();
  CHECK(fixture.transports->listen(SinkName{3, 0x16}, address, shared).ok());
}

TEST_CASE("SocketFile: the file goes with its listener") {
  const Folder folder;
  TransportFixture fixture;
  ListenOptions options;
  options.mode = 0600;
  REQUIRE(fixture.transports->listen(kFirst, at(folder), options).ok());
  struct stat facts {};
  REQUIRE(::stat(folder.path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
  fixture.transports->close(kFirst);
  CHECK_FALSE(folder.has_file());
}

TEST_CASE("SocketFile: a file behind which nobody listens is replaced, one with a listener is not") {
  const Folder folder;
  TransportFixture fixture;
  {
    const Fd dead(kSocketCalls.open(AF_UNIX, SOCK_STREAM));
    REQUIRE(::bind(dead.get(), at(folder).get(), at(folder).length()) == 0);
  }
  REQUIRE(fixture.transports->listen(kFirst, at(folder), ListenOptions{}).ok());
  CHECK(fixture.transports->listen(kSecond, at(folder), ListenOptions{}).error() == EADDRINUSE);
  CHECK(folder.has_file());
}

TEST_CASE("SocketFile: a file that is no socket is left alone") {
  const Folder folder;
  TransportFixture fixture;
  { const Fd file(::open(folder.path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); }
  CHECK(fixture.transports->listen(kFirst, at(folder), ListenOptions{}).error() == EADDRINUSE);
  CHECK(folder.has_file());
}

TEST_CASE("SocketFile: somebody else's file in its place is left alone") {
  const Folder folder;
  TransportFixture fixture;
  REQUIRE(fixture.transports->listen(kFirst, at(folder), ListenOptions{}).ok());
  REQUIRE(::unlink(folder.path.c_str()) == 0);
  { const Fd file(::open(folder.path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); }
  fixture.transports->close(kFirst);
  CHECK(folder.has_file());
}
