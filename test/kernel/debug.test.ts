// Debug mode: slow steps by name, the place of creation, and futures that show what they are.
import { inspect } from 'node:util';
import { EventLoop, sleep } from '../../lib';
import { SimulatedEngine } from '../../lib/testing';
import { type OwnedLoop, ownedLoop, runReady } from '../helpers/owned_loop';

let owned: OwnedLoop;
let warnings: string[];
let clock: number;
beforeEach(() => {
  owned = ownedLoop({ debug: true });
  warnings = [];
  clock = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => clock);
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)));
});
afterEach(() => jest.restoreAllMocks());

/** A callback that takes so long. */
const busy = (ms: number) => (): void => void (clock += ms);

test('DB1: a slow callback is reported with its duration', () => {
  owned.loop.callSoon(busy(150));
  runReady(owned.loop);
  expect(warnings).toEqual([expect.stringMatching(/Handle held the loop for 150\.0 ms/)]);
});

test('DB1: a slow step is reported by the name of its task, first steps and last ones too', () => {
  const task = owned.loop.createTask(
    function* () {
      busy(100)();
      yield* sleep(0);
      busy(250)();
    },
    { name: 'worker' },
  );
  runReady(owned.loop);
  expect(task.done()).toBe(true);
  expect(warnings).toEqual([
    expect.stringMatching(/^worker held the loop for 100\.0 ms/),
    expect.stringMatching(/^worker held the loop for 250\.0 ms/),
  ]);
});

test('DB1: the limit is slowCallbackMs, 100 by default', () => {
  expect(owned.loop.slowCallbackMs).toBe(100);
  owned.loop.callSoon(busy(99));
  runReady(owned.loop);
  owned.loop.slowCallbackMs = 5;
  owned.loop.callSoon(busy(4));
  owned.loop.callSoon(busy(5));
  runReady(owned.loop);
  expect(warnings).toHaveLength(1);
});

test('DB1: nothing is measured outside debug mode', () => {
  owned.loop.debug = false;
  owned.loop.callSoon(busy(1_000));
  runReady(owned.loop);
  expect(warnings).toEqual([]);
});

test('DB1: a slow callback that throws is reported as both', () => {
  owned.loop.callSoon(() => {
    clock += 200;
    throw new Error('slow and broken');
  });
  runReady(owned.loop);
  expect([warnings.length, owned.reports.length]).toEqual([1, 1]);
});

/** What the default handler prints for a failing callback. */
function printedFor(loop: EventLoop, fail: () => void): string {
  const printed: string[] = [];
  jest.spyOn(console, 'error').mockImplementation((text: string) => void printed.push(text));
  loop.setExceptionHandler(null);
  fail();
  runReady(loop);
  loop.close();
  return printed.join('\n');
}
const broken = (): never => {
  throw new Error('broken');
};

test('DB2: in debug mode the default handler prints where a handle was created', () => {
  const text = printedFor(owned.loop, function scheduleHere() {
    owned.loop.callSoon(broken);
  });
  expect(text).toMatch(/created at:\n.*scheduleHere .*debug\.test/);
});

test('DB2: in debug mode the default handler prints where a task was created', () => {
  const text = printedFor(owned.loop, function spawnHere() {
    void owned.loop.createTask(function* () {
      yield* sleep(1_000);
    });
  });
  expect(text).toMatch(/created at:\n.*spawnHere .*debug\.test/);
});

test('DB2: at most ten frames are kept, none of them the library’s own', () => {
  let frames: string[] = [];
  const deep = (depth: number): void => {
    if (depth > 0) return deep(depth - 1);
    const text = inspect(owned.loop.createFuture());
    frames = text.split('\n').filter((line) => line.trim().startsWith('at '));
  };
  deep(30);
  expect(frames).toHaveLength(10);
  expect(frames.filter((frame) => !frame.includes('deep'))).toEqual([]);
});

test('DB2: outside debug mode nothing is kept', () => {
  const { loop } = ownedLoop();
  expect(printedFor(loop, () => loop.callSoon(broken))).not.toContain('created at');
});

describe('DB2: READYLOOP_DEBUG', () => {
  const before = process.env['READYLOOP_DEBUG'];
  const newLoop = (options = {}): EventLoop => new EventLoop({ engine: new SimulatedEngine(), ...options });
  afterEach(() => {
    if (before === undefined) delete process.env['READYLOOP_DEBUG'];
    else process.env['READYLOOP_DEBUG'] = before;
  });

  test('DB2: READYLOOP_DEBUG puts new loops into debug mode', () => {
    process.env['READYLOOP_DEBUG'] = '1';
    expect(newLoop().debug).toBe(true);
    expect(newLoop({ debug: false }).debug).toBe(false);
  });

  test.each(['', '0', 'false', 'no'])('DB2: READYLOOP_DEBUG=%s leaves it off', (text) => {
    process.env['READYLOOP_DEBUG'] = text;
    expect(newLoop().debug).toBe(false);
    expect(newLoop({ debug: true }).debug).toBe(true);
  });

  test('DB2: READYLOOP_DEBUG that says neither is an error, unless the loop is told', () => {
    process.env['READYLOOP_DEBUG'] = 'perhaps';
    expect(() => newLoop()).toThrow('READYLOOP_DEBUG=perhaps is neither on nor off');
    expect(newLoop({ debug: true }).debug).toBe(true);
  });
});

test('F24: a future shows its state', () => {
  const { loop } = ownedLoop();
  const [pending, finished, failed, cancelled] = [1, 2, 3, 4].map(() => loop.createFuture<unknown>());
  pending!.addDoneCallback(() => undefined);
  pending!.addDoneCallback(() => undefined);
  finished!.setResult({ answer: 42 });
  failed!.setException(new RangeError('too far'));
  cancelled!.cancel();
  expect([pending, finished, failed, cancelled].map((future) => inspect(future))).toEqual([
    'Future <pending, waiters: 2>',
    'Future <finished, { answer: 42 }>',
    'Future <failed, RangeError: too far>',
    'Future <cancelled>',
  ]);
});

test('F24: a long result is abbreviated', () => {
  const { loop } = ownedLoop();
  const future = loop.createFuture<string>();
  future.setResult('x'.repeat(10_000));
  expect(inspect(future).length).toBeLessThan(100);
});

test('F24: inspecting a failed future is not looking at its failure', () => {
  const { loop, reports } = ownedLoop();
  const future = loop.createFuture();
  future.setException(new Error('nobody looked'));
  inspect(future);
  loop.close();
  expect(reports).toHaveLength(1);
});

test('F24: a task shows its name', () => {
  const { loop } = ownedLoop();
  expect(inspect(loop.createTask(function* () {}, { name: 'worker' }))).toMatch(/^Task <worker, pending/);
});

test('F24: a failure that cannot be printed is shown all the same', () => {
  const { loop } = ownedLoop();
  const future = loop.createFuture<unknown>();
  future.setException(
    Object.assign(new Error('x'), {
      toString: () => {
        throw new Error('no text for you');
      },
    }),
  );
  expect(inspect(future)).toContain('failed');
  void future.exception();
});
