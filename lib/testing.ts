// The surface for tests: re-exports only.

export { SimulatedEngine, type SimulatedEngineOptions } from './engine/simulated/simulated_engine.js';
export { virtualTime, type VirtualTimeOptions } from './testing/virtual_time.js';
