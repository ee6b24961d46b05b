// The ready ring with its two overflows, against one deque: whatever is appended on either side is consumed once, in the
// order of appending, and the counters say where each record is.
#include <deque>

#include "fuzz/native/operations.h"
#include "loop/ready_queue.h"
#include "native/support/ring_memory.h"

using namespace readyloop;
using fuzz::expect;

namespace {

bool equal(const loop::Record& a, const loop::Record& b) {
  return a.slot == b.slot && a.word == b.word && a.a == b.a && a.b == b.b;
}

struct Expected {
  loop::Record record;
  std::uint32_t position = 0;
  bool is_native = false;  // its position is known
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::Operations operations(bytes, size);
  test::RingMemory memory(1U << operations.below(7));
  // Counters that wrap within the run.
  const auto start = static_cast<std::int32_t>(operations.below(2) == 0 ? 0U : ~std::uint32_t{operations.below(64)});
  memory.data()[loop::kHeadIndex] = memory.data()[loop::kTailIndex] = start;
  loop::ReadyQueue queue(memory.ring());
  test::SimulatedDrain<loop::ReadyQueue> drain(memory, queue);
  std::deque<Expected> model;
  std::int32_t next = 0;

  while (!operations.empty()) {
    const std::uint32_t kind = operations.below(4);
    std::uint32_t count = 1 + operations.below(24);
    if (kind == 0) {
      for (; count > 0; --count, ++next) {
        const loop::Record record{next, ~next, next * 3, -next};
        model.push_back({record, queue.next_position(), true});
        queue.append(record);
      }
    } else if (kind == 1) {
      for (; count > 0; --count, ++next) {
        const loop::Record record{next, next, 0, 1};
        model.push_back({record, 0, false});
        drain.append(record);
      }
    } else {
      for (const loop::Record& record : drain.consume(count)) {
        expect(!model.empty() && equal(model.front().record, record), "records come once, in their order");
        const Expected consumed = model.front();
        model.pop_front();
        // Only then is the position of a record of the FIFO what it was when it was appended.
        if (consumed.is_native) expect(queue.has_consumed(consumed.position), "what was consumed counts as consumed");
      }
      for (const Expected& waiting : model) {
        if (waiting.is_native) expect(!queue.has_consumed(waiting.position), "what waits does not count as consumed");
      }
    }
    expect(queue.has_records() == !model.empty(), "has_records() says whether anything waits");
    expect(queue.appended() <= static_cast<std::uint32_t>(next), "only our own records are counted");
  }
  for (const loop::Record& record : drain.consume_all()) {
    expect(!model.empty() && equal(model.front().record, record), "records come once, in their order");
    model.pop_front();
  }
  expect(model.empty() && !queue.has_records(), "nothing is lost");
  return 0;
}
