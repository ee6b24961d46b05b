// How exact is `sleep(0.2)` when the loop owns its thread? Never early by either clock, and how late.
import { check, isQuick, report } from '../harness/contest.mjs';
import { readyloop } from '../harness/library.mjs';
import { median, quantile } from '../harness/statistics.mjs';

const { getRunningLoop, runBlocking, sleep } = readyloop;

const SLEEP_MS = 0.2;
const SLEEPS = isQuick ? 500 : 2_000;
const WARM_UPS = 200;

function* sleepOften(count) {
  const loop = getRunningLoop();
  const overshoots = [];
  let early = 0;
  for (let i = 0; i < count; i++) {
    const began = loop.time();
    const beganNs = process.hrtime.bigint();
    yield* sleep(SLEEP_MS);
    const tookNs = Number(process.hrtime.bigint() - beganNs);
    const took = loop.time() - began;
    if (took < SLEEP_MS || tookNs < SLEEP_MS * 1e6) early++;
    overshoots.push(tookNs / 1e6 - SLEEP_MS);
  }
  return { early, overshoots };
}

runBlocking(sleepOften(WARM_UPS));
const cpuBefore = process.cpuUsage();
const { early, overshoots } = runBlocking(sleepOften(SLEEPS));
const { user, system } = process.cpuUsage(cpuBefore);
check(overshoots.length, SLEEPS, 'sleeps');

report([
  {
    id: 'owned_sleep',
    what: 'owned sleep(0.2), median overshoot',
    unit: 'ms',
    ours: { wall: median(overshoots) },
    must: { ours: 0.15 },
  },
  { id: 'owned_sleep.p99', what: '  99 of 100 are below', unit: 'ms', ours: { wall: quantile(overshoots, 0.99) } },
  { id: 'owned_sleep.early', what: '  how many were early', unit: 'of all', ours: { wall: early }, must: { ours: 0 } },
  { id: 'owned_sleep.cpu', what: '  CPU of one sleep', unit: 'ns', ours: { cpu: ((user + system) * 1000) / SLEEPS } },
]);
