// The surface for tests: re-exports only.

export type { Direction, Drain } from './engine/engine.js';
export type { ReadyRing } from './engine/ready_ring.js';
export { SimulatedEngine, type SimulatedEngineOptions } from './engine/simulated/simulated_engine.js';
export { assertCheckpoints, assertNoCheckpoints } from './testing/assert_checkpoints.js';
export { virtualTime, type VirtualTimeOptions } from './testing/virtual_time.js';
