// Simulations as tests of a test runner. The core makes plain test functions, which every runner takes; `exploreTest` also
// registers them, with the runner that is there: Jest, Vitest and Mocha have a global function for it, node:test a module.

import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import { assertCallable } from '../kernel/arguments.js';
import { explore, type ExploreOptions } from './explore.js';
import { builtin } from './patches.js';
import { simulate, type SimulatedMain, type SimulateOptions } from './simulate.js';

/** Registers a test with some test runner. */
export type RegisterTest = (name: string, body: () => Promise<void>, timeoutMs: number) => void;

/** Options of `exploreTest`. */
export interface ExploreTestOptions extends ExploreOptions {
  /** After how long the runner gives up, in real ms; a minute by default. */
  readonly timeoutMs?: number;
  /** How to register the test; by default the global `test` or `it` where there is one, else that of `node:test`. */
  readonly register?: RegisterTest;
}

const TIMEOUT_MS = 60_000;

/**
 * Makes a test function that simulates `main` once: `test('name', simulated(function* () { … }, { seed: 7 }))`.
 *
 * Returns: a function without parameters, for any test runner. Throws, when it is called: as `simulate`.
 */
export function simulated(main: SimulatedMain<unknown>, options: SimulateOptions = {}): () => Promise<void> {
  assertCallable(main, 'simulated');
  return () => simulate(main, options).then(() => undefined);
}

/**
 * Makes a test function that explores `main`: `test('name', explored(function* () { … }, { seeds: 200 }))`.
 *
 * The environment has the last word: `READYLOOP_SEED=17` tries that seed alone, `READYLOOP_SEEDS=10000` so many.
 * Returns: a function without parameters, for any test runner. Throws, when it is called: as `explore`.
 */
export function explored(main: SimulatedMain<unknown>, options: ExploreOptions = {}): () => Promise<void> {
  assertCallable(main, 'explored');
  return () => explore(main, { ...options, ...optionsFromEnvironment() }).then(() => undefined);
}

/**
 * Registers a test that explores `main`.
 *
 * Example: `exploreTest('no update is lost', { seeds: 200 }, function* () { … });`
 * Throws: ArgumentTypeError for a name, options or main that are none.
 */
export function exploreTest(name: string, options: ExploreTestOptions, main: SimulatedMain<unknown>): void {
  if (typeof name !== 'string') throw new ArgumentTypeError('exploreTest: the name of the test comes first');
  const { timeoutMs = TIMEOUT_MS, register = findRunner(), ...rest } = options;
  register(name, explored(main, rest), timeoutMs);
}

function optionsFromEnvironment(): ExploreOptions {
  const firstSeed = numberIn('READYLOOP_SEED');
  if (firstSeed !== undefined) return { firstSeed, seeds: 1 };
  const seeds = numberIn('READYLOOP_SEEDS');
  return seeds === undefined ? {} : { seeds };
}

function numberIn(variable: string): number | undefined {
  const text = process.env[variable] ?? '';
  if (text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ArgumentRangeError(`${variable}=${text} is no whole number from 0 on`);
}

type JestTest = (name: string, body: () => Promise<void>, timeoutMs: number) => unknown;
type NodeTest = (name: string, options: { readonly timeout: number }, body: () => Promise<void>) => Promise<unknown>;

function findRunner(): RegisterTest {
  const { test, it } = globalThis as { readonly test?: JestTest; readonly it?: JestTest };
  const known = test ?? it;
  if (typeof known === 'function') return (name, body, timeoutMs) => void known(name, body, timeoutMs);
  const nodeTest = builtin('test')['test'] as NodeTest;
  return (name, body, timeoutMs) => void nodeTest(name, { timeout: timeoutMs }, body);
}
