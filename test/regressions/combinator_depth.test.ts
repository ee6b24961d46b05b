// Combinators in combinators: the completion or cancellation of the innermost passed from level to level on the stack.
import { all, any, createTask, type Future, gather, getRunningLoop, type Operation, race, shield, sleep, wait, waitFor } from '../../lib';
import { virtualTime } from '../../lib/testing';

const LEVELS = 10_000;

const combinators: [string, (inner: Future<unknown>) => Future<unknown>][] = [
  ['gather', (inner) => gather([inner])],
  ['shield', (inner) => shield(inner)],
  ['wait', (inner) => wait([inner])],
  ['gather of shield of wait', (inner) => gather([shield(wait([inner]))])],
];

function nest(innermost: Future<unknown>, combine: (inner: Future<unknown>) => Future<unknown>): Future<unknown> {
  let outer = innermost;
  for (let level = 0; level < LEVELS; level++) outer = combine(outer);
  return outer;
}

test.each(combinators)('%s: ten thousand levels pass a value on', (_name, combine) => {
  virtualTime(function* () {
    const innermost = getRunningLoop().createFuture<number>();
    const outermost = nest(innermost, combine);
    innermost.setResult(1);
    expect(outermost.done()).toBe(true);
    yield* outermost;
  })();
});

test.each(combinators)('%s: ten thousand levels are cancelled by their awaiter', (_name, combine) => {
  virtualTime(function* () {
    const outermost = nest(getRunningLoop().createFuture<number>(), combine);
    const awaiter = createTask(function* () {
      yield* outermost;
    });
    yield* sleep(1);
    awaiter.cancel();
    yield* sleep(1);
    expect(awaiter.cancelled()).toBe(true);
  })();
});

test('gather: ten thousand levels pass a failure on', virtualTime(function* () {
  const innermost = getRunningLoop().createFuture<number>();
  const outermost = nest(innermost, (inner) => gather([inner]));
  const failure = new Error('innermost');
  innermost.setException(failure);
  expect(outermost.exception()).toBe(failure);
}));

test('gather: cancelling one with gatherings in it asks the children in order', virtualTime(function* () {
  const order: string[] = [];
  const child = (name: string) => createTask(function* () {
    try {
      yield* sleep(10);
    } finally {
      order.push(name);
    }
  });
  const outer = gather([gather([child('a'), child('b')]), child('c'), gather([gather([child('d')])])]);
  yield* sleep(1);
  expect(outer.cancel()).toBe(true);
  yield* sleep(1);
  expect(order).toEqual(['a', 'b', 'c', 'd']);
}));

const structured: [string, Combine][] = [
  ['all', (inner) => all([inner as Future<unknown>])],
  ['race', (inner) => race([inner as Future<unknown>])],
  ['any', (inner) => any([inner as Future<unknown>])],
  ['all of gather', (inner) => gather([all([inner as Future<unknown>])])],
];

type Combine = (inner: Operation<unknown>) => Operation<unknown>;

function nestStructured(innermost: Future<unknown>, combine: Combine): Operation<unknown> {
  let outer: Operation<unknown> = innermost;
  for (let level = 0; level < LEVELS; level++) outer = combine(outer);
  return outer;
}

test.each(structured)('%s: ten thousand levels pass a value on', (_name, combine) => {
  virtualTime(function* () {
    const innermost = getRunningLoop().createFuture<number>();
    const outermost = createTask(function* () {
      yield* nestStructured(innermost, combine);
    });
    yield* sleep(1);
    innermost.setResult(1);
    yield* outermost;
  })();
});

test.each(structured)('%s: ten thousand levels pass a failure on', (_name, combine) => {
  virtualTime(function* () {
    const innermost = getRunningLoop().createFuture<number>();
    const outermost = createTask(function* () {
      yield* nestStructured(innermost, combine);
    });
    yield* sleep(1);
    innermost.setException(new Error('innermost'));
    yield* wait([outermost]);
    expect(outermost.exception()).toBeInstanceOf(Error);
  })();
});

test.each(structured)('%s: ten thousand levels are cancelled by their awaiter', (_name, combine) => {
  virtualTime(function* () {
    const innermost = getRunningLoop().createFuture<number>();
    const outermost = createTask(function* () {
      yield* nestStructured(innermost, combine);
    });
    yield* sleep(1);
    outermost.cancel();
    yield* wait([outermost]);
    expect([outermost.cancelled(), innermost.cancelled()]).toEqual([true, true]);
  })();
});

test.each(structured)('%s: ten thousand levels are cancelled by a scope', (_name, combine) => {
  virtualTime(function* () {
    const innermost = getRunningLoop().createFuture<number>();
    const outermost = createTask(function* () {
      yield* waitFor(nestStructured(innermost, combine) as Future<unknown>, 1);
    });
    yield* wait([outermost]);
    expect(outermost.exception()).toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(innermost.cancelled()).toBe(true);
  })();
});
