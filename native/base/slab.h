// A table of values named by tokens. Insert, find and erase are O(1); erased slots are reused, last freed
// first, each time with a new generation.
//
// Invariant: a token finds the value it was made for or nothing. A generation wraps after 2^32 reuses of one slot.
// A pointer from find() is valid until the next insert().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/token.h"

namespace readyloop::base {

template <typename T>
class Slab {
 public:
  [[nodiscard]] Token insert(T value) {
    if (free_.empty()) {
      cells_.push_back(Cell{std::move(value), 0});
      return Token{static_cast<std::uint32_t>(cells_.size() - 1), 0};
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    cells_[slot].value = std::move(value);
    return Token{slot, cells_[slot].generation};
  }

  [[nodiscard]] T* find(Token token) noexcept {
    if (token.slot >= cells_.size()) return nullptr;
    Cell& cell = cells_[token.slot];
    if (cell.generation != token.generation || !cell.value.has_value()) return nullptr;
    return &*cell.value;
  }

  // No value: the token was stale.
  std::optional<T> erase(Token token) {
    T* found = find(token);
    if (found == nullptr) return std::nullopt;
    std::optional<T> value(std::move(*found));
    Cell& cell = cells_[token.slot];
    cell.value.reset();
    ++cell.generation;
    free_.push_back(token.slot);
    return value;
  }

  [[nodiscard]] std::size_t size() const noexcept { return cells_.size() - free_.size(); }

 private:
  struct Cell {
    std::optional<T> value;
    std::uint32_t generation = 0;
  };

  std::vector<Cell> cells_;
  std::vector<std::uint32_t> free_;
};

}  // namespace readyloop::base
