// Broadcast: everything to everybody, and what a full subscriber means under each policy.
import { Broadcast, createTask, END, run, type Subscription, type Task } from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { codeOf, colours, hosted, outcomeOf, ticks } from '../tasks/support';

test('broadcast: where null is an item, tryReceive tells an empty subscription by another value', () => {
  const broadcast = new Broadcast<null>(1);
  const subscription = broadcast.subscribe();
  broadcast.tryPublish(null);
  expect(subscription.statistics()).toEqual({ buffered: 1, capacity: 1, missed: 0, waitingToReceive: 0 });
  expect([subscription.tryReceive(END), subscription.tryReceive(END)]).toEqual([null, END]);
  expect(codeOf(() => new Broadcast(1, null as never))).toBe('ERR_INVALID_ARG_TYPE');
});

function drained<T>(subscription: Subscription<T>): T[] {
  const items: T[] = [];
  while (subscription.size > 0) items.push(subscription.tryReceive() as T);
  return items;
}

describe.each(colours)('$name tasks', (colour) => {
  const publisherOf = (broadcast: Broadcast<number>, item: number): Task<unknown> =>
    createTask(colour.of(function* () {
      yield broadcast.publish(item);
    }));

  test('broadcast: every subscriber gets every item, whoever waits and whoever does not', hosted(function* () {
    const broadcast = new Broadcast<number>(4);
    const [early, idle] = [broadcast.subscribe(), broadcast.subscribe()];
    const reader = createTask(colour.of(function* () {
      const seen: unknown[] = [];
      for (let item = yield early.next(); item !== END; item = yield early.next()) seen.push(item);
      return seen;
    }));
    yield* ticks(3);
    for (const n of [1, 2]) yield* broadcast.publish(n);
    const late = broadcast.subscribe();
    yield* broadcast.publish(3);
    broadcast.close();
    expect(yield* outcomeOf(reader)).toEqual(['value', [1, 2, 3]]);
    expect([drained(idle), drained(late)]).toEqual([[1, 2, 3], [3]]);
  }));

  test('broadcast: wait: publishers wait in order for the slowest, and nobody has their items before', hosted(function* () {
    const broadcast = new Broadcast<number>(1);
    const [slow, quick] = [broadcast.subscribe(), broadcast.subscribe()];
    yield* broadcast.publish(1);
    const publishers = [2, 3].map((n) => publisherOf(broadcast, n));
    yield* ticks(3);
    expect([quick.tryReceive(), quick.tryReceive(), broadcast.tryPublish(9)]).toEqual([1, null, false]);
    expect(broadcast.statistics()).toEqual({ capacity: 1, subscriptions: 2, full: 1, waitingToPublish: 2 });
    expect(slow.tryReceive()).toBe(1);
    yield* ticks(3);
    expect(publishers.map((task) => task.done())).toEqual([true, false]);
    expect([quick.tryReceive(), slow.tryReceive()]).toEqual([2, 2]);
    expect([quick.tryReceive(), slow.tryReceive()]).toEqual([3, 3]);
    yield* publishers[1]!;
    expect(broadcast.statistics()).toMatchObject({ full: 0, waitingToPublish: 0 });
  }));

  test('DV1, DV3: broadcast: a publisher cancelled while it waits has published to nobody', hosted(function* () {
    const broadcast = new Broadcast<number>(1);
    const subscription = broadcast.subscribe();
    yield* broadcast.publish(1);
    const [doomed, next] = [publisherOf(broadcast, 2), publisherOf(broadcast, 3)];
    yield* ticks(3);
    doomed.cancel();
    expect([subscription.tryReceive(), subscription.tryReceive()]).toEqual([1, 3]);
    expect(yield* outcomeOf(doomed)).toEqual(['cancelled', undefined]);
    yield* next;
  }));

  test('D1, DV2: broadcast: a receiver cancelled before the item leaves it to the subscription', hosted(function* () {
    const broadcast = new Broadcast<number>(1);
    const subscription = broadcast.subscribe();
    const receiver = (): Task<number> => createTask(colour.of(function* () {
      return (yield subscription.receive()) as number;
    }));
    const [doomed, served] = [receiver(), receiver()];
    yield* ticks(3);
    doomed.cancel();
    yield* broadcast.publish(1);
    served.cancel();
    yield* broadcast.publish(2);
    expect(yield* outcomeOf(doomed)).toEqual(['cancelled', undefined]);
    expect([yield* outcomeOf(served), subscription.tryReceive()]).toEqual([['value', 1], 2]);
  }));

  test('broadcast: closing it fails publishers, and subscribers come to the end', hosted(function* () {
    const broadcast = new Broadcast<number>(1);
    const subscription = broadcast.subscribe();
    yield* broadcast.publish(1);
    const publisher = publisherOf(broadcast, 2);
    yield* ticks(3);
    broadcast.close();
    broadcast.close();
    expect(yield* outcomeOf(publisher)).toEqual(['failed', withCode('ERR_CLOSED')]);
    expect(codeOf(() => broadcast.publish(3))).toBe('ERR_CLOSED');
    expect(codeOf(() => broadcast.subscribe())).toBe('ERR_CLOSED');
    expect([yield* subscription.receive(), yield* subscription.next()]).toEqual([1, END]);
    expect(codeOf(() => subscription.receive())).toBe('ERR_END_OF_CHANNEL');
  }));

  test('broadcast: closing a subscription frees its publishers and fails its receivers', hosted(function* () {
    const broadcast = new Broadcast<number>(1);
    const [full, other] = [broadcast.subscribe(), broadcast.subscribe()];
    yield* broadcast.publish(1);
    expect(other.tryReceive()).toBe(1);
    const publisher = publisherOf(broadcast, 2);
    yield* ticks(3);
    full[Symbol.dispose]();
    yield* publisher;
    expect([other.tryReceive(), codeOf(() => full.tryReceive()), full.closed()]).toEqual([2, 'ERR_CLOSED', true]);
    const receiver = createTask(colour.of(function* () {
      yield other.receive();
    }));
    yield* ticks(3);
    other.close();
    expect(yield* outcomeOf(receiver)).toEqual(['failed', withCode('ERR_CLOSED')]);
    expect(broadcast.statistics()).toMatchObject({ subscriptions: 0, full: 0 });
  }));
});

