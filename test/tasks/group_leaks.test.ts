// A group that lives long keeps nothing of the children that have ended.
import { checkpoint, getRunningLoop, sleep, type TaskGroup, TaskGroup as Group, withTaskGroup } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { collectUntil, liveHeap } from '../helpers/garbage';
import { hosted, ticks, trivial } from './support';

const CHILDREN = 300_000;
const ROOM_BYTES = 2_000_000;

function* spawn(group: TaskGroup, count: number) {
  for (let i = 0; i < count; i += 20) {
    for (let j = 0; j < 20; j++) group.createTask(trivial(j));
    // Enough for those that wait in the line too.
    yield* ticks(3);
  }
}

test.each([
  ['without a limit', {}],
  ['with a limit', { limit: 10 }],
])('TG23: a group %s stays as small as it was', (_, options) => {
  virtualTime(function* () {
    yield* withTaskGroup(function* (group) {
      yield* spawn(group, 10_000);
      yield* sleep(1);
      const before = liveHeap();
      yield* spawn(group, CHILDREN);
      yield* sleep(1);
      expect([group.children.size, getRunningLoop().metrics().tasks]).toEqual([0, 1]);
      expect(liveHeap() - before).toBeLessThan(ROOM_BYTES);
    }, options);
  })();
});

test('TG23: started children and daemons are forgotten as well', virtualTime(function* () {
  yield* withTaskGroup(function* (group) {
    const round = function* (count: number) {
      for (let i = 0; i < count; i++) {
        group.createTask(trivial(i), { daemon: true });
        yield* group.start<number>(function* (status) {
          status.started(i);
        });
        yield* checkpoint();
      }
    };
    yield* round(1_000);
    const before = liveHeap();
    yield* round(30_000);
    expect(liveHeap() - before).toBeLessThan(ROOM_BYTES);
  });
}));

test('TG23: a long line is served and cancelled in linear time, and leaves nothing', virtualTime(function* () {
  const round = () =>
    withTaskGroup(
      function* (group) {
        for (let i = 0; i < 50_000; i++) group.createTask(trivial(i));
        const children = Array.from({ length: 50_000 }, (_, i) => group.createTask(trivial(i)));
        for (const child of children) child.cancel();
      },
      { limit: 3 },
    );
  // The loop's own table keeps the size that so many tasks at once need.
  yield* round();
  const before = liveHeap();
  yield* round();
  expect(liveHeap() - before).toBeLessThan(ROOM_BYTES);
}));

test('TG23: what a child returned can be collected while its group lives', hosted(async () => {
  const refs: WeakRef<object>[] = [];
  await using group = new Group();
  for (let i = 0; i < 100; i++) {
    group.createTask(function* () {
      const value = { i };
      refs.push(new WeakRef(value));
      return value;
    });
  }
  await sleep(1);
  await collectUntil(() => refs.every((ref) => ref.deref() === undefined));
  expect(refs.filter((ref) => ref.deref() !== undefined)).toEqual([]);
}));

test('TG23: groups without a body that are closed leave nothing at their task', virtualTime(function* () {
  const round = function* (count: number) {
    for (let i = 0; i < count; i++) yield* new Group().close();
  };
  yield* round(1_000);
  const before = liveHeap();
  yield* round(100_000);
  expect(liveHeap() - before).toBeLessThan(ROOM_BYTES);
}));
