// Every wrong argument is an error at the call, with a stable code, and nothing has happened then.
import { Context, ContextVar, copyContext, type Coroutine, EventLoop } from '../../lib';
import { SimulatedEngine } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { ownedLoop } from '../helpers/owned_loop';

function* coroutine(): Coroutine<void> {}

const noObjects = [null, 5, 'text', true, []];

test.each(noObjects)('arguments: %p as options of a loop, a task, a variable or runOnce is a TypeError', (options) => {
  const { loop } = ownedLoop();
  const calls = [
    () => new EventLoop(options as never),
    () => loop.createTask(coroutine, options as never),
    () => loop.runOnce(options as never),
    () => new ContextVar('variable', options as never),
  ];
  for (const call of calls) expect(call).toThrow(withCode('ERR_INVALID_ARG_TYPE', /options/));
  expect(loop.metrics()).toMatchObject({ turns: 0, tasks: 0 });
});

test.each([null, 'text', {}, new Map()])('K17: %p as a context is a TypeError, the coroutine stays fresh', (context) => {
  const { loop } = ownedLoop();
  const fresh = coroutine();
  expect(() => loop.createTask(fresh, { context: context as never })).toThrow(withCode('ERR_INVALID_ARG_TYPE', /Context/));
  loop.runUntilComplete(loop.createTask(fresh, { context: copyContext() }));
});

test('F20: a future of another loop cannot be run until it is complete', () => {
  const { loop } = ownedLoop();
  const foreign = ownedLoop().loop.createFuture();
  expect(() => loop.runUntilComplete(foreign)).toThrow(withCode('ERR_WRONG_LOOP'));
});

test('arguments: what is no coroutine cannot be run until it is complete', () => {
  const { loop } = ownedLoop();
  expect(() => loop.runUntilComplete(5 as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
});

test('arguments: a variable needs a name, a reset needs a token, a context needs a function', () => {
  const calls = [
    () => new ContextVar(undefined as never),
    () => new ContextVar('variable').reset(null as never),
    () => new Context().run('text' as never),
  ];
  for (const call of calls) expect(call).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
});

test('arguments: a token of nowhere is refused', () => {
  expect(() => new ContextVar('variable').reset({} as never)).toThrow(withCode('ERR_INVALID_STATE'));
});

test.each([NaN, Infinity, -Infinity])('arguments: a virtual clock cannot begin at %p', (startMs) => {
  expect(() => new SimulatedEngine({ startMs })).toThrow(withCode('ERR_OUT_OF_RANGE'));
});
