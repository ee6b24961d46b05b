// Channels: hand-over, rendezvous, clones, closing from either side.
import {
  createTask, END, getRunningLoop, openChannel, type ReceiveChannel, run, type SendChannel, sleep, type Task,
} from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { collectUntil } from '../helpers/garbage';
import { codeOf, type Colour, colours, hosted, outcomeOf, ticks } from '../tasks/support';

test('channel: where null is an item, tryReceive tells an empty one by another value', () => {
  const [sender, receiver] = openChannel<null>(1);
  sender.trySend(null);
  expect([receiver.tryReceive(END), receiver.tryReceive(END), receiver.tryReceive()]).toEqual([null, END, null]);
});

function receiverOf<T>(colour: Colour, channel: ReceiveChannel<T>): Task<T> {
  return createTask(colour.of(function* () {
    return (yield channel.receive()) as T;
  }));
}

function senderOf<T>(colour: Colour, channel: SendChannel<T>, item: T): Task<string> {
  return createTask(colour.of(function* () {
    yield channel.send(item);
    return `sent ${String(item)}`;
  }));
}

describe.each(colours)('$name tasks', (colour) => {
  test('CH2, CH3: channel: of capacity 0: a send waits until its item is received', hosted(function* () {
    const [sender, receiver] = openChannel<string>(0);
    const sending = senderOf(colour, sender, 'a');
    yield* ticks(3);
    expect([sending.done(), sender.statistics().waitingToSend]).toEqual([false, 1]);
    expect(yield* receiver.receive()).toBe('a');
    expect(yield* outcomeOf(sending)).toEqual(['value', 'sent a']);
  }));

  test('CH2: channel: an item goes to the first receiver at once, not to a newcomer', hosted(function* () {
    const [sender, receiver] = openChannel<string>(1);
    const [first, second] = [receiverOf(colour, receiver), receiverOf(colour, receiver)];
    yield* ticks(3);
    yield* sender.send('a');
    expect([receiver.tryReceive(), receiver.statistics().buffered]).toEqual([null, 0]);
    yield* sender.send('b');
    expect([yield* outcomeOf(first), yield* outcomeOf(second)]).toEqual([['value', 'a'], ['value', 'b']]);
  }));

  test('CH3: channel: buffer and blocked senders are one line', hosted(function* () {
    const [sender, receiver] = openChannel<number>(2);
    const sending = [1, 2, 3, 4, 5].map((n) => senderOf(colour, sender, n));
    yield* ticks(3);
    expect(receiver.statistics()).toMatchObject({ buffered: 2, waitingToSend: 3 });
    expect([receiver.tryReceive(), sender.trySend(99)]).toEqual([1, false]);
    const seen: number[] = [];
    for (let i = 0; i < 4; i++) seen.push(yield* receiver.receive());
    expect(seen).toEqual([2, 3, 4, 5]);
    for (const task of sending) yield* task;
  }));

  test('CH4, DV1, DV3: channel: a cancel that comes first leaves the channel as it was', hosted(function* () {
    const [sender, receiver] = openChannel<string>(0);
    const sending = senderOf(colour, sender, 'lost');
    yield* ticks(3);
    sending.cancel();
    expect([sender.statistics().waitingToSend, receiver.tryReceive()]).toEqual([0, null]);
    expect(yield* outcomeOf(sending)).toEqual(['cancelled', undefined]);
  }));

  test('CH4, CH12, D1: channel: a receiver cancelled in the tick of the send is passed over', hosted(function* () {
    const [sender, receiver] = openChannel<string>(0);
    const [doomed, next] = [receiverOf(colour, receiver), receiverOf(colour, receiver)];
    yield* ticks(3);
    doomed.cancel();
    expect(sender.trySend('a')).toBe(true);
    expect([yield* outcomeOf(doomed), yield* outcomeOf(next)]).toEqual([['cancelled', undefined], ['value', 'a']]);
  }));

  test('CH4, DV2: channel: a receiver cancelled after the hand-over has its item', hosted(function* () {
    const [sender, receiver] = openChannel<string>(0);
    const task = receiverOf(colour, receiver);
    yield* ticks(3);
    expect(sender.trySend('a')).toBe(true);
    task.cancel();
    expect(yield* outcomeOf(task)).toEqual(['value', 'a']);
  }));

  test('CH4, CK5, D30: channel: a pending cancel comes before the effect', hosted(function* () {
    const [sender, receiver] = openChannel<string>(2);
    yield* sender.send('a');
    for (const operation of [() => sender.send('b'), () => receiver.receive(), () => receiver.next()]) {
      const task: Task<void> = createTask(colour.of(function* () {
        task.cancel('already');
        yield operation();
      }));
      expect(yield* outcomeOf(task)).toEqual(['cancelled', 'already']);
    }
    expect(receiver.statistics().buffered).toBe(1);
  }));

  test('CH5: channel: receivers come to the end when all senders are closed and the buffer is empty', hosted(function* () {
    const [sender, receiver] = openChannel<string>(2);
    const clone = sender.clone();
    yield* clone.send('a');
    sender.close();
    clone.close();
    expect(yield* outcomeOf(receiverOf(colour, receiver))).toEqual(['value', 'a']);
    expect(yield* outcomeOf(receiverOf(colour, receiver))).toEqual(['failed', withCode('ERR_END_OF_CHANNEL')]);
    expect(codeOf(() => receiver.tryReceive())).toBe('ERR_END_OF_CHANNEL');
  }));

  test('CH5: channel: a loop over it ends when the last sender closes', hosted(function* () {
    const [sender, receiver] = openChannel<number>(0);
    const seen: unknown[] = [];
    const reader = createTask(colour.of(function* () {
      for (let item = yield receiver.next(); item !== END; item = yield receiver.next()) seen.push(item);
      return 'end';
    }));
    for (const n of [1, 2, 3]) yield* sender.send(n);
    yield* ticks(3);
    sender.close();
    expect([yield* outcomeOf(reader), seen]).toEqual([['value', 'end'], [1, 2, 3]]);
  }));

  test('CH6: channel: when all receivers are closed, senders fail and items are gone', hosted(function* () {
    const [sender, receiver] = openChannel<string>(1);
    const clone = receiver.clone();
    yield* sender.send('a');
    const sending = senderOf(colour, sender, 'b');
    yield* ticks(3);
    receiver.close();
    expect(sending.done()).toBe(false);
    clone.close();
    expect(yield* outcomeOf(sending)).toEqual(['failed', withCode('ERR_BROKEN')]);
    expect(yield* outcomeOf(senderOf(colour, sender, 'c'))).toEqual(['failed', withCode('ERR_BROKEN')]);
    expect(sender.statistics().buffered).toBe(0);
  }));

  test('CH7: channel: closing a handle fails those who wait with it, and nobody else', hosted(function* () {
    const [sender, receiver] = openChannel<string>(0);
    const clone = receiver.clone();
    const [mine, others] = [receiverOf(colour, receiver), receiverOf(colour, clone)];
    yield* ticks(3);
    receiver.close();
    expect(yield* outcomeOf(mine)).toEqual(['failed', withCode('ERR_CLOSED')]);
    yield* sender.send('a');
    expect(yield* outcomeOf(others)).toEqual(['value', 'a']);

    const other = sender.clone();
    const [sending, kept] = [senderOf(colour, sender, 'b'), senderOf(colour, other, 'c')];
    yield* ticks(3);
    sender.close();
    expect(yield* outcomeOf(sending)).toEqual(['failed', withCode('ERR_CLOSED')]);
    expect([clone.tryReceive(), yield* outcomeOf(kept)]).toEqual(['c', ['value', 'sent c']]);
  }));

  test('CH11: channel: two receivers share by turns', hosted(function* () {
    const [sender, receiver] = openChannel<number>(0);
    const shares = [[], []] as unknown[][];
    const readers = shares.map((share) => createTask(colour.of(function* () {
      for (let item = yield receiver.next(); item !== END; item = yield receiver.next()) share.push(item);
    })));
    yield* ticks(3);
    for (let n = 0; n < 6; n++) {
      yield* sender.send(n);
      yield* ticks(3);
    }
    sender.close();
    for (const reader of readers) yield* reader;
    expect(shares).toEqual([[0, 2, 4], [1, 3, 5]]);
  }));
});

