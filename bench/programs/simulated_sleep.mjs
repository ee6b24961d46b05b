// How long does a virtual clock take for a hundred tasks that sleep for up to 10,000 seconds? A whole simulation, with all
// that it replaces and puts back; the same in `virtualTime`; and async functions on the mock timers of node:test, which one
// call moves over all deadlines.
import { mock } from 'node:test';
import { check, contest, ratioRow, report } from '../harness/contest.mjs';
import { readyloop, testing } from '../harness/library.mjs';

const { createTask, getRunningLoop, sleep } = readyloop;
const { simulate, virtualTime } = testing;

const TASKS = 100;
const LONGEST_MS = 10_000_000;

const delays = Array.from({ length: TASKS }, (_, i) => ((i + 1) * LONGEST_MS) / TASKS);

function* sleepers() {
  const loop = getRunningLoop();
  const began = loop.time();
  let late = 0;
  const tasks = delays.map((ms) =>
    createTask(function* () {
      yield* sleep(ms);
      if (loop.time() - began !== ms) late++;
    }),
  );
  for (const task of tasks) yield* task;
  check(late, 0, 'sleeps that were not exact');
  check(loop.time() - began, LONGEST_MS, 'virtual ms');
}

const repeated = (once) => async (size) => {
  for (let i = 0; i < size; i++) await once();
  return size;
};

async function mockTimers() {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  try {
    let late = 0;
    const tasks = delays.map(async (ms) => {
      const began = Date.now();
      await new Promise((resolve) => setTimeout(resolve, ms));
      if (Date.now() - began < ms) late++;
    });
    mock.timers.tick(LONGEST_MS);
    await Promise.all(tasks);
    check(late, 0, 'sleeps that were early');
  } finally {
    mock.timers.reset();
  }
}

const figures = await contest({
  ours: repeated(() => simulate(sleepers, { lines: false })),
  seeded: repeated(() => simulate(sleepers, { seed: 7, timerJitterMs: 0 })),
  virtual: repeated(virtualTime(sleepers)),
  mock: repeated(mockTimers),
});

const { cpu, wall } = figures.of('ours');
const peer = { peer: 'mock', peerName: 'mock timers of node:test' };
report([
  {
    id: 'simulated_sleep', what: '100 tasks asleep for up to 10,000 s', unit: 'ms', must: { ours: 1_000 },
    ours: { wall: wall / 1e6, cpuMs: cpu / 1e6 },
  },
  ratioRow(figures, { id: 'simulated_sleep.simulate', what: '  CPU of it, in simulate', ...peer }),
  ratioRow(figures, { id: 'simulated_sleep.seeded', what: '  the same with a seed and a trace', ours: 'seeded', ...peer }),
  ratioRow(figures, { id: 'simulated_sleep.virtual', what: '  the same in virtualTime', ours: 'virtual', ...peer }),
]);
