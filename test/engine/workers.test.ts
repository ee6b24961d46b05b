import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { combinations, fixture } from './loop_under_test';

const countDescriptors = (): number => readdirSync('/dev/fd').length;

// A worker can say that it is about to block, not that it has blocked.
const untilBlockedMs = 30;

/** Starts a worker in `mode`; once it is where the mode leads, terminates it if asked to. Returns: its exit code. */
function runWorker(mode: string, [selector, driver]: readonly [string, string], terminate = true): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fixture('loop_worker'), { workerData: { mode, selector, driver } });
    worker.once('message', () => {
      // real time: the subject is a thread inside a system call, which no handshake can come from
      if (terminate) setTimeout(() => void worker.terminate(), untilBlockedMs);
    });
    worker.once('error', reject);
    worker.once('exit', resolve);
  });
}

describe.each(combinations)('on %s, driven by %s', (...on) => {
  test('D49: a worker that is blocked without limit in runOnce can be terminated', async () => {
    expect(await runWorker('blocked', on)).toBe(1);
  });

  test('D49: it can be terminated while work of its own Node loop stands still', async () => {
    expect(await runWorker('blocked with pending work', on)).toBe(1);
  });

  test('HostedDriver: a worker can be terminated while its hosted loop waits', async () => {
    expect(await runWorker('hosted', on)).toBe(1);
  });

  test('HostedDriver: a worker can be terminated between turns that follow each other', async () => {
    expect(await runWorker('busy', on)).toBe(1);
  });

  test('HostedDriver: a worker can be terminated inside a drain that never returns', async () => {
    expect(await runWorker('endless drain', on)).toBe(1);
  });

  test('HostedDriver: a worker can exit inside a drain', async () => {
    expect(await runWorker('exit', on, false)).toBe(3);
  });

  test('HostedDriver: a worker with an unreferenced hosted loop ends by itself', async () => {
    expect(await runWorker('unreferenced', on, false)).toBe(0);
  });

  test('HostedDriver: a worker whose drain throws ends with that error', async () => {
    await expect(runWorker('throw', on, false)).rejects.toMatchObject({ message: 'boom' });
  });
});

// The slowest test of this folder: a hundred threads, about two seconds.
test('NativeLoop: a hundred workers that end in every way leave no descriptor open', async () => {
  const modes = ['blocked', 'hosted', 'busy', 'endless drain', 'unreferenced'];
  const runBatch = (batch: number): Promise<number[]> => {
    const on = (nth: number): readonly [string, string] => combinations[(batch + nth) % combinations.length]!;
    return Promise.all(modes.map((mode, nth) => runWorker(mode, on(nth), mode !== 'unreferenced')));
  };
  await runBatch(0);
  const before = countDescriptors();
  for (let batch = 1; batch <= 100 / modes.length; batch++) await runBatch(batch);
  expect(countDescriptors()).toBe(before);
}, 60_000);
