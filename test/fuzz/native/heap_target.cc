// The timer heap against a map that is searched from end to end.
#include <map>
#include <utility>

#include "fuzz/native/operations.h"
#include "loop/timer_heap.h"

using namespace readyloop;
using fuzz::expect;

namespace {

struct Armed {
  std::int64_t deadline = 0;
  std::uint64_t sequence = 0;
  std::int32_t word = 0;
};

using Model = std::map<std::uint32_t, Armed>;

Model::iterator first_of(Model& model) {
  auto first = model.begin();
  for (auto at = model.begin(); at != model.end(); ++at) {
    if (std::pair(at->second.deadline, at->second.sequence) < std::pair(first->second.deadline, first->second.sequence)) {
      first = at;
    }
  }
  return first;
}

std::int64_t deadline_of(fuzz::Operations& operations) {
  const std::uint8_t near = operations.byte();
  if (near == 255) return base::Instant::never().ns;
  if (near == 254) return std::numeric_limits<std::int64_t>::min();
  return near / 8;  // many equal ones
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::Operations operations(bytes, size);
  loop::TimerHeap heap;
  Model model;
  std::uint64_t sequence = 0;
  std::int32_t word = 0;

  while (!operations.empty()) {
    const std::uint32_t kind = operations.below(4);
    const std::uint32_t slot = operations.byte();
    if (kind <= 1) {
      const std::int64_t deadline = deadline_of(operations);
      heap.arm(slot, ++word, base::Instant{deadline});
      model[slot] = Armed{deadline, sequence++, word};
    } else if (kind == 2) {
      expect(heap.disarm(slot) == (model.erase(slot) != 0), "disarm says whether the slot was armed");
    } else {
      const base::Instant now{slot / 8};
      const auto due = heap.take_due(now);
      const auto first = first_of(model);
      expect(due.has_value() == (first != model.end() && first->second.deadline <= now.ns), "due is what is not after now");
      if (due.has_value()) {
        expect(due->slot == first->first && due->word == first->second.word && due->deadline.ns == first->second.deadline,
               "the earliest timer is taken, among equal ones the one that was armed first");
        model.erase(first);
      }
    }
    expect(heap.size() == model.size(), "as many timers as are armed");
    const auto next = heap.next_deadline();
    expect(next.has_value() == !model.empty(), "a deadline as long as something is armed");
    if (next.has_value()) expect(next->ns == first_of(model)->second.deadline, "the next deadline is the earliest");
  }
  return 0;
}
