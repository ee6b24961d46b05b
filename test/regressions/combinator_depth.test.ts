// Combinators in combinators: the completion or cancellation of the innermost passed from level to level on the stack.
import { createTask, type Future, gather, getRunningLoop, shield, sleep, wait } from '../../lib';
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
