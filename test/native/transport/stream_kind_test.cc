// Streams that are no sockets: pipes in both directions, a terminal, and what cannot be one.
#include "transport/stream_kind.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "support/transport_fixture.h"

using namespace readyloop::test;
using namespace readyloop::transport;
using readyloop::base::Fd;
using readyloop::base::Pipe;
using readyloop::loop::Record;

namespace {

using Fault = CallFaults::Fault;

// While it lives SIGPIPE does what it does in a program that has not decided anything: it ends the process.
class DefaultSigpipe {
 public:
  DefaultSigpipe() : before_(::signal(SIGPIPE, SIG_DFL)) {}
  DefaultSigpipe(const DefaultSigpipe&) = delete;
  DefaultSigpipe& operator=(const DefaultSigpipe&) = delete;
  ~DefaultSigpipe() { ::signal(SIGPIPE, before_); }

 private:
  void (*before_)(int);
};

bool is_sigpipe_pending() {
  sigset_t pending;
  ::sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

struct Terminal {
  Fd master;
  std::string slave;
  Terminal() : master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) {
    REQUIRE(::grantpt(master.get()) == 0);
    REQUIRE(::unlockpt(master.get()) == 0);
    slave = ::ptsname(master.get());
  }
  [[nodiscard]] Fd open(int access) const { return Fd(::open(slave.c_str(), access | O_NOCTTY | O_CLOEXEC)); }
};

// Our end becomes a stream; the other end is returned.
Fd adopt(TransportFixture& fixture, Fd ours, Fd theirs) {
  REQUIRE(fixture.transports->adopt_stream(kFirst, ours.get()).ok());
  return theirs;
}

Fd adopt_reader(TransportFixture& fixture) {
  Pipe pipe = make_pipe();
  return adopt(fixture, std::move(pipe.reader), std::move(pipe.writer));
}

Fd adopt_writer(TransportFixture& fixture) {
  Pipe pipe = make_pipe();
  return adopt(fixture, std::move(pipe.writer), std::move(pipe.reader));
}

}  // namespace

TEST_CASE("stream_kind_of: sockets, the ends of a pipe, a terminal; files and closed descriptors are none") {
  const Pipe pipe = make_pipe();
  const SocketPair sockets = make_socket_pair();
  const Terminal terminal;
  CHECK(stream_kind_of(sockets.left.get()).value() == StreamKind::kSocket);
  CHECK(stream_kind_of(pipe.reader.get()).value() == StreamKind::kReader);
  CHECK(stream_kind_of(pipe.writer.get()).value() == StreamKind::kWriter);
  CHECK(stream_kind_of(terminal.open(O_RDWR).get()).value() == StreamKind::kDevice);
  CHECK(stream_kind_of(terminal.open(O_RDONLY).get()).value() == StreamKind::kReader);
  CHECK(stream_kind_of(terminal.open(O_WRONLY).get()).value() == StreamKind::kDeviceWriter);
  CHECK(stream_kind_of(Fd(::socket(AF_UNIX, SOCK_DGRAM, 0)).get()).error() == EPROTOTYPE);
  CHECK(stream_kind_of(Fd(::open(".", O_RDONLY | O_CLOEXEC)).get()).error() == EPERM);
  CHECK(stream_kind_of(-1).error() == EBADF);
}

TEST_CASE("StreamTransport: a pipe is read up to its end") {
  TransportFixture fixture;
  Fd writer = adopt_reader(fixture);
  write_all(writer.get(), "hello");
  CHECK(fixture.bytes(fixture.wait().at(0)) == "hello");
  writer.reset();
  CHECK(is_event(fixture.wait().at(0), TransportEvent::kEnd));
  CHECK(fixture.turn().empty());
}

TEST_CASE("StreamTransport: a pipe is written to, in order, however little the kernel takes") {
  TransportFixture fixture;
  Fd reader = adopt_writer(fixture);
  call_faults().send = {Fault{0, 3}, Fault{EINTR}, Fault{EAGAIN}};
  fixture.write(kFirst, "hello, ");
  fixture.write(kFirst, "reader");
  fixture.transports->flush();
  std::string text = read_all(reader.get());
  CHECK(text == "hel");
  while (text.size() < 13) {
    static_cast<void>(fixture.turn());
    text += read_all(reader.get());
  }
  CHECK(text == "hello, reader");
}

