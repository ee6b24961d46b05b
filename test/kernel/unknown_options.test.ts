// An option that nobody knows is refused at the call: a misspelt limit would be no limit.
import {
  all,
  any,
  asCompleted,
  Broadcast,
  CancelScope,
  EventLoop,
  gather,
  getRunningLoop,
  mapConcurrent,
  Queue,
  race,
  run,
  Semaphore,
  shielded,
  staggeredRace,
  until,
  untilSignal,
  wait,
  withTaskGroup,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';

const wrong = { concurrency: 2 } as never;
const body = async (): Promise<void> => {};

const calls: Record<string, () => unknown> = {
  all: () => all([], wrong),
  any: () => any([body], wrong),
  asCompleted: () => asCompleted([], wrong),
  Broadcast: () => new Broadcast(1, wrong),
  CancelScope: () => new CancelScope(wrong),
  EventLoop: () => new EventLoop(wrong),
  gather: () => gather([], wrong),
  mapConcurrent: () => mapConcurrent([], body, wrong),
  'a queue': () => new Queue(1, wrong),
  race: () => race([body], wrong),
  Semaphore: () => new Semaphore(1, wrong),
  shielded: () => shielded(body, wrong),
  staggeredRace: () => staggeredRace([body], 1, wrong),
  until: () => until(Promise.resolve(), wrong),
  untilSignal: () => untilSignal(body, wrong),
  wait: () => wait([getRunningLoop().createFuture()], wrong),
  withTaskGroup: () => withTaskGroup(body, wrong),
};

test.each(Object.entries(calls))('%s refuses an option that it does not know, and names those it does', (name, call) =>
  virtualTime(function* () {
    yield* [];
    let refused: unknown;
    try {
      call();
    } catch (error) {
      refused = error;
    }
    expect(refused).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect((refused as Error).message).toContain(`${name}: there is no option \`concurrency\`; there is `);
  })());

test('run refuses an option that it does not know', async () => {
  await expect(async () => run(body, wrong)).rejects.toThrow('run: there is no option `concurrency`');
});
