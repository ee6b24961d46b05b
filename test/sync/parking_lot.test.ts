// ParkingLot: the queue alone; what each primitive hands over is tested with the primitive.
import { createTask, EventLoop, type Future, ParkingLot, sleep } from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';
import { withSeed } from '../helpers/seed';
import { codeOf, colours, hosted, outcomeOf, ticks } from '../tasks/support';

describe.each(colours)('$name tasks', ({ of }) => {
  test('parking lot: it wakes in the order of arrival, as many as asked for', hosted(function* () {
    const lot = new ParkingLot();
    const log: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      void createTask(of(function* () {
        yield lot.park();
        log.push(name);
      }));
    }
    yield* ticks(3);
    expect(lot.statistics()).toEqual({ tasksWaiting: 4 });

    expect(lot.unpark()).toBe(1);
    expect(lot.unpark(2)).toBe(2);
    expect([lot.size, log]).toEqual([1, []]);
    yield* ticks(3);
    expect(log).toEqual(['a', 'b', 'c']);
    expect(lot.unparkAll()).toBe(1);
    yield* ticks(3);
    expect(log).toEqual(['a', 'b', 'c', 'd']);
  }));

  test('DV3: parking lot: who is cancelled leaves the queue at once and uses up nothing', hosted(function* () {
    const lot = new ParkingLot();
    const parker = of(function* () {
      yield lot.park();
    });
    const [a, b, c] = [createTask(parker), createTask(parker), createTask(parker)];
    yield* ticks(3);

    b.cancel('enough');
    expect(lot.size).toBe(2);
    expect(lot.unpark(2)).toBe(2);
    expect(yield* outcomeOf(b)).toEqual(['cancelled', 'enough']);
    expect(yield* outcomeOf(a)).toEqual(['value', undefined]);
    expect(yield* outcomeOf(c)).toEqual(['value', undefined]);
  }));

  test('DV2: parking lot: who is woken and then cancelled has been woken', hosted(function* () {
    const lot = new ParkingLot();
    const task = createTask(of(function* () {
      yield lot.park();
      return 'woken';
    }));
    yield* ticks(3);

    lot.unpark();
    task.cancel('late');
    expect(yield* outcomeOf(task)).toEqual(['value', 'woken']);
  }));

  test('D30: parking lot: a task with a pending cancel does not stay in the queue', hosted(function* () {
    const lot = new ParkingLot();
    const task = createTask(of(function* () {
      task.cancel('already');
      yield lot.park();
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'already']);
    expect(lot.size).toBe(0);
  }));

  test('parking lot: parking is a checkpoint', hosted(function* () {
    const lot = new ParkingLot();
    const log: string[] = [];
    const parker = createTask(of(function* () {
      void createTask(of(function* () {
        log.push('other');
        lot.unpark();
      }));
      yield lot.park();
      return [...log];
    }));
    expect(yield* outcomeOf(parker)).toEqual(['value', ['other']]);
  }));
});

test('parking lot: a wake-up that finds nobody is not remembered', virtualTime(function* () {
  const lot = new ParkingLot();
  expect(lot.unpark(3)).toBe(0);
  const parked = lot.park();
  yield* sleep(5);
  expect(parked.done()).toBe(false);
  expect(lot.unpark(Infinity)).toBe(1);
  yield* parked;
}));

test.each([
  [1.5, 'ERR_INVALID_ARG_TYPE'],
  [NaN, 'ERR_INVALID_ARG_TYPE'],
  ['2', 'ERR_INVALID_ARG_TYPE'],
  [-1, 'ERR_OUT_OF_RANGE'],
  [-Infinity, 'ERR_OUT_OF_RANGE'],
])('parking lot: it refuses to wake %p', (count, code) => {
  expect(codeOf(() => new ParkingLot().unpark(count as number))).toBe(code);
});

test('parking lot: outside a run nobody can park', () => {
  expect(thrownBy(() => new ParkingLot().park())).toEqual(withCode('ERR_NO_RUNNING_LOOP'));
});

test('LK11: parking lot: made before any loop, it is bound to one while somebody waits', () => {
  const lot = new ParkingLot();
  const [first, second] = [new SimulatedEngine(), new SimulatedEngine()].map((engine) => new EventLoop({ engine }));
  const parkOn = (loop: EventLoop): Future<void> =>
    loop.runUntilComplete(
      (function* () {
        return [lot.park()];
      })(),
    )[0]!;

  const parked = parkOn(first!);
  expect(codeOf(() => parkOn(second!))).toBe('ERR_WRONG_LOOP');
  expect(lot.size).toBe(1);
  parked.cancel();
  const elsewhere = parkOn(second!);
  expect(lot.unpark()).toBe(1);
  expect(elsewhere.done()).toBe(true);
  first!.close();
  second!.close();
});

test('SE12: parking lot: a hundred thousand cancelled waits leave nothing behind', virtualTime(function* () {
  const lot = new ParkingLot();
  const waits = Array.from({ length: 100_000 }, () => lot.park());
  for (const wait of waits) wait.cancel();
  expect(lot.size).toBe(0);
  expect(lot.unpark()).toBe(0);
  expect(waits.every((wait) => wait.cancelled())).toBe(true);
}));

test('parking lot: it does what a plain array does', () => {
  withSeed((random) => virtualTime(function* () {
    const lot = new ParkingLot();
    const model: Future<void>[] = [];
    for (let round = 0; round < 20_000; round++) {
      const choice = random(4);
      if (choice < 2) {
        model.push(lot.park());
      } else if (choice === 2 && model.length > 0) {
        const [cancelled] = model.splice(random(model.length), 1);
        cancelled!.cancel();
      } else {
        const count = random(4);
        const woken = model.splice(0, count);
        expect(lot.unpark(count)).toBe(woken.length);
        expect(woken.every((future) => future.done() && !future.cancelled())).toBe(true);
      }
      expect(lot.size).toBe(model.length);
    }
    expect(model.some((future) => future.done())).toBe(false);
    lot.unparkAll();
    expect(model.every((future) => future.done())).toBe(true);
  })());
});
