// Runner: several mains on one loop, with a context that is kept between them.
import {
  checkpoint,
  ContextVar,
  type Coroutine,
  createTask,
  type EventLoop,
  type ExceptionContext,
  getRunningLoop,
  Runner,
  sleep,
  sleepForever,
  type Task,
  until,
} from '../../lib/index';
import { SimulatedEngine } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { keepReports } from '../helpers/owned_loop';
import { codeOf, colours, failing, ticks, trivial } from './support';

const simulated = (): SimulatedEngine => new SimulatedEngine();

describe.each(colours)('$name mains', ({ of }) => {
  test('RU6: Runner: it runs several mains on one loop', async () => {
    const runner = new Runner({ engine: simulated() });
    const loops: EventLoop[] = [];
    const main = of(function* () {
      loops.push(getRunningLoop());
      yield sleep(5);
      return getRunningLoop().time();
    });

    expect(await runner.run(main)).toBe(5);
    expect(await runner.run(main)).toBe(10);
    expect(loops[0]).toBe(loops[1]);
    expect(runner.getLoop()).toBe(loops[0]);
    await runner.close();
  });

  test('RU6: Runner: its context is kept between the mains', async () => {
    const variable = new ContextVar<string>('kept');
    const runner = new Runner({ engine: simulated() });
    await runner.run(of(function* () {
      yield checkpoint();
      variable.set('of the first');
    }));

    expect(await runner.run(of(function* () {
      return variable.get();
    }))).toBe('of the first');
    expect(variable.get()).toBeUndefined();
    await runner.close();
  });

  test('RU6: Runner: it rejects with the very error of main, and can be used again', async () => {
    const failure = new Error('main');
    const runner = new Runner({ engine: simulated() });
    await expect(runner.run(of(function* () {
      yield checkpoint();
      throw failure;
    }))).rejects.toBe(failure);
    expect(await runner.run(trivial('again'))).toBe('again');
    await runner.close();
  });

  test('RU6: Runner: tasks that a main leaves behind go on until it is closed', async () => {
    const runner = new Runner({ engine: simulated() });
    const log: string[] = [];
    let left: Task<void> | null = null;
    await runner.run(of(function* () {
      left = createTask(of(function* () {
        try {
          yield sleepForever();
        } finally {
          yield sleep(1);
          log.push('ended');
        }
      }));
      yield sleep(1);
    }));
    await runner.run(of(function* () {
      yield sleep(1);
    }));
    expect((left as unknown as Task<void>).done()).toBe(false);

    await runner.close();
    expect([log, (left as unknown as Task<void>).cancelled()]).toEqual([['ended'], true]);
  });
});

test('RU7: Runner: once closed it refuses to run', async () => {
  const runner = new Runner({ engine: simulated() });
  await runner.run(trivial(1));
  await runner.close();
  expect(codeOf(() => void runner.run(trivial(2)))).toBe('ERR_CLOSED');
  expect(codeOf(() => runner.getLoop())).toBe('ERR_CLOSED');
});

test('RU7: Runner: closing it twice is fine', async () => {
  const runner = new Runner({ engine: simulated() });
  await runner.run(trivial(1));
  expect(runner.close()).toBe(runner.close());
  await runner.close();
});

test('RU7: Runner: closing one that never ran makes no loop', async () => {
  const engine = new SimulatedEngine();
  let started = false;
  engine.startHosted = () => (started = true);
  await new Runner({ engine }).close();
  expect(started).toBe(false);
});

test('RU7: Runner: disposing of it is closing it', async () => {
  const runner = new Runner({ engine: simulated() });
  await runner.run(trivial(1));
  await runner[Symbol.asyncDispose]();
  expect(codeOf(() => void runner.run(trivial(2)))).toBe('ERR_CLOSED');
});

test('RU5: Runner: bad mains and options are refused at the call', async () => {
  expect(codeOf(() => new Runner({ unhandled: 'no' as never }))).toBe('ERR_OUT_OF_RANGE');
  const runner = new Runner({ engine: simulated() });
  expect(codeOf(() => void runner.run(5 as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(await runner.run(trivial('still fine'))).toBe('still fine');
  await runner.close();
});

test('RU5: Runner: run inside a task is refused', async () => {
  const runner = new Runner({ engine: simulated() });
  await runner.run(function* () {
    expect(codeOf(() => void runner.run(trivial(1)))).toBe('ERR_LOOP_RUNNING');
  });
  await runner.close();
});

test('D8: Runner: unseen failures are reported when it is closed', async () => {
  const runner = new Runner({ engine: simulated() });
  let reports: ExceptionContext[] = [];
  await runner.run(function* () {
    reports = keepReports(getRunningLoop());
    void createTask(failing('unseen'));
    yield* ticks(2);
  });
  expect(reports).toEqual([]);
  await runner.close();
  expect(reports.map(({ exception }) => exception)).toEqual([new Error('unseen')]);
});

test('D37: Runner: with unhandled "throw" its close rejects with what nobody looked at', async () => {
  const runner = new Runner({ engine: simulated(), unhandled: 'throw' });
  await runner.run(function* () {
    void createTask(failing('unseen'));
    yield* ticks(2);
  });
  await expect(runner.close()).rejects.toThrow('unseen');
});

test('D37: Runner: its signal cancels each main', async () => {
  const controller = new AbortController();
  const runner = new Runner({ engine: simulated(), signal: controller.signal });
  const promise = runner.run(function* () {
    setImmediate(() => controller.abort('stop'));
    yield* sleepForever();
  });
  await expect(promise).rejects.toMatchObject({ code: 'ERR_CANCELLED', reason: 'stop' });
  await expect(runner.run(trivial(1))).rejects.toThrow(withCode('ERR_CANCELLED'));
  await runner.close();
});

test('D13: Runner: mains run at once too', async () => {
  const runner = new Runner({ engine: simulated() });
  const log: string[] = [];
  const main = (name: string, ms: number) =>
    function* (): Coroutine<void> {
      yield* sleep(ms);
      log.push(name);
    };
  await Promise.all([runner.run(main('slow', 20)), runner.run(main('fast', 10))]);
  expect(log).toEqual(['fast', 'slow']);
  await runner.close();
});

test('D23: Runner: closing the last one ends what plain callbacks started', async () => {
  const runner = new Runner({ engine: simulated() });
  let orphan: Task<void> | null = null;
  await runner.run(function* () {
    setImmediate(() => {
      orphan = createTask(function* () {
        yield* sleepForever();
      });
    });
    yield* until(new Promise<void>((resolve) => setImmediate(resolve)));
    yield* until(new Promise<void>((resolve) => setImmediate(resolve)));
  });
  await runner.close();
  expect((orphan as Task<void> | null)?.cancelled()).toBe(true);
});
