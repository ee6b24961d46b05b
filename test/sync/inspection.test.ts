// How primitives look when they are printed.
import { inspect } from 'node:util';
import {
  Barrier,
  Broadcast,
  CapacityLimiter,
  Condition,
  createTask,
  Event,
  LifoQueue,
  Lock,
  openChannel,
  ParkingLot,
  PriorityQueue,
  Queue,
  ResourceGuard,
  RLock,
  Semaphore,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';

const [sender, receiver] = openChannel<number>(1);
const broadcast = new Broadcast<number>(1);

test.each([
  ['Barrier', new Barrier(2)],
  ['Broadcast', broadcast],
  ['CapacityLimiter', new CapacityLimiter(1)],
  ['Condition', new Condition()],
  ['Event', new Event()],
  ['LifoQueue', new LifoQueue()],
  ['Lock', new Lock()],
  ['ParkingLot', new ParkingLot()],
  ['PriorityQueue', new PriorityQueue<number>((a, b) => a - b)],
  ['Queue', new Queue()],
  ['ReceiveChannel', receiver],
  ['ResourceGuard', new ResourceGuard()],
  ['RLock', new RLock()],
  ['Semaphore', new Semaphore()],
  ['SendChannel', sender],
  ['Subscription', broadcast.subscribe()],
])('%s: it is printed as its name and statistics', (name, primitive) => {
  expect(inspect(primitive)).toBe(`${name} ${inspect(primitive.statistics())}`);
  expect(inspect({ deep: { primitive } }, { depth: 0 })).toBe('{ deep: [Object] }');
  expect(inspect({ primitive }, { depth: 0 })).toContain(name);
});

test('lock: printed, it names its owner', virtualTime(function* () {
  const lock = new Lock();
  yield* createTask(function* () {
    using _guard = yield* lock.acquire();
    expect(inspect(lock)).toContain('owner: Task <printer, pending');
  }, { name: 'printer' });
}));
