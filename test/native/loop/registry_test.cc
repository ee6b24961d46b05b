// When a token stops finding its source, and when the source is destroyed: during a dispatch these are two moments.
// A probe tells whether it is alive.
#include "loop/registry.h"

#include <doctest/doctest.h>

#include <functional>
#include <utility>

#include "support/descriptors.h"
#include "support/selectors.h"

using namespace readyloop::loop;
using namespace readyloop::selector;
using namespace readyloop::test;
using readyloop::base::Pipe;
using readyloop::base::Token;

namespace {

constexpr Interest kReadLevel{true, false, Mode::kLevel};

// Counts its calls and says when it is destroyed.
class Probe final : public Source {
 public:
  explicit Probe(bool& alive) : alive_(alive) { alive_ = true; }
  ~Probe() override {
    alive_ = false;
    if (on_destroy) on_destroy();
  }
  void on_ready(Readiness) noexcept override {}

  std::function<void()> on_destroy;

 private:
  bool& alive_;
};

struct Fixture {
  std::unique_ptr<Selector> selector = make_selector();
  Registry registry{*selector};
  Pipe pipe = make_pipe();
};

}  // namespace

TEST_CASE("Registry: a registered source is found by its token and reported by the selector") {
  Fixture fixture;
  bool alive = false;
  auto source = std::make_unique<Probe>(alive);
  Source* raw = source.get();
  auto token = fixture.registry.register_source(std::move(source), fixture.pipe.reader.get(), kReadLevel);
  REQUIRE(token.ok());
  CHECK(fixture.registry.find(token.value()) == raw);
  CHECK(fixture.registry.size() == 1);
  write_byte(fixture.pipe.writer.get());
  CHECK(poll_now(*fixture.selector)[0].token == token.value());
}

TEST_CASE("Registry: a refused source is destroyed") {
  Fixture fixture;
  bool alive = false;
  const auto token = fixture.registry.register_source(std::make_unique<Probe>(alive), -1, kReadLevel);
  CHECK(token.error() == EBADF);
  CHECK_FALSE(alive);
  CHECK(fixture.registry.size() == 0);
}

TEST_CASE("Registry: outside a dispatch a source goes when it is deregistered") {
  Fixture fixture;
  bool alive = false;
  const Token token =
      fixture.registry.register_source(std::make_unique<Probe>(alive), fixture.pipe.reader.get(), kReadLevel).take();
  CHECK(fixture.registry.deregister(token));
  CHECK_FALSE(alive);
  CHECK_FALSE(fixture.registry.deregister(token));
  CHECK(fixture.registry.find(token) == nullptr);
  CHECK(fixture.registry.modify(token, kReadLevel).error() == ENOENT);
  write_byte(fixture.pipe.writer.get());
  CHECK(poll_now(*fixture.selector).empty());
}

TEST_CASE("Registry: during a dispatch the token goes at once and the source at its end") {
  Fixture fixture;
  bool alive = false;
  const Token token =
      fixture.registry.register_source(std::make_unique<Probe>(alive), fixture.pipe.reader.get(), kReadLevel).take();
  fixture.registry.begin_dispatch();
  CHECK(fixture.registry.deregister(token));
  CHECK(fixture.registry.find(token) == nullptr);
  CHECK(alive);
  fixture.registry.release_closed();
  CHECK_FALSE(alive);
}

TEST_CASE("Registry: a source that is destroyed may deregister another") {
  Fixture fixture;
  bool first_alive = false;
  bool second_alive = false;
  const Token second =
      fixture.registry
          .register_source(std::make_unique<Probe>(second_alive), fixture.pipe.writer.get(), kReadLevel)
          .take();
  auto owner = std::make_unique<Probe>(first_alive);
  owner->on_destroy = [&] { fixture.registry.deregister(second); };
  const Token first =
      fixture.registry.register_source(std::move(owner), fixture.pipe.reader.get(), kReadLevel).take();
  fixture.registry.begin_dispatch();
  fixture.registry.deregister(first);
  fixture.registry.release_closed();
  CHECK_FALSE(first_alive);
  CHECK_FALSE(second_alive);
  CHECK(fixture.registry.size() == 0);
}
