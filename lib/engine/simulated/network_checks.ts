// What a simulated network can be made of. Faults come from JSON, so they are looked at as closely as arguments.

import { ArgumentRangeError, ArgumentTypeError } from '../../base/errors.js';
import { printable } from '../../base/values.js';
import type { Fault } from './faults.js';

const LINK_OPTIONS = ['latencyMs', 'bytesPerSecond', 'loss', 'reorder', 'duplicate', 'bufferBytes'];

export function assertLinkOptions(options: unknown, call: string, others: readonly string[] = []): void {
  if (typeof options !== 'object' || options === null) throw new ArgumentTypeError(`${call}: options are an object`);
  const unknown = Object.keys(options).find((key) => !LINK_OPTIONS.includes(key) && !others.includes(key));
  if (unknown !== undefined) throw new ArgumentTypeError(`${call}: there is no option ${unknown}`);
  const { latencyMs = 0, bytesPerSecond = 1, bufferBytes = 1, ...shares } = options as Record<string, unknown>;
  const [low, high] = (Array.isArray(latencyMs) ? latencyMs : [latencyMs, latencyMs]) as unknown[];
  assertNumber(low, 0, 2 ** 31, `${call}: latencyMs`);
  assertNumber(high, low as number, 2 ** 31, `${call}: latencyMs`);
  assertNumber(bytesPerSecond, Number.MIN_VALUE, Infinity, `${call}: bytesPerSecond`);
  assertNumber(bufferBytes, 1, Infinity, `${call}: bufferBytes`);
  for (const name of ['loss', 'reorder', 'duplicate']) assertNumber(shares[name] ?? 0, 0, 1, `${call}: ${name}`);
}

export function assertPatience(ms: unknown, what: string): void {
  assertNumber(ms, 0, Infinity, what);
}

function assertNumber(value: unknown, least: number, most: number, what: string): void {
  if (typeof value !== 'number') throw new ArgumentTypeError(`${what} is a number, not ${printable(value)}`);
  if (!(value >= least && value <= most)) throw new ArgumentRangeError(`${what}: ${value} is not from ${least} to ${most}`);
}

type Check = (fault: Record<string, unknown>, what: string) => void;

const count = (name: string, least = 1): Check => (fault, what) => {
  assertNumber(fault[name], least, Number.MAX_SAFE_INTEGER, `${what}: ${name}`);
  if (!Number.isInteger(fault[name])) throw new ArgumentRangeError(`${what}: ${name} is a whole number`);
};
const time = (name: string): Check => (fault, what) => assertNumber(fault[name], 0, Infinity, `${what}: ${name}`);
const optional = (name: string, check: Check): Check => (fault, what) => {
  if (fault[name] !== undefined) check(fault, what);
};
const name = (key: string): Check => (fault, what) => {
  if (typeof fault[key] !== 'string' || fault[key] === '') throw new ArgumentTypeError(`${what}: ${key} is a host's name`);
};
const groups: Check = ({ groups: given }, what) => {
  const isNames = (group: unknown): boolean => Array.isArray(group) && group.every((each) => typeof each === 'string');
  if (Array.isArray(given) && given.length === 2 && given.every(isNames)) return;
  throw new ArgumentTypeError(`${what}: groups are two lists of names of hosts`);
};
const either: Check = (fault, what) => count(fault['connect'] === undefined ? 'datagram' : 'connect')(fault, what);

const CHECKS: Readonly<Record<Fault['kind'], readonly Check[]>> = {
  refuse: [count('connect')],
  reset: [count('connect'), count('afterBytes', 0)],
  stall: [count('connect'), count('afterBytes', 0), optional('forMs', time('forMs'))],
  delay: [either, time('ms')],
  drop: [count('datagram')],
  duplicate: [count('datagram')],
  partition: [groups, time('fromMs'), time('untilMs')],
  vanish: [name('host'), time('atMs')],
  full: [name('host'), time('fromMs'), time('untilMs')],
};

/** Throws: ArgumentTypeError, ArgumentRangeError. */
export function assertFaults(faults: unknown): asserts faults is readonly Fault[] {
  if (!Array.isArray(faults)) throw new ArgumentTypeError('faults are a list');
  for (const [index, fault] of (faults as unknown[]).entries()) {
    const kind = (fault as { kind?: unknown } | null)?.kind;
    const checks = typeof kind === 'string' && Object.hasOwn(CHECKS, kind) ? CHECKS[kind as Fault['kind']] : null;
    if (checks === null) throw new ArgumentTypeError(`fault ${index}: there is no kind ${printable(kind)}`);
    for (const check of checks) check(fault as Record<string, unknown>, `fault ${index} (${String(kind)})`);
  }
}
