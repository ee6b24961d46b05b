// Tokens of a slab: which find something and which miss. The last case compares a long random use with a map.
#include "base/slab.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>

#include "support/seed.h"

using readyloop::base::Slab;
using readyloop::base::Token;
using namespace readyloop::test;

TEST_CASE("Slab: a token finds its value until it is erased") {
  Slab<int> slab;
  const Token token = slab.insert(7);
  REQUIRE(slab.find(token) != nullptr);
  CHECK(*slab.find(token) == 7);
  CHECK(slab.erase(token) == 7);
  CHECK(slab.find(token) == nullptr);
  CHECK_FALSE(slab.erase(token).has_value());
}

TEST_CASE("Slab: a reused slot has a new generation") {
  Slab<int> slab;
  const Token first = slab.insert(1);
  slab.erase(first);
  const Token second = slab.insert(2);
  CHECK(second.slot == first.slot);
  CHECK(second != first);
  CHECK(slab.find(first) == nullptr);
  CHECK(*slab.find(second) == 2);
}

TEST_CASE("Slab: a token that was never given finds nothing") {
  Slab<int> slab;
  CHECK(slab.find(Token{0, 0}) == nullptr);
  static_cast<void>(slab.insert(1));
  CHECK(slab.find(Token{1, 0}) == nullptr);
  CHECK(slab.find(Token{0, 1}) == nullptr);
}

TEST_CASE("Slab: holds values that can only be moved") {
  Slab<std::unique_ptr<int>> slab;
  const Token token = slab.insert(std::make_unique<int>(3));
  CHECK(**slab.erase(token) == 3);
}

TEST_CASE("Slab: agrees with a map under random use") {
  auto random = make_random();
  Slab<std::uint32_t> slab;
  std::map<std::uint64_t, std::uint32_t> model;
  std::vector<Token> given;
  for (std::uint32_t step = 0; step < 20'000; ++step) {
    if (given.empty() || below(random, 5) < 2) {
      const Token token = slab.insert(step);
      REQUIRE(model.emplace(token.bits(), step).second);
      given.push_back(token);
      continue;
    }
    const Token token = given[below(random, static_cast<std::uint32_t>(given.size()))];
    const auto expected = model.find(token.bits());
    const std::uint32_t* found = slab.find(token);
    REQUIRE((found != nullptr) == (expected != model.end()));
    if (found != nullptr) REQUIRE(*found == expected->second);
    if (below(random, 2) == 0) {
      REQUIRE(slab.erase(token).has_value() == (expected != model.end()));
      model.erase(token.bits());
    }
    REQUIRE(slab.size() == model.size());
  }
}
