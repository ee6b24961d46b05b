// A run on the real engine, written down: what came into the loop's queue from outside, and what the engine answered when
// it was asked. A program that takes its steps in the same order and is told the same does the same again.

import type { Choice } from '../engine/simulated/choices.js';

/** What came from outside: a timer that was due, a descriptor or stream that became ready, bytes, a name's addresses. */
export interface RecordedEvent {
  /** Its place in the order of all records of the run, from 0 on. */
  readonly index: number;
  /** The turn of the loop in which it came. */
  readonly turn: number;
  /** The record's four words; the last one of one with bytes is their number. Not of an answer. */
  readonly words: readonly [slot: number, word: number, a: number, b: number];
  /** The bytes, in base64, if they were recorded. */
  readonly payload?: string;
  /** The answer to something that the program had begun outside of the engine: the how-manieth, and what it was. */
  readonly outside?: readonly [number: number, answer: unknown];
}

/** A question to the engine, and its answer. */
export interface RecordedCall {
  readonly method: string;
  readonly answer: number | string | boolean | null;
  /** Bytes that were received by the call, in base64, if they were recorded. */
  readonly payload?: string;
}

/** What `record` writes down, for `replay`; plain JSON. */
export interface Recording {
  readonly version: 1;
  readonly kind: 'recording';
  /** Whether it holds the bytes that came, too, or only how many they were. */
  readonly payloads: boolean;
  readonly events: readonly RecordedEvent[];
  readonly calls: readonly RecordedCall[];
  /** How many records had been run when each turn was over. */
  readonly turns: readonly number[];
}

/** @internal A question as a decision, for errors. */
export function choiceOf(call: RecordedCall | undefined): Choice | null {
  return call === undefined ? null : [`${call.method} = ${String(call.answer)}`, 1, 0];
}

/** @internal The words of an answer, which stands in no ring. */
export const NO_WORDS = [0, 0, 0, 0] as const;

/** @internal */
export function isRecording(trace: unknown): trace is Recording {
  const { kind, version, events, calls, turns } = (trace ?? {}) as Partial<Recording>;
  const hasLists = Array.isArray(events) && Array.isArray(calls) && Array.isArray(turns);
  return kind === 'recording' && version === 1 && hasLists;
}
