// A scope or group with a body cannot stay open across a `yield`: the body is a function of its own. A group without a body
// can, in an async generator, and then it belongs to the task that asked the generator for its next item.
import { checkpoint, createTask, moveOnAfter, sleep, TaskGroup } from '../../lib/index';
import { hosted } from './support';

async function* numbers(log: unknown[]): AsyncGenerator<number, void> {
  const group = new TaskGroup();
  group.createTask(async () => {
    try {
      await sleep(60_000);
    } finally {
      log.push('the child has ended');
    }
  });
  try {
    yield 1;
    yield 2;
  } finally {
    await group.close();
  }
}

test('AG4: a generator with a group that is iterated and closed in one task is in order', hosted(function* () {
  const log: unknown[] = [];
  yield* createTask(async () => {
    for await (const number of numbers(log)) {
      if (number === 2) break;
      log.push(number);
    }
    await sleep(1);
  });
  expect(log).toEqual([1, 'the child has ended']);
}));

test('AG4: a group that a generator holds open is not closed by another task', hosted(function* () {
  const log: unknown[] = [];
  const items = numbers(log);
  const first = createTask(async () => {
    log.push((await items.next()).value);
    await sleep(5);
  });
  yield* sleep(1);
  const second = createTask(async () => {
    await expect(items.return()).rejects.toMatchObject({ code: 'ERR_SCOPE_NESTING' });
    log.push('refused');
  });
  yield* first;
  yield* second;
  expect(log).toEqual([1, 'refused', 'the child has ended']);
}));

test('AG4: a scope that ends around a group of a generator ends the group', hosted(function* () {
  const log: unknown[] = [];
  const items = numbers(log);
  yield* createTask(async () => {
    await moveOnAfter(60_000, async () => {
      log.push((await items.next()).value);
    });
    await sleep(1);
    log.push('the scope is over');
    await expect(items.return()).rejects.toMatchObject({ code: 'ERR_SCOPE_NESTING' });
    await checkpoint();
  });
  expect(log).toEqual([1, 'the child has ended', 'the scope is over']);
}));
