// A mixed load for minutes or hours: connections, timers, cancels, groups, messages, datagrams, and workers that are
// terminated in the middle of the same. Each second the invariants are looked at; at the end everything must be gone.
//
//   npm run soak -- [--minutes N] [--seconds N] [--seed N]
//
// Under faults: READYLOOP_NATIVE_PATH=build/addon-faults/Release/readyloop.node READYLOOP_FAULT_SEED=1, with
// READYLOOP_FAULT_KINDS=interruptions,failures for failures that the loads have to bear.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Coroutine, createTask, getRunningLoop, run, sleep, until } from '../../../lib';
import { type Random, randomFrom } from '../../helpers/seed';
import { connections, datagrams, groups, heartbeat, type Load, messages, timers } from './loads';
import { injectsFailures, Ledger } from './ledger';

const MOST = { descriptors: 120, timers: 1500, ready: 20_000, tasks: 3000, growthMiB: 160 };
const WARM_UP_SECONDS = 20;

const countDescriptors = (): number => readdirSync('/dev/fd').length;

function option(name: string): number | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? undefined : Number(process.argv[at + 1]);
}

/** Starts a thread with loads of its own, and ends it by force while they run. */
function terminateOne(random: Random): Promise<void> {
  const worker = new Worker(join(__dirname, 'worker.js'), { workerData: random(1 << 30) });
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
    worker.once('message', () => setTimeout(() => void worker.terminate(), random(300)));
  });
}

function* workers(ledger: Ledger, random: Random): Coroutine<void> {
  while (!ledger.isOver) {
    yield* until(terminateOne(random).catch((error: unknown) => {
      if (injectsFailures) ledger.count('workers failed');
      else ledger.find(`a worker failed: ${String(error)}`);
    }));
    ledger.count('workers terminated');
    yield* sleep(1000);
  }
}

/** The most that was seen of each figure, and what crossed its limit. */
class Invariants {
  readonly peaks = { descriptors: 0, timers: 0, ready: 0, tasks: 0, rssMiB: 0 };
  readonly #ledger: Ledger;
  #warmRssMiB = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  get growthMiB(): number {
    return this.#warmRssMiB === 0 ? 0 : Math.round(this.peaks.rssMiB - this.#warmRssMiB);
  }

  look(second: number): void {
    const { timers: armed, ready, tasks } = getRunningLoop().metrics();
    const now = { descriptors: countDescriptors(), timers: armed, ready, tasks };
    for (const [name, value] of Object.entries(now) as [keyof typeof now, number][]) {
      this.peaks[name] = Math.max(this.peaks[name], value);
      this.#ledger.expect(value <= MOST[name], `second ${second}: ${value} ${name}`);
    }
    const rssMiB = process.memoryUsage.rss() / 2 ** 20;
    if (second === WARM_UP_SECONDS) this.#warmRssMiB = this.peaks.rssMiB;
    this.peaks.rssMiB = Math.max(this.peaks.rssMiB, Math.round(rssMiB));
    this.#ledger.expect(this.growthMiB <= MOST.growthMiB, `second ${second}: ${this.growthMiB} MiB more than when warm`);
  }
}

function* soak(ledger: Ledger, seconds: number, seed: number): Coroutine<Invariants> {
  const loop = getRunningLoop();
  const loads: Load[] = [connections, timers, groups, messages, datagrams, workers, heartbeat];
  const running = loads.map((load, i) => createTask(() => load(ledger, randomFrom(seed + i))));
  const invariants = new Invariants(ledger);
  let last = loop.time();
  for (let second = 1; second <= seconds && !running.some((task) => task.done()); second++) {
    yield* sleep(1000);
    // A machine with other work to do is no finding; a loop that stands still is.
    ledger.expect(loop.time() - last < 15_000, `second ${second} took ${Math.round(loop.time() - last)} ms`);
    last = loop.time();
    invariants.look(second);
    if (second % 60 === 0) console.log(`${second} s: ${JSON.stringify(invariants.peaks)}`);
  }
  ledger.expect(!running.some((task) => task.done()), 'a load ended before its time');
  ledger.isOver = true;
  for (const task of running) {
    yield* task.join();
    if (task.exception() !== null) ledger.find(`a load ended with ${String(task.exception())}`);
  }
  const left = loop.metrics();
  ledger.expect(left.timers === 0 && left.watches === 0 && left.tasks <= 1, `at the end: ${JSON.stringify(left)}`);
  return invariants;
}

async function main(): Promise<void> {
  const seed = option('seed') ?? Date.now() % 1_000_000_000;
  const seconds = option('seconds') ?? (option('minutes') ?? 1) * 60;
  const ledger = new Ledger();
  console.log(`soak of ${seconds} s, seed ${seed}${injectsFailures ? ', with failures' : ''}`);
  // The first loop, worker and socket bring descriptors that stay.
  await run(() => soak(new Ledger(), 1, seed));
  const before = countDescriptors();
  const invariants = await run(() => soak(ledger, seconds, seed));
  const after = countDescriptors();
  ledger.expect(after <= before, `${after - before} descriptors more than before`);
  for (const what of ['echoes', 'timers', 'groups', 'messages', 'datagrams', 'workers terminated']) {
    ledger.expect((ledger.counts.get(what) ?? 0) > 0, `no ${what}`);
  }
  const { peaks, growthMiB } = invariants;
  const figures = { ...Object.fromEntries(ledger.counts), peaks, growthMiB, descriptors: { before, after } };
  console.log(JSON.stringify(figures, null, 2));
  for (const finding of ledger.findings) console.log(`finding: ${finding}`);
  const failed = ledger.findings.length;
  console.log(`${failed === 0 ? 1 : 0} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

void main();
