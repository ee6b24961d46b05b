// Promise reactions between the records of a tick: those of a completed future run before the next record.
import { type Coroutine, createTask, type EventLoop, getRunningLoop, run, runBlocking, sleep } from '../../lib';
import { SimulatedEngine } from '../../lib/testing';

/** Each way to run a main, hosted or owned, simulated or native. */
const drivers: [string, (main: () => Promise<void>) => Promise<void> | void][] = [
  ['hosted, simulated', (main) => run(main, { engine: new SimulatedEngine() })],
  ['hosted, native', (main) => run(main)],
  ['owned, simulated', (main) => owned(() => runBlocking(main, { engine: new SimulatedEngine() }))],
  ['owned, native', (main) => owned(() => runBlocking(main))],
];

// Not in a microtask, such as a test is called in: there, an owned loop could not run any others.
function owned(body: () => Promise<void> | void): Promise<void> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        void body();
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** Waits for everything that is queued now, and what that queues. */
async function settled(loop: EventLoop, ticks = 3): Promise<void> {
  for (let i = 0; i < ticks; i++) {
    const future = loop.createFuture<void>();
    loop.callSoon(() => future.setResult());
    await future;
  }
}

describe.each(drivers)('%s', (_name, drive) => {
  test('D16, R25: the reactions of a completed future run before the next handle', async () => {
    const log: string[] = [];
    await drive(async () => {
      const loop = getRunningLoop();
      const future = loop.createFuture<void>();
      void future.then(() => log.push('reaction'));
      loop.callSoon(() => {
        future.setResult();
        loop.callSoon(() => log.push('next handle'));
      });
      await settled(loop);
    });
    expect(log).toEqual(['reaction', 'next handle']);
  });

  test('D16: a chain of reactions runs to its end before the next handle', async () => {
    const log: string[] = [];
    await drive(async () => {
      const loop = getRunningLoop();
      const future = loop.createFuture<void>();
      void (async () => {
        await future;
        for (let i = 0; i < 5; i++) await Promise.resolve();
        log.push('end of the chain');
      })();
      loop.callSoon(() => {
        future.setResult();
        loop.callSoon(() => log.push('next handle'));
      });
      await settled(loop);
    });
    expect(log).toEqual(['end of the chain', 'next handle']);
  });

  test('D22: the wake-up of an async function is a record of its own, behind what was queued before', async () => {
    const log: string[] = [];
    await drive(async () => {
      const loop = getRunningLoop();
      const future = loop.createFuture<void>();
      void future.then(() => log.push('reaction'));
      loop.callSoon(() => {
        log.push('completes');
        future.setResult();
      });
      loop.callSoon(() => log.push('queued before'));
      await settled(loop);
    });
    expect(log).toEqual(['completes', 'queued before', 'reaction']);
  });

  test('D16: two awaiters of one future are two records, with their reactions between them', async () => {
    const log: string[] = [];
    await drive(async () => {
      const loop = getRunningLoop();
      const future = loop.createFuture<void>();
      const waiter = async (name: string): Promise<void> => {
        await future;
        log.push(`${name} woke`);
        await Promise.resolve();
        log.push(`${name} went on`);
      };
      void waiter('a');
      void waiter('b');
      loop.callSoon(() => future.setResult());
      await settled(loop);
    });
    expect(log).toEqual(['a woke', 'a went on', 'b woke', 'b went on']);
  });

  test('R25: an async task and a generator task hand over to each other', async () => {
    const log: string[] = [];
    await drive(async () => {
      const loop = getRunningLoop();
      const ping = loop.createFuture<string>();
      const pong = loop.createFuture<string>();
      const player = createTask(function* (): Coroutine<void> {
        log.push(yield* ping);
        pong.setResult('pong');
      });
      ping.setResult('ping');
      log.push(await pong);
      await player;
    });
    expect(log).toEqual(['ping', 'pong']);
  });
});

test('R25: microtasks that a plain callback queues run in its turn', async () => {
  const log: string[] = [];
  await run(
    async () => {
      const loop = getRunningLoop();
      loop.callSoon(() => queueMicrotask(() => log.push('microtask')));
      await settled(loop, 1);
      await sleep(1);
      log.push('later');
    },
    { engine: new SimulatedEngine() },
  );
  expect(log).toEqual(['microtask', 'later']);
});

test('D16: the rest of the tick runs after the reactions, in the same turn', async () => {
  const turns: number[] = [];
  await run(async () => {
    const loop = getRunningLoop();
    const future = loop.createFuture<void>();
    const turn = (): void => void turns.push(loop.metrics().turns);
    loop.callSoon(() => {
      future.setResult();
      turn();
    });
    void future.then(turn);
    loop.callSoon(() => loop.callSoon(turn));
    await settled(loop);
  }, { engine: new SimulatedEngine() });
  expect(new Set(turns).size).toBe(1);
  expect(turns).toHaveLength(3);
});
