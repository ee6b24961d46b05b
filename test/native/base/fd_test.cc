// Who closes a descriptor, and when. A number is taken for closed when fcntl() says EBADF.
#include "base/fd.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "base/syscalls.h"
#include "support/descriptors.h"

using readyloop::base::Fd;
using readyloop::base::Pipe;
using namespace readyloop::test;

namespace {

bool is_open(int number) { return ::fcntl(number, F_GETFD) != -1; }

}  // namespace

TEST_CASE("Fd: closes when it goes") {
  int number = -1;
  {
    const Pipe pipe = make_pipe();
    number = pipe.reader.get();
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("Fd: closes exactly once") {
  Pipe pipe = make_pipe();
  const int number = pipe.reader.get();
  pipe.reader.reset();
  const Fd other = duplicate_as(pipe.writer.get(), number);
  pipe.reader.reset();
  CHECK(is_open(number));
}

TEST_CASE("Fd: a moved one owns nothing any more") {
  Pipe pipe = make_pipe();
  const int number = pipe.reader.get();
  Fd moved(std::move(pipe.reader));
  CHECK_FALSE(pipe.reader.valid());  // NOLINT: what a moved Fd is, is the subject
  CHECK(moved.get() == number);
  moved = std::move(pipe.writer);
  CHECK_FALSE(is_open(number));
}

TEST_CASE("Fd: closing keeps errno") {
  Pipe pipe = make_pipe();
  errno = EMFILE;
  pipe.reader.reset();
  CHECK(errno == EMFILE);
}

TEST_CASE("Pipe: both ends are non-blocking and not inherited") {
  const Pipe pipe = make_pipe();
  for (const int end : {pipe.reader.get(), pipe.writer.get()}) {
    CHECK((::fcntl(end, F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(end, F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("Pipe: without descriptors the failure is reported") {
  const NoMoreDescriptors limit;
  const auto pipe = readyloop::base::open_pipe();
  CHECK(pipe.error() == EMFILE);
}

TEST_CASE("Syscalls: the table holds the real calls") {
  const auto& calls = readyloop::base::kSyscalls;
  const Pipe pipe = make_pipe();
  char byte = 'a';
  CHECK(calls.write(pipe.writer.get(), &byte, 1) == 1);
  CHECK(calls.read(pipe.reader.get(), &byte, 1) == 1);
  struct stat facts {};
  CHECK(calls.fstat(pipe.reader.get(), &facts) == 0);
  CHECK(S_ISFIFO(facts.st_mode));
}
