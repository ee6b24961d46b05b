// The byte queue against a plain string.
#include "base/byte_queue.h"

#include <doctest/doctest.h>

#include <string>

#include "support/seed.h"

using readyloop::base::ByteQueue;
using namespace readyloop::test;

namespace {

void append(ByteQueue& queue, const std::string& text) {
  queue.append(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

std::string front(const ByteQueue& queue, int limit) {
  std::string text;
  iovec parts[4];
  const int count = queue.peek(parts, limit);
  for (int i = 0; i < count; ++i) text.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return text;
}

}  // namespace

TEST_CASE("ByteQueue: does what a string does, whatever is appended and consumed") {
  auto random = make_random();
  ByteQueue queue;
  std::string model;
  for (int round = 0; round < 2000; ++round) {
    if (below(random, 2) == 0) {
      const std::string text(below(random, 50'000), static_cast<char>('a' + round % 26));
      append(queue, text);
      model += text;
    } else {
      const std::size_t size = model.empty() ? 0 : below(random, static_cast<std::uint32_t>(model.size()) + 1);
      queue.consume(size);
      model.erase(0, size);
    }
    REQUIRE(queue.size() == model.size());
    REQUIRE(queue.empty() == model.empty());
    const std::string seen = front(queue, 4);
    REQUIRE(model.compare(0, seen.size(), seen) == 0);
    REQUIRE((seen.empty() == model.empty()));
  }
}

TEST_CASE("ByteQueue: no more parts are given than asked for, and a cleared queue has none") {
  ByteQueue queue;
  append(queue, std::string(200'000, 'x'));
  iovec parts[4];
  CHECK(queue.peek(parts, 2) == 2);
  queue.clear();
  CHECK(queue.peek(parts, 4) == 0);
  CHECK(queue.empty());
}
