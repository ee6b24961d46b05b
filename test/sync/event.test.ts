// Event: a flag, and those who wait for it.
import { createTask, Event, getRunningLoop, type Task } from '../../lib/index';
import { codeOf, type Colour, colours, hosted, outcomeOf, ticks } from '../tasks/support';
import { onTwoLoops } from './support';

function waiter(of: Colour['of'], event: Event, log: string[], name: string): Task<string> {
  return createTask(of(function* () {
    yield event.wait();
    log.push(name);
    return name;
  }));
}

describe.each(colours)('$name tasks', ({ of }) => {
  test('EV1, D5: event: waiting for a set one takes no tick', hosted(function* () {
    const event = new Event();
    event.set();
    const task = createTask(of(function* () {
      const before = getRunningLoop().metrics().ticks;
      for (let i = 0; i < 10; i++) yield event.wait();
      return getRunningLoop().metrics().ticks - before;
    }));
    expect(yield* task).toBe(0);
  }));

  test('EV1, D30: event: a pending cancel comes before a set event', hosted(function* () {
    const event = new Event();
    event.set();
    const task: Task<void> = createTask(of(function* () {
      task.cancel('already');
      yield event.wait();
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'already']);
  }));

  test('EV2: event: set wakes all who wait, in order, once', hosted(function* () {
    const event = new Event();
    const log: string[] = [];
    const tasks = ['a', 'b', 'c'].map((name) => waiter(of, event, log, name));
    yield* ticks(3);
    expect(event.statistics()).toEqual({ isSet: false, tasksWaiting: 3 });

    event.set();
    event.set();
    expect([event.isSet(), log]).toEqual([true, []]);
    for (const task of tasks) yield* task;
    expect(log).toEqual(['a', 'b', 'c']);
    expect(event.statistics()).toEqual({ isSet: true, tasksWaiting: 0 });
  }));

  test('EV3, EV5, D11, D48: event: cleared in the same tick, it has woken those who waited', hosted(function* () {
    const event = new Event();
    const log: string[] = [];
    const early = waiter(of, event, log, 'early');
    yield* ticks(3);

    event.set();
    event.clear();
    expect(event.isSet()).toBe(false);
    const late = waiter(of, event, log, 'late');
    yield* early;
    yield* ticks(3);
    expect(log).toEqual(['early']);
    event.set();
    yield* late;
    expect(log).toEqual(['early', 'late']);
  }));

  test('EV4, DV2: event: who was woken and then cancelled goes on', hosted(function* () {
    const event = new Event();
    const task = waiter(of, event, [], 'woken');
    yield* ticks(3);
    event.set();
    task.cancel();
    expect(yield* outcomeOf(task)).toEqual(['value', 'woken']);
  }));

  test('EV4, DV3: event: who is cancelled first is not woken', hosted(function* () {
    const event = new Event();
    const task = waiter(of, event, [], 'woken');
    yield* ticks(3);
    task.cancel('first');
    expect(event.statistics().tasksWaiting).toBe(0);
    event.set();
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'first']);
  }));
});

test('LK11: event: it is usable before any loop, and bound to one while somebody waits', onTwoLoops((onFirst, onSecond) => {
  const event = new Event();
  event.set();
  event.clear();
  const wait = onFirst(() => event.wait());
  expect(codeOf(() => onSecond(() => void event.wait()))).toBe('ERR_WRONG_LOOP');
  event.set();
  expect(wait.done()).toBe(true);
  expect(onSecond(() => event.wait()).done()).toBe(true);
}));

test('event: outside a run nobody can wait', () => {
  expect(codeOf(() => void new Event().wait())).toBe('ERR_NO_RUNNING_LOOP');
});
