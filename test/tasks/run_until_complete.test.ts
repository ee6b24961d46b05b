// EventLoop.runUntilComplete: what runBlocking and tests stand on.
import { checkpoint, type Coroutine, EventLoop, sleep, sleepForever } from '../../lib/index';
import { SimulatedEngine } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { codeOf, trivial } from './support';

let loop: EventLoop;
beforeEach(() => {
  loop = new EventLoop({ engine: new SimulatedEngine() });
});
afterEach(() => loop.close());

test('D26: runUntilComplete: it gives the result of a coroutine, a function or a future', () => {
  expect(loop.runUntilComplete(trivial('coroutine'))).toBe('coroutine');
  expect(loop.runUntilComplete(() => trivial('function'))).toBe('function');
  const future = loop.createFuture<string>();
  loop.callLater(5, () => future.setResult('future'));
  expect(loop.runUntilComplete(future)).toBe('future');
});

test('D26: runUntilComplete: it throws the very error', () => {
  const failure = new Error('failed');
  expect(() => loop.runUntilComplete(function* () {
    yield* checkpoint();
    throw failure;
  })).toThrow(failure);
});

test('RU12: runUntilComplete: a stop before the end is an error, and the future can be run on', () => {
  const log: string[] = [];
  const task = loop.createTask(function* (): Coroutine<string> {
    yield* checkpoint();
    loop.stop();
    log.push('stopped');
    yield* sleep(5);
    return 'went on';
  });

  expect(() => loop.runUntilComplete(task)).toThrow(withCode('ERR_LOOP_STOPPED'));
  expect([task.done(), log]).toEqual([false, ['stopped']]);
  expect(loop.runUntilComplete(task)).toBe('went on');
});

test('RU12: runUntilComplete: a stop in the tick in which the future is done is no error', () => {
  expect(loop.runUntilComplete(function* () {
    yield* checkpoint();
    loop.stop();
    return 'done in time';
  })).toBe('done in time');
  // No stop is left over for the next one.
  expect(loop.runUntilComplete(trivial('next'))).toBe('next');
});

test('D13: runUntilComplete: what nothing can wake is a DeadlockError, and the task stays', () => {
  const task = loop.createTask(function* () {
    yield* sleepForever();
  });
  expect(codeOf(() => loop.runUntilComplete(task))).toBe('ERR_DEADLOCK');
  expect(task.done()).toBe(false);
  task.cancel();
  expect(codeOf(() => loop.runUntilComplete(task))).toBe('ERR_CANCELLED');
});

test('D13: runUntilComplete: inside a step it is refused', () => {
  expect(loop.runUntilComplete(function* () {
    return [codeOf(() => loop.runUntilComplete(trivial(1))), codeOf(() => new EventLoop().runForever())];
  })).toEqual(['ERR_LOOP_RUNNING', 'ERR_LOOP_RUNNING']);
});
