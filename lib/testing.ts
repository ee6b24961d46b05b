// The surface for tests: re-exports only.

export type { Direction, Drain } from './engine/engine.js';
export type { ReadyRing } from './engine/ready_ring.js';
export { SimulatedEngine, type SimulatedEngineOptions } from './engine/simulated/simulated_engine.js';
export { assertCheckpoints, assertNoCheckpoints } from './testing/assert_checkpoints.js';
export { expectNoTasks } from './testing/expect_no_tasks.js';
export { memoryStreamPair, type MemoryStreamOptions } from './testing/memory_stream.js';
export { Sequencer } from './testing/sequencer.js';
export { virtualTime, type VirtualTimeOptions } from './testing/virtual_time.js';
export { waitAllTasksBlocked } from './testing/wait_all_tasks_blocked.js';