TEST_CASE("StreamTransport: a pipe that nobody reads fails with EPIPE, and no signal ends the process or stays behind") {
  const DefaultSigpipe guard;
  TransportFixture fixture;
  Fd reader = adopt_writer(fixture);
  reader.reset();
  fixture.write(kFirst, "to nobody");
  fixture.transports->flush();
  const Record failed = fixture.turn().at(0);
  CHECK(is_event(failed, TransportEvent::kSendFailed));
  CHECK(failed.b == EPIPE);
  CHECK_FALSE(is_sigpipe_pending());
  CHECK(fixture.turn().empty());
}

TEST_CASE("StreamTransport: a SIGPIPE that was pending before a write is left to whoever waits for it") {
  const DefaultSigpipe guard;
  sigset_t broken_pipe;
  sigset_t before;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
  ::raise(SIGPIPE);
  Pipe pipe = make_pipe();
  pipe.reader.reset();
  prepare_writer(pipe.writer.get());
  iovec part{const_cast<char*>("x"), 1};
  CHECK(kSocketCalls.write(pipe.writer.get(), &part, 1) == -1);
  CHECK(errno == EPIPE);
  CHECK(is_sigpipe_pending());
  int taken = 0;
  ::sigwait(&broken_pipe, &taken);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(taken == SIGPIPE);
}

TEST_CASE("StreamTransport: a writer with nothing to write hears that its reader has gone, once") {
  if (!kWriterHearsHangup) return;
  TransportFixture fixture;
  Fd reader = adopt_writer(fixture);
  CHECK(fixture.turn().empty());
  reader.reset();
  const Record failed = fixture.wait().at(0);
  CHECK(is_event(failed, TransportEvent::kSendFailed));
  CHECK(failed.b == EPIPE);
  CHECK(fixture.turn().empty());
}

TEST_CASE("StreamTransport: ending the sending side of a pipe closes it behind what waits") {
  TransportFixture fixture;
  Fd reader = adopt_writer(fixture);
  call_faults().send = {Fault{0, 2}};
  fixture.write(kFirst, "last words");
  fixture.transports->flush();
  CHECK(is_event(fixture.turn().at(0), TransportEvent::kBacklog));
  fixture.transports->stream(kFirst)->end_sending();
  std::vector<Record> records;
  while (records.empty() || !is_event(records.back(), TransportEvent::kClosed)) {
    for (const Record& record : fixture.turn()) records.push_back(record);
  }
  CHECK(fixture.transports->stream(kFirst) == nullptr);
  CHECK(read_all(reader.get()) == "last words");
  char byte = 0;
  CHECK(::read(reader.get(), &byte, 1) == 0);
}

TEST_CASE("StreamTransport: ending a pipe with nothing left closes it at once") {
  TransportFixture fixture;
  Fd reader = adopt_writer(fixture);
  fixture.transports->stream(kFirst)->end_sending();
  CHECK(is_event(fixture.turn().at(0), TransportEvent::kClosed));
  char byte = 0;
  CHECK(::read(reader.get(), &byte, 1) == 0);
}

TEST_CASE("StreamTransport: a terminal is read and written; one opened for writing is not disturbed by what is typed") {
  const Terminal terminal;
  TransportFixture fixture;
  REQUIRE(fixture.transports->adopt_stream(kFirst, terminal.open(O_RDWR).get()).ok());
  write_all(terminal.master.get(), "typed\n");
  CHECK(fixture.bytes(fixture.wait().at(0)) == "typed\n");
  fixture.transports->abort(kFirst);

  REQUIRE(fixture.transports->adopt_stream(kSecond, terminal.open(O_WRONLY).get()).ok());
  static_cast<void>(read_all(terminal.master.get()));
  write_all(terminal.master.get(), "unread\n");
  CHECK(fixture.turn().empty());
  fixture.write(kSecond, "shown");
  fixture.transports->flush();
  CHECK(fixture.turn().empty());
  CHECK(read_all(terminal.master.get()).find("shown") != std::string::npos);
  CHECK(fixture.transports->close(kSecond));
}

TEST_CASE("Transports: a new pipe has two ends, each a stream; without descriptors there is none") {
  TransportFixture fixture;
  REQUIRE(fixture.transports->open_pipe(kFirst, kSecond).ok());
  fixture.write(kSecond, "through");
  fixture.transports->flush();
  CHECK(fixture.bytes(fixture.wait().at(0)) == "through");
  fixture.transports->close(kSecond);
  CHECK(is_event(fixture.wait().at(0), TransportEvent::kEnd));
  fixture.transports->abort(kFirst);
  const NoMoreDescriptors limit;
  CHECK(fixture.transports->open_pipe(kFirst, kSecond).error() == EMFILE);
  CHECK(fixture.transports->stream(kFirst) == nullptr);
}
