import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { loadBinding } from '../../lib/engine/binding';
import { fixture } from './loop_under_test';

const { selectors } = loadBinding();

const countDescriptors = (): number => readdirSync('/dev/fd').length;

// A worker can say that it is about to block, not that it has blocked.
const untilBlockedMs = 30;

/** Starts a worker in `mode`; once it is where the mode leads, terminates it if asked to. Returns: its exit code. */
function runWorker(mode: string, selector: string, terminate = true): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fixture('loop_worker'), { workerData: { mode, selector } });
    worker.once('message', () => {
      // real time: the subject is a thread inside a system call, which no handshake can come from
      if (terminate) setTimeout(() => void worker.terminate(), untilBlockedMs);
    });
    worker.once('error', reject);
    worker.once('exit', resolve);
  });
}

describe.each(selectors)('on %s', (selector) => {
  test('D49: a worker that is blocked without limit in runOnce can be terminated', async () => {
    expect(await runWorker('blocked', selector)).toBe(1);
  });

  test('D49: it can be terminated while work of its own Node loop stands still', async () => {
    expect(await runWorker('blocked with pending work', selector)).toBe(1);
  });

  test('HostedDriver: a worker can be terminated while its hosted loop waits', async () => {
    expect(await runWorker('hosted', selector)).toBe(1);
  });

  test('HostedDriver: a worker can be terminated between turns that follow each other', async () => {
    expect(await runWorker('busy', selector)).toBe(1);
  });

  test('HostedDriver: a worker can be terminated inside a drain that never returns', async () => {
    expect(await runWorker('endless drain', selector)).toBe(1);
  });

  test('HostedDriver: a worker can exit inside a drain', async () => {
    expect(await runWorker('exit', selector, false)).toBe(3);
  });

  test('HostedDriver: a worker with an unreferenced hosted loop ends by itself', async () => {
    expect(await runWorker('unreferenced', selector, false)).toBe(0);
  });

  test('HostedDriver: a worker whose drain throws ends with that error', async () => {
    await expect(runWorker('throw', selector, false)).rejects.toMatchObject({ message: 'boom' });
  });
});

// The slowest test of this folder: a hundred threads, about two seconds.
test('NativeLoop: a hundred workers that end in every way leave no descriptor open', async () => {
  const modes = ['blocked', 'hosted', 'busy', 'endless drain', 'unreferenced'];
  const runNth = (mode: string, nth: number): Promise<number> =>
    runWorker(mode, selectors[nth % selectors.length]!, mode !== 'unreferenced');
  const runBatch = (): Promise<number[]> => Promise.all(modes.map(runNth));
  await runBatch();
  const before = countDescriptors();
  for (let batch = 0; batch < 100 / modes.length; batch++) await runBatch();
  expect(countDescriptors()).toBe(before);
}, 60_000);
