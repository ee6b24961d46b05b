// record: a run on the real engine that can be played again. And how it is played.

import { ArgumentTypeError } from '../base/errors.js';
import { Choices } from '../engine/simulated/choices.js';
import { SimulatedNetwork } from '../engine/simulated/network.js';
import { assertCallable, assertOptions } from '../kernel/arguments.js';
import type { CoroutineFunction } from '../kernel/coroutine.js';
import { run } from '../tasks/run.js';
import { checkRunOptions, type RunOptions } from '../tasks/run_options.js';
import { RecordedEngine } from './recorded_engine.js';
import { isRecording, type Recording } from './recording.js';
import { RecordingEngine } from './recording_engine.js';
import { Simulation } from './simulation.js';

/** Options of `record`. */
export interface RecordOptions extends Omit<RunOptions, 'engine'> {
  /** Whether the bytes that come are written down, and not only how many. True by default. */
  readonly payloads?: boolean;
}

/** What a recorded run came to. */
export interface Recorded<T> {
  readonly result: T;
  readonly recording: Recording;
}

const recordings = new WeakMap<object, Recording>();
const MAX_TURNS = 10_000_000;

/** Returns: the recording of the run that `record` rejected with this error for, or null. */
export function recordingOf(error: unknown): Recording | null {
  return typeof error === 'object' && error !== null ? (recordings.get(error) ?? null) : null;
}

/**
 * Runs `main` on the real engine, as `run` does, and writes down what comes from outside: which timer, descriptor or
 * stream was ready when, how many bytes came, and what the engine answered. `replayRecording` plays it again.
 *
 * Not written down is what does not pass the engine: the calendar and random numbers, Node's own timers, sockets and files,
 * signals. A program whose course depends on those takes another one when it is played. Descriptors that travel with
 * datagrams cannot be recorded.
 * Returns: a promise of the result and the recording. Throws: as `run`; the recording of a run that failed is told by
 *   `recordingOf(error)`.
 */
export function record<T>(main: CoroutineFunction<T>, options: RecordOptions = {}): Promise<Recorded<T>> {
  assertCallable(main, 'record');
  assertOptions(options, 'record');
  const { payloads = true, ...runOptions } = options;
  if (typeof payloads !== 'boolean') throw new ArgumentTypeError('record: payloads is true or false');
  if ('engine' in runOptions) throw new ArgumentTypeError('record: there is no option `engine`; it records the real one');
  checkRunOptions(runOptions, 'record');
  return write(main, payloads, runOptions);
}

async function write<T>(main: CoroutineFunction<T>, payloads: boolean, runOptions: RunOptions): Promise<Recorded<T>> {
  const engine = new RecordingEngine(payloads);
  try {
    const result = await run(main, { ...runOptions, engine });
    return { result, recording: engine.recording };
  } catch (error) {
    if (typeof error === 'object' && error !== null) recordings.set(error, engine.recording);
    throw error;
  }
}

/**
 * Plays a recording: `main` is told what it was told then, in the same order, without anything real. Bytes that were not
 * recorded are zeros.
 *
 * Returns: a promise of main's result. Throws: what main throws; ReplayDivergedError where it asks for something else than
 *   it did then; ArgumentTypeError.
 */
export function replayRecording<T>(
  main: CoroutineFunction<T>,
  recording: Recording,
  options: RunOptions = {},
): Promise<T> {
  assertCallable(main, 'replayRecording');
  if (!isRecording(recording)) {
    throw new ArgumentTypeError('replayRecording: a recording is what record gave, or that read back from JSON');
  }
  checkRunOptions(options, 'replayRecording');
  return play(main, recording, options);
}

async function play<T>(main: CoroutineFunction<T>, recording: Recording, options: RunOptions): Promise<T> {
  const made: { engine?: RecordedEngine } = {};
  const simulation = new Simulation({
    choices: new Choices(),
    network: new SimulatedNetwork(),
    shuffle: false,
    timerJitterMs: 0,
    randomSeed: 0,
    startDate: 0,
    policy: 'throw',
    maxTurns: MAX_TURNS,
    keepsLines: false,
    runOptions: options,
    check: () => {
      const divergence = made.engine?.divergence ?? null;
      if (divergence !== null) throw divergence;
    },
    makeEngine: (parts) => (made.engine = new RecordedEngine(parts, recording)),
  });
  const outcome = await simulation._run(main);
  if ('error' in outcome) throw outcome.error;
  return outcome.value as T;
}