test.each([-1, -Infinity])('CH1: channel: a capacity of %d is refused', (bad) => {
  expect(codeOf(() => openChannel(bad))).toBe('ERR_OUT_OF_RANGE');
});

test.each([undefined, null, '1', 1.5, NaN])('CH1: channel: a capacity of %p is refused', (bad) => {
  expect(codeOf(() => openChannel(bad as never))).toBe('ERR_INVALID_ARG_TYPE');
});

test('CH1: channel: of infinite capacity it takes everything', () => {
  const [sender, receiver] = openChannel<number>(Infinity);
  for (let i = 0; i < 1_000; i++) expect(sender.trySend(i)).toBe(true);
  expect(receiver.statistics()).toMatchObject({ buffered: 1_000, peak: 1_000 });
});

test('CH7, CH9: channel: a closed handle refuses everything but another close', virtualTime(function* () {
  const [sender, receiver] = openChannel<string>(1);
  sender.close();
  receiver.close();
  const uses = [
    () => sender.send('a'), () => sender.trySend('a'), () => sender.clone(),
    () => receiver.receive(), () => receiver.next(), () => receiver.tryReceive(), () => receiver.clone(),
  ];
  for (const use of uses) expect(codeOf(use)).toBe('ERR_CLOSED');
}));

test('CH8: channel: close is a plain call, may be repeated, and serves disposal', () => {
  const [sender, receiver] = openChannel<string>(1);
  const clone = sender.clone();
  clone.close();
  clone.close();
  expect([clone.closed(), sender.closed(), sender.statistics().openSenders]).toEqual([true, false, 1]);
  sender[Symbol.dispose]();
  receiver[Symbol.dispose]();
  expect(sender.statistics()).toMatchObject({ openSenders: 0, openReceivers: 0 });
});

