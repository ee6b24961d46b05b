// What `readyloop doctor` finds out. Every fact is asked of the thing itself: the binary is loaded, a loop is opened, a
// task sleeps on it. What cannot be found out is null.

import { readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { asError } from '../base/errors.js';
import { isSwitchedOn } from '../base/switches.js';
import { VERSION } from '../base/version.js';
import { type LoadedBinding, loadWithSource, ownPlace } from '../engine/binding.js';
import { workingDrivers } from '../engine/drivers.js';
import { glibcVersion, targetOf, thisHost } from '../engine/host.js';
import { NativeEngine } from '../engine/native_engine.js';
import { run } from '../tasks/run.js';
import { sleep } from '../tasks/sleep.js';
import type { Examination, ExaminedBinary, OpenFiles, Problem } from './facts.js';
import { slowThings } from './slow_things.js';

/** Looks at everything. Never throws for what it finds. */
export async function examine(): Promise<Examination> {
  const host = thisHost();
  const loaded = attempt(loadWithSource);
  const tried = loaded.value === null ? { selector: null, driver: null, problem: loaded.problem } : await tryLoop();
  const found = {
    version: VERSION,
    package: ownPlace().root,
    runtime: host.runtime,
    target: targetOf(host),
    libc: host.libc === 'glibc' ? `glibc ${glibcVersion() ?? ''}`.trim() : host.libc,
    kernel: `${process.platform} ${release()}`,
    binary: loaded.value === null ? null : describeBinary(loaded.value),
    ...tried,
    selectors: loaded.value?.binding.selectors ?? [],
    drivers: loaded.value === null ? [] : workingDrivers(loaded.value.binding.drivers),
    kernelFeatures: loaded.value?.binding.kernelFeatures() ?? {},
    openFiles: openFiles(),
    debug: attempt(() => isSwitchedOn('READYLOOP_DEBUG')).value ?? false,
    environment: ownVariables(),
  };
  return { ...found, slow: slowThings(found) };
}

interface Attempt<T> {
  readonly value: T | null;
  readonly problem: Problem | null;
}

function attempt<T>(action: () => T): Attempt<T> {
  try {
    return { value: action(), problem: null };
  } catch (error) {
    return { value: null, problem: problemOf(error) };
  }
}

function problemOf(error: unknown): Problem {
  const { code, message } = asError(error) as Error & { code?: unknown };
  return { code: typeof code === 'string' ? code : null, message };
}

function describeBinary({ source }: LoadedBinding): ExaminedBinary {
  return { path: source.path, origin: source.origin, bytes: statSync(source.path).size };
}

/** Opens a loop to see which selector it takes, and lets a task sleep on the thread's own to see that it is driven. */
async function tryLoop(): Promise<Pick<Examination, 'selector' | 'driver' | 'problem'>> {
  const opened = attempt(() => {
    const engine = new NativeEngine();
    const [, selector = null] = engine.name.split(':');
    engine.close();
    return { selector, driver: engine.driver };
  });
  if (opened.value === null) return { selector: null, driver: null, problem: opened.problem };
  try {
    await run(() => sleep(1), { name: 'doctor' });
    return { ...opened.value, problem: null };
  } catch (error) {
    return { ...opened.value, problem: problemOf(error) };
  }
}

function openFiles(): OpenFiles | null {
  const { report } = process as { report?: { excludeNetwork?: boolean; getReport(): object } };
  if (report !== undefined) report.excludeNetwork = true;
  const limits = report?.getReport() as { userLimits?: { open_files?: { soft: unknown; hard: unknown } } } | undefined;
  const reported = limits?.userLimits?.open_files;
  if (reported !== undefined) return { soft: limitOf(reported.soft), hard: limitOf(reported.hard) };
  const line = attempt(() => readFileSync('/proc/self/limits', 'utf8')).value;
  const [, soft, hard] = /^Max open files +(\S+) +(\S+)/m.exec(line ?? '') ?? [];
  return soft === undefined ? null : { soft: limitOf(soft), hard: limitOf(hard) };
}

const limitOf = (value: unknown): number | null => (value === 'unlimited' ? null : Number(value));

function ownVariables(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => name.startsWith('READYLOOP_'));
  return Object.fromEntries(own.map(([name, value]) => [name, value ?? '']));
}
