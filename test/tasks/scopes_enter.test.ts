// Entering and leaving scopes: once, in order, with what they can use; refused with an error that leaves all as it was.
import {
  CancelScope,
  checkpoint,
  createTask,
  failAfter,
  failAt,
  getRunningLoop,
  moveOnAfter,
  moveOnAt,
  ScopeNestingError,
  shielded,
  sleep,
  withTaskGroup,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { inTask, nestings, thrownFrom } from './scope_support';
import { codeOf, ticks } from './support';

describe.each(nestings)('$name', ({ outer, inner }) => {
  const body = (value: unknown) => inner.of(function* () {
    yield checkpoint();
    return value;
  });

  test('CS1: CancelScope: entered inside itself it is a ScopeNestingError, and goes on', inTask(outer, function* () {
    const scope = new CancelScope();
    const value = yield scope.run(inner.of(function* () {
      const error = yield* thrownFrom(scope.run(body('twice')));
      expect(error).toBeInstanceOf(ScopeNestingError);
      yield sleep(1);
      return 'once';
    }));
    expect([value, scope.cancelCalled]).toEqual(['once', false]);
  }));

  test('CS1: CancelScope: entered again after its end it is a ScopeNestingError', inTask(outer, function* () {
    const scope = new CancelScope();
    yield scope.run(body(1));
    expect(yield* thrownFrom(scope.run(body(2)))).toEqual(withCode('ERR_SCOPE_NESTING', /entered once; make a new one/));
    expect(yield new CancelScope().run(body(3))).toBe(3);
  }));

  test('CS1: CancelScope: another task cannot enter it either', inTask(outer, function* () {
    const scope = new CancelScope();
    const first = createTask(outer.of(function* () {
      return yield scope.run(inner.of(function* () {
        yield sleep(10);
        return 'first';
      }));
    }));
    yield sleep(1);
    const second = createTask(outer.of(function* () {
      return yield* thrownFrom(scope.run(body('second')));
    }));
    expect(yield second).toBeInstanceOf(ScopeNestingError);
    expect(yield first).toBe('first');
  }));

  test('CS2: CancelScope: cancelled before its entry, its body runs to the first checkpoint', inTask(outer, function* () {
    const log: string[] = [];
    const scope = new CancelScope();
    scope.cancel('early');
    scope.cancel('again');
    yield scope.run(inner.of(function* () {
      log.push('begun');
      yield checkpoint();
      log.push('not reached');
    }));
    expect([log, scope.cancelCalled, scope.cancelledCaught]).toEqual([['begun'], true, true]);
  }));

  test('CS2: CancelScope: cancelled after its end it only says that it was called', inTask(outer, function* () {
    const scope = new CancelScope();
    yield scope.run(body(1));
    expect(scope.cancelCalled).toBe(false);
    scope.cancel();
    yield checkpoint();
    expect([scope.cancelCalled, scope.cancelledCaught, scope.signal.aborted]).toEqual([true, false, false]);
  }));

  test('CS10: CancelScope: a body without a checkpoint is not cut short', inTask(outer, function* () {
    const scope = new CancelScope();
    const value = yield scope.run(inner.of(function* () {
      scope.cancel();
      return 'whole';
    }));
    yield checkpoint();
    expect([value, scope.cancelCalled, scope.cancelledCaught]).toEqual(['whole', true, false]);
  }));

  test('TO1: failAfter: an operation that is awaited twice is two timeouts', inTask(outer, function* () {
    const operation = failAfter(5, body('value'));
    expect([yield operation, yield operation]).toEqual(['value', 'value']);
  }));

  test('CancelScope: a body that gives no coroutine is refused, and the task goes on', inTask(outer, function* () {
    const scope = new CancelScope();
    const error = yield* thrownFrom(scope.run((() => 5) as never));
    expect(error).toEqual(withCode('ERR_INVALID_ARG_TYPE', /not a coroutine/));
    expect(yield new CancelScope().run(body('fine'))).toBe('fine');
  }));
});

test('TO1: scopes: outside a task they say where they can be used', virtualTime(function* () {
  const operations = [new CancelScope().run(sleepOnce), failAfter(1, sleepOnce), moveOnAfter(1, sleepOnce)];
  const codes: unknown[] = [];
  getRunningLoop().callSoon(() => {
    for (const operation of operations) codes.push(codeOf(() => operation[Symbol.iterator]().next()));
  });
  yield* ticks(2);
  expect(codes).toEqual(Array(3).fill('ERR_NOT_IN_TASK'));
}));

test.each([
  ['moveOnAfter', (body: never) => moveOnAfter(1, body)],
  ['moveOnAt', (body: never) => moveOnAt(1, body)],
  ['failAfter', (body: never) => failAfter(1, body)],
  ['failAt', (body: never) => failAt(1, body)],
  ['shielded', (body: never) => shielded(body)],
  ['scope.run', (body: never) => new CancelScope().run(body)],
  ['withTaskGroup', (body: never) => withTaskGroup(body)],
])('%s: refuses a body that is no function at the call', (name, call) => {
  const coroutine = sleepOnce();
  for (const body of [5, null, undefined, {}, coroutine]) {
    expect(() => call(body as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE', new RegExp(`^${name}: a function`)));
  }
  expect(() => call(coroutine as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE', /give the function itself/));
});

function* sleepOnce() {
  yield* sleep(1);
}

test('CS12, CS14: CancelScope: refuses shields that are no booleans and deadlines that are no times', () => {
  for (const shield of [1, 0, 'yes', null]) {
    expect(codeOf(() => new CancelScope({ shield: shield as never }))).toBe('ERR_INVALID_ARG_TYPE');
  }
  for (const deadline of ['1', null, {}, 1n]) {
    expect(codeOf(() => new CancelScope({ deadline: deadline as never }))).toBe('ERR_INVALID_ARG_TYPE');
  }
  for (const options of [5, null, 'shield']) {
    expect(codeOf(() => new CancelScope(options as never))).toBe('ERR_INVALID_ARG_TYPE');
  }
  expect(codeOf(() => new CancelScope({ deadline: NaN }))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => new CancelScope({ relativeDeadline: NaN }))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => CancelScope.fromSignal({} as never))).toBe('ERR_INVALID_ARG_TYPE');
});

test('CS12, CS14: CancelScope: a value that was refused changes nothing', () => {
  const scope = new CancelScope({ deadline: 5, shield: true });
  expect(codeOf(() => (scope.deadline = NaN))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => (scope.relativeDeadline = NaN))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => (scope.shield = 0 as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect([scope.deadline, scope.shield]).toEqual([5, true]);
});

test('CS20, D14: timeouts: NaN is out of range, no number is no time', () => {
  for (const call of [moveOnAfter, moveOnAt, failAfter, failAt]) {
    expect(codeOf(() => call(NaN, sleepOnce))).toBe('ERR_OUT_OF_RANGE');
    for (const ms of [null, undefined, '5']) {
      expect(codeOf(() => call(ms as never, sleepOnce))).toBe('ERR_INVALID_ARG_TYPE');
    }
  }
  expect(codeOf(() => shielded(sleepOnce, { timeout: NaN }))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => shielded(sleepOnce, 5 as never))).toBe('ERR_INVALID_ARG_TYPE');
});

describe('out of order', () => {
  // A coroutine driven by hand, which is the only way to leave a scope in the wrong order.
  function enter(scope: CancelScope): Iterator<unknown> {
    const body = scope.run(function* (): Generator<never, void> {
      yield undefined as never;
    })[Symbol.iterator]();
    body.next();
    return body;
  }

  test('CS21: CancelScope: left before one inside it, it says so once, and what is left behind is cancelled', virtualTime(
    function* () {
      const [outer, inner] = [new CancelScope(), new CancelScope()];
      const outerBody = enter(outer);
      const innerBody = enter(inner);
      expect(() => outerBody.next()).toThrow(withCode('ERR_SCOPE_NESTING', /left before one that was entered inside it/));
      expect(inner.signal.aborted).toBe(true);
      expect(innerBody.next().done).toBe(true);
      yield* checkpoint();
    },
  ));

  test('CS21: CancelScope: left by another task it says so, and its own goes on outside', virtualTime(function* () {
    const scope = new CancelScope();
    const body = enter(scope);
    const other = createTask(function* () {
      yield* checkpoint();
      body.next();
    });
    yield* other.join();
    expect(() => other.result()).toThrow(withCode('ERR_SCOPE_NESTING', /by another task/));
    scope.cancel();
    yield* checkpoint();
  }));

  test('CS21: CancelScope: the error of a body is the cause of the one for the wrong order', virtualTime(function* () {
    const [outer, inner] = [new CancelScope(), new CancelScope()];
    const outerBody = enter(outer);
    enter(inner);
    const cause = new Error('from the body');
    expect(() => outerBody.throw?.(cause)).toThrow(expect.objectContaining({ code: 'ERR_SCOPE_NESTING', cause }));
    yield* checkpoint();
  }));
});