test('CH10: channel: statistics tell of the buffer, the handles and those who wait', virtualTime(function* () {
  const [sender, receiver] = openChannel<string>(2);
  const clone = receiver.clone();
  yield* sender.send('a');
  yield* sender.send('b');
  yield* receiver.receive();
  expect(clone.statistics()).toEqual({
    buffered: 1, capacity: 2, peak: 2, openSenders: 1, openReceivers: 2, waitingToSend: 0, waitingToReceive: 0,
  });
}));

test('CH11: channel: a loop that sends and one that receives alternate', virtualTime(function* () {
  const [sender, receiver] = openChannel<number>(0);
  const log: string[] = [];
  const sending = createTask(function* () {
    for (let n = 0; n < 3; n++) {
      log.push(`send ${n}`);
      yield* sender.send(n);
    }
  });
  for (let n = 0; n < 3; n++) log.push(`received ${yield* receiver.receive()}`);
  yield* sending;
  expect(log).toEqual(['send 0', 'send 1', 'received 0', 'received 1', 'send 2', 'received 2']);
}));

test('CH13: channel: in debug mode a handle that is lost unclosed is warned of', async () => {
  const warnings: string[] = [];
  const spy = jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)));
  await run(function* () {
    openChannel<string>(1)[0].close();
  }, { engine: new SimulatedEngine(), debug: true });
  await collectUntil(() => warnings.length > 0);
  spy.mockRestore();
  expect(warnings).toEqual([expect.stringMatching(/ReceiveChannel[^]*channel\.test/)]);
});

test('CH14: channel: the forms that do not wait say that they would', () => {
  const [sender, receiver] = openChannel<string>(0);
  expect([sender.trySend('a'), receiver.tryReceive()]).toEqual([false, null]);
});

test('D5, CK7: channel: what need not wait takes no tick', virtualTime(function* () {
  const [sender, receiver] = openChannel<number>(1);
  const before = getRunningLoop().metrics().ticks;
  yield* sender.send(1);
  expect([yield* receiver.receive(), getRunningLoop().metrics().ticks]).toEqual([1, before]);
}));

test('CH5, CK3: channel: for await ends when the last sender closes', async () => {
  await run(async () => {
    const [sender, receiver] = openChannel<number>(0);
    const sending = createTask(async () => {
      for (const n of [1, 2, 3]) await sender.send(n);
      await sleep(5);
      sender.close();
    });
    const seen: number[] = [];
    for await (const item of receiver) seen.push(item);
    await sending;
    expect(seen).toEqual([1, 2, 3]);
  }, { engine: new SimulatedEngine() });
});

test('CH5: channel: what for await is refused is a rejection', () => run(async () => {
  const [, receiver] = openChannel<number>(1);
  const items = receiver[Symbol.asyncIterator]();
  receiver.close();
  await expect(items.next()).rejects.toEqual(withCode('ERR_CLOSED'));
}));
