// The model checker: plays the programs of many seeds, and makes what fails small enough to be read.
import { BARRIER_OPERATIONS, BarrierSubject, EVENT_OPERATIONS, EventSubject, LIMITER_OPERATIONS } from './count_subjects';
import { LimiterSubject, makeSemaphore, ResourceGuardSubject, SEMAPHORE_OPERATIONS } from './count_subjects';
import { BROADCAST_OPERATIONS, CHANNEL_OPERATIONS, makeBroadcast, makeChannel } from './channel_subjects';
import { CONDITION_OPERATIONS, LOCK_OPERATIONS, makeCondition, makeLock, makeRLock } from './lock_subjects';
import { makeLifo, makePriority, makeQueue, QUEUE_OPERATIONS } from './queue_subjects';
import { Barrier, CapacityLimiter } from '../../lib/index';
import { play } from './interpreter';
import { type Program, printed, programOf } from './program';
import { smaller } from './shrink';
import type { Subject } from './subject';

/** A kind of primitive: what programs do with it, and how one is made with its model. */
export interface Kind {
  readonly operations: readonly string[];
  readonly make: (size: number) => Subject;
}

export type Kinds = ReadonlyMap<string, Kind>;

export const KINDS: Kinds = new Map<string, Kind>([
  ['Lock', { operations: LOCK_OPERATIONS, make: makeLock }],
  ['RLock', { operations: LOCK_OPERATIONS, make: makeRLock }],
  ['Condition', { operations: CONDITION_OPERATIONS, make: makeCondition }],
  ['Event', { operations: EVENT_OPERATIONS, make: () => new EventSubject() }],
  ['Semaphore', { operations: SEMAPHORE_OPERATIONS, make: makeSemaphore }],
  ['CapacityLimiter', { operations: LIMITER_OPERATIONS, make: (size) => new LimiterSubject(new CapacityLimiter(size)) }],
  ['Barrier', { operations: BARRIER_OPERATIONS, make: (size) => new BarrierSubject(new Barrier(1 + size)) }],
  ['ResourceGuard', { operations: ['use'], make: () => new ResourceGuardSubject() }],
  ['Queue', { operations: QUEUE_OPERATIONS, make: makeQueue }],
  ['LifoQueue', { operations: QUEUE_OPERATIONS, make: makeLifo }],
  ['PriorityQueue', { operations: QUEUE_OPERATIONS, make: makePriority }],
  ['channel', { operations: CHANNEL_OPERATIONS, make: makeChannel }],
  ['Broadcast', { operations: BROADCAST_OPERATIONS, make: makeBroadcast }],
]);

/** A seed whose program does not do what the model says. */
export interface Finding {
  readonly seed: number;
  readonly message: string;
  /** The program, made smaller, with what happened in it. */
  readonly report: string;
}

/** Returns: the program of a seed. */
export function programFor(seed: number, kinds: Kinds): Program {
  return programOf(seed, new Map([...kinds].map(([name, { operations }]) => [name, operations])));
}

/** Plays the program of one seed. Returns: what was found, or null. */
export async function check(seed: number, kinds: Kinds = KINDS): Promise<Finding | null> {
  const program = programFor(seed, kinds);
  const make = makerOf(program, kinds);
  if ((await play(program, make)) === null) return null;
  const small = await smaller(program, async (candidate) => (await play(candidate, make)) !== null);
  const { text, fault } = await traced(small, kinds);
  return { seed, message: fault?.message ?? 'it does not fail again', report: text };
}

/** Plays a program. Returns: it and what happened, as text, and what went wrong. */
export async function traced(program: Program, kinds: Kinds = KINDS): Promise<{ text: string; fault: Error | null }> {
  const lines: string[] = [];
  const fault = await play(program, makerOf(program, kinds), (line) => lines.push(line));
  return { text: [printed(program), ...lines.map((line) => `  ${line}`)].join('\n'), fault };
}

function makerOf({ subject, size }: Program, kinds: Kinds): () => Subject {
  return () => kinds.get(subject)!.make(size);
}
