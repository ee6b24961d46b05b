// The surface for tests: re-exports only.

import './base/node_version.js'; // First: an older Node cannot parse the rest, and is told so here.

export { ExplorationError, type FailingSeed, NondeterminismError } from './base/simulation_errors.js';
export { RealWorldError, SimulationLimitError } from './base/simulation_errors.js';
export type { Direction, Drain } from './engine/engine.js';
export type { ReadyRing } from './engine/ready_ring.js';
export { type Choice, Choices, type ChoiceSource } from './engine/simulated/choices.js';
export type {
  DelayConnectionFault,
  DelayDatagramFault,
  DropFault,
  DuplicateFault,
  Fault,
  FullFault,
  PartitionFault,
  RefuseFault,
  ResetFault,
  StallFault,
  VanishFault,
} from './engine/simulated/faults.js';
export type { SimulatedHost } from './engine/simulated/host.js';
export type { LinkOptions } from './engine/simulated/link.js';
export { type NetworkConnection, type NetworkOptions, SimulatedNetwork } from './engine/simulated/network.js';
export { Trace } from './engine/simulated/trace.js';
export { SimulatedEngine, type SimulatedEngineOptions } from './engine/simulated/simulated_engine.js';
export { assertCheckpoints, assertNoCheckpoints } from './testing/assert_checkpoints.js';
export { type Exploration, explore, type ExploreOptions, type FaultMaker } from './testing/explore.js';
export { expectNoTasks } from './testing/expect_no_tasks.js';
export { memoryStreamPair, type MemoryStreamOptions } from './testing/memory_stream.js';
export { type FailedSimulation, replay, simulate, type SimulatedMain, type SimulateOptions } from './testing/simulate.js';
export { simulationOf } from './testing/simulate.js';
export type { SimulationResult } from './testing/simulated_run.js';
export { type RealWorldPolicy, Simulation } from './testing/simulation.js';
export type { SimulatedNet, SimulationTrace } from './testing/simulation_trace.js';
export { MockClock, type MockClockOptions } from './testing/mock_clock.js';
export { record, type Recorded, recordingOf, type RecordOptions, replayRecording } from './testing/record.js';
export type { RecordedCall, RecordedEvent, Recording } from './testing/recording.js';
export { Sequencer } from './testing/sequencer.js';
export { onHost } from './testing/on_host.js';
export { explored, exploreTest, type ExploreTestOptions, type RegisterTest, simulated } from './testing/test_runners.js';
export { virtualTime, type VirtualTimeOptions } from './testing/virtual_time.js';
export { waitAllTasksBlocked } from './testing/wait_all_tasks_blocked.js';