test('broadcast: dropOldest: a full subscriber loses its oldest item', virtualTime(function* () {
  const broadcast = new Broadcast<number>(2, { whenFull: 'dropOldest' });
  const subscription = broadcast.subscribe();
  for (const n of [1, 2, 3, 4]) yield* broadcast.publish(n);
  expect([drained(subscription), subscription.missed, broadcast.statistics().full]).toEqual([[3, 4], 2, 0]);
}));

test('broadcast: dropNewest: a full subscriber does not get the new item', virtualTime(function* () {
  const broadcast = new Broadcast<number>(2, { whenFull: 'dropNewest' });
  const subscription = broadcast.subscribe();
  for (const n of [1, 2, 3, 4]) yield* broadcast.publish(n);
  expect([drained(subscription), subscription.missed, broadcast.statistics().full]).toEqual([[1, 2], 2, 0]);
}));

test('broadcast: without subscribers an item goes nowhere', virtualTime(function* () {
  const broadcast = new Broadcast<number>(1);
  for (const n of [1, 2, 3]) yield* broadcast.publish(n);
  expect(broadcast.subscribe().size).toBe(0);
}));

test('broadcast: odd capacities and policies are refused', () => {
  expect(codeOf(() => new Broadcast(0))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => new Broadcast(1.5))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => new Broadcast(1, { whenFull: 'panic' as never }))).toBe('ERR_INVALID_ARG_TYPE');
});

test('CK3: broadcast: for await ends when it is closed', async () => {
  await run(async () => {
    const broadcast = new Broadcast<number>(Infinity);
    const subscription = broadcast.subscribe();
    for (const n of [1, 2]) await broadcast.publish(n);
    broadcast.close();
    const seen: number[] = [];
    for await (const item of subscription) seen.push(item);
    expect(seen).toEqual([1, 2]);
  }, { engine: new SimulatedEngine() });
});
