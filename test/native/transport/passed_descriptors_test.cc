// Packets, descriptors that travel through UNIX sockets, and who is at the other end.
#include "transport/passed_descriptors.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "support/datagram_fixture.h"
#include "transport/peer_credentials.h"

using namespace readyloop::test;
using namespace readyloop::transport;
using readyloop::base::Fd;

namespace {

constexpr SinkName kListener{5, 0x16};

DatagramTransport::Traits taking() {
  DatagramTransport::Traits traits;
  traits.takes_descriptors = true;
  return traits;
}

// How many descriptors the process has open.
int open_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

// Our end of a pair of packets, or of datagrams; the peer's end is returned.
Fd adopt_pair(DatagramFixture& fixture, int type, DatagramTransport::Traits traits) {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, type, 0, pair) == 0);
  const Fd left(pair[0]);
  REQUIRE(fixture.transports->adopt_datagrams(kFirst, left.get(), traits).ok());
  return Fd(pair[1]);
}

void send_descriptors(int fd, const std::vector<int>& descriptors) {
  Message message{};
  char byte = 'd';
  iovec part{&byte, 1};
  message.header.msg_iov = &part;
  message.header.msg_iovlen = 1;
  ControlRoom room;
  REQUIRE(attach_descriptors(message.header, room, descriptors.data(), descriptors.size()).ok());
  REQUIRE(kDatagramCalls.send(fd, &message, 1) == 1);
}

}  // namespace

TEST_CASE("PassedDescriptors: they arrive with their datagram, close-on-exec, and are the taker's") {
  DatagramFixture fixture;
  const Fd peer = adopt_pair(fixture, SOCK_DGRAM, taking());
  readyloop::base::Pipe pipe = make_pipe();
  send_descriptors(peer.get(), {pipe.reader.get(), pipe.writer.get()});
  const auto received = fixture.receive();
  REQUIRE(received.size() == 1);
  CHECK(received[0].number == 2);
  int taken[4] = {-1, -1, -1, -1};
  REQUIRE(fixture.transports->datagrams(kFirst)->take_descriptors(taken, 4) == 2);
  const Fd reader(taken[0]);
  const Fd writer(taken[1]);
  CHECK((::fcntl(reader.get(), F_GETFD) & FD_CLOEXEC) != 0);
  write_all(writer.get(), "x");
  CHECK(read_all(pipe.reader.get()) == "x");
}

TEST_CASE("PassedDescriptors: those that we send reach the peer, and stay ours") {
  DatagramFixture fixture;
  const Fd peer = adopt_pair(fixture, SOCK_SEQPACKET, {});
  const readyloop::base::Pipe pipe = make_pipe();
  REQUIRE(fixture.send(kFirst, "take it", Address(), {pipe.writer.get()}).ok());
  CHECK(::fcntl(pipe.writer.get(), F_GETFD) >= 0);
  DatagramFixture other;
  REQUIRE(other.transports->adopt_datagrams(kSecond, peer.get(), taking()).ok());
  const auto received = other.receive();
  REQUIRE(received.size() == 1);
  CHECK(received[0].text == "take it");
  CHECK(received[0].number == 1);
}

TEST_CASE("PassedDescriptors: more than a message may carry are refused") {
  DatagramFixture fixture;
  const Fd peer = adopt_pair(fixture, SOCK_DGRAM, {});
  const std::vector<int> many(kDescriptorsMax + 1, 0);
  CHECK(fixture.send(kFirst, "x", Address(), many).error() == EINVAL);
}

TEST_CASE("PassedDescriptors: who did not ask for them gets none, and is told") {
  DatagramFixture fixture;
  const Fd peer = adopt_pair(fixture, SOCK_DGRAM, {});
  const int before = open_descriptors();
  send_descriptors(peer.get(), {0, 1});
  const auto received = fixture.receive();
  REQUIRE(received.size() == 1);
  CHECK(received[0].flags == kFrameDescriptorsLost);
  CHECK(received[0].number == 0);
  CHECK(open_descriptors() == before);
}

TEST_CASE("PassedDescriptors: where only some could be received all are closed, and it is said") {
  DatagramFixture fixture;
  const Fd peer = adopt_pair(fixture, SOCK_DGRAM, taking());
  send_descriptors(peer.get(), {0, 1, 2});
  const int before = open_descriptors();
  std::vector<ReceivedFrame> received;
  {
    Fd placeholder(::dup(0));
    const NoMoreDescriptors none;
    // Room for one of the three.
    placeholder.reset();
    received = fixture.receive();
  }
  REQUIRE(received.size() == 1);
  CHECK((received[0].flags & kFrameDescriptorsLost) != 0);
  CHECK(received[0].number == 0);
  CHECK(open_descriptors() == before);
}

TEST_CASE("PassedDescriptors: those that nobody took are closed with the socket") {
  const int before = open_descriptors();
  {
    DatagramFixture fixture;
    const Fd peer = adopt_pair(fixture, SOCK_DGRAM, taking());
    send_descriptors(peer.get(), {0, 1, 2});
    CHECK(fixture.receive().size() == 1);
    fixture.transports->close(kFirst);
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("packets: a listener's connections keep boundaries, and their end is told") {
  DatagramFixture fixture;
  const std::string name = std::string(1, '\0') + "packets" + std::to_string(::getpid());
  const Address address = Address::unix_path(name).value();
  ListenOptions options;
  options.type = SOCK_SEQPACKET;
  REQUIRE(fixture.transports->listen(kListener, address, options).ok());
  REQUIRE(fixture.transports->connect_packets(kFirst, address, {}).ok());
  CHECK(is_event(fixture.wait().at(0), TransportEvent::kAccepted));
  REQUIRE(fixture.transports->accept_packets(kListener, kSecond, {}).ok());
  CHECK(fixture.transports->accept_packets(kListener, kSecond, {}).error() == EAGAIN);
  REQUIRE(fixture.send(kFirst, "one", Address()).ok());
  REQUIRE(fixture.send(kFirst, "two", Address()).ok());
  const auto received = fixture.receive();
  REQUIRE(received.size() == 2);
  CHECK(received[0].text == "one");
  CHECK(received[1].text == "two");
  fixture.transports->close(kFirst);
  const auto told = fixture.turn();
  REQUIRE(told.size() == 1);
  CHECK(is_event(told[0], TransportEvent::kEnd));
  CHECK(fixture.turn().empty());
}

TEST_CASE("packets: a path where nobody listens refuses") {
  DatagramFixture fixture;
  const Address nobody = Address::unix_path(std::string("\0nobody-here", 12)).value();
  CHECK(fixture.transports->connect_packets(kFirst, nobody, {}).error() == ECONNREFUSED);
}

TEST_CASE("adopt_datagrams: only sockets of datagrams or packets") {
  DatagramFixture fixture;
  const SocketPair pair = make_socket_pair();
  CHECK(fixture.transports->adopt_datagrams(kFirst, pair.left.get(), {}).error() == EPROTOTYPE);
  CHECK(fixture.transports->adopt_datagrams(kFirst, -1, {}).error() == EBADF);
}

TEST_CASE("peer_credentials: a connected UNIX socket knows its peer, others do not") {
  const SocketPair pair = make_socket_pair();
  auto known = peer_credentials(pair.left.get());
  REQUIRE(known.ok());
  CHECK(known.value().process == ::getpid());
  CHECK(known.value().user == ::geteuid());
  CHECK(known.value().group == ::getegid());
  DatagramFixture fixture;
  fixture.open(kFirst);
  CHECK_FALSE(peer_credentials(fixture.transports->datagrams(kFirst)->fd()).ok());
}
