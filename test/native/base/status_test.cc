// Carrying failures and values. That a dropped Status is a compile error cannot be tested here.
#include "base/status.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using readyloop::base::Result;
using readyloop::base::Status;

TEST_CASE("Status: success is the default") {
  const Status status;
  CHECK(status.ok());
  CHECK(status.error() == 0);
}

TEST_CASE("Status: carries errno and the call that gave it") {
  errno = EMFILE;
  const Status status = Status::from_errno("pipe2");
  CHECK_FALSE(status.ok());
  CHECK(status.error() == EMFILE);
  CHECK(std::string(status.syscall()) == "pipe2");
}

TEST_CASE("Result: gives away a value that can only be moved") {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  REQUIRE(result.ok());
  CHECK(result.error() == 0);
  CHECK(*result.value() == 7);
  CHECK(*result.take() == 7);
}

TEST_CASE("Result: carries a failure") {
  const Result<int> result(Status(EBADF, "fstat"));
  CHECK_FALSE(result.ok());
  CHECK(result.status().error() == EBADF);
}
