// What does a hosted run cost while it only waits? CPU and wake-ups of a process over two seconds of sleep, against a
// promise around `setTimeout`. Both start and end inside the measured time, so a few wake-ups are theirs by right.
import { check, isQuick, report } from '../harness/contest.mjs';
import { requestedSide, runSide } from '../harness/fresh.mjs';
import { readyloop } from '../harness/library.mjs';

const IDLE_MS = isQuick ? 1_000 : 2_000;

const sides = {
  ours: () =>
    readyloop.run(function* () {
      yield* readyloop.sleep(IDLE_MS);
      return true;
    }),
  native: () => new Promise((resolve) => setTimeout(() => resolve(true), IDLE_MS)),
};

async function measureSide(side) {
  await readyloop.run(function* () {
    yield* readyloop.sleep(1);
  });
  // What a fresh process still has to do (compiling, collecting) is not the wait's.
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = { ...process.resourceUsage(), cpu: process.cpuUsage() };
  check(await sides[side](), true, 'the wait');
  const { user, system } = process.cpuUsage(before.cpu);
  const wakeups = process.resourceUsage().voluntaryContextSwitches - before.voluntaryContextSwitches;
  process.stdout.write(`${JSON.stringify({ cpu: (user + system) / 1000, wakeups })}\n`);
}

async function main() {
  const [ours, peer] = await Promise.all([runSide(import.meta, 'ours'), runSide(import.meta, 'native')]);
  const name = 'setTimeout promise';
  const seconds = IDLE_MS / 1000;
  report([
    {
      id: 'idle.cpu', what: `CPU of an idle run for ${seconds} s`, unit: 'ms', ours: { cpu: ours.cpu },
      peer: { name, cpu: peer.cpu },
    },
    {
      id: 'idle.wakeups',
      what: '  context switches of the process',
      unit: 'of all',
      ours: { wall: ours.wakeups },
      peer: { name, wall: peer.wakeups },
    },
  ]);
}

const side = requestedSide();
await (side === null ? main() : measureSide(side));
