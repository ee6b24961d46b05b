// What does an operation of a lock, a semaphore, a queue or a channel cost when nobody is in the way? Against `await null`.
import { check, contest, ratioRow, report } from '../harness/contest.mjs';
import { readyloop } from '../harness/library.mjs';

const { Lock, openChannel, Queue, run, Semaphore } = readyloop;

// Two operations a round everywhere: what takes and what gives back.
function* lock(count) {
  const lock = new Lock();
  for (let i = 0; i < count; i += 2) {
    yield* lock.acquire();
    lock.release();
  }
  return lock.locked() ? -1 : count;
}

function* semaphore(count) {
  const semaphore = new Semaphore(1);
  for (let i = 0; i < count; i += 2) {
    yield* semaphore.acquire();
    semaphore.release();
  }
  return semaphore.value === 1 ? count : -1;
}

function* queue(count) {
  const queue = new Queue();
  let got = 0;
  for (let i = 0; i < count; i += 2) {
    yield* queue.put(2);
    got += yield* queue.get();
  }
  return got;
}

function* channel(count) {
  const [send, receive] = openChannel(1);
  let got = 0;
  for (let i = 0; i < count; i += 2) {
    yield* send.send(2);
    got += yield* receive.receive();
  }
  return got;
}

async function awaitNull(count) {
  for (let i = 0; i < count; i++) await null;
  return count;
}

function side(work) {
  return async (size) => {
    const count = size * 2;
    check(await work(count), count, 'operations');
    return count;
  };
}

const figures = await contest({
  lock: side((count) => run(lock(count))),
  semaphore: side((count) => run(semaphore(count))),
  queue: side((count) => run(queue(count))),
  channel: side((count) => run(channel(count))),
  native: side(awaitNull),
});

const row = (ours, what) =>
  ratioRow(figures, { id: `uncontended.${ours}`, what, ours, peer: 'native', peerName: 'await null', must: 2 });
report([
  row('lock', 'operation of a free lock'),
  row('semaphore', 'operation of a free semaphore'),
  row('queue', 'operation of a queue that need not wait'),
  row('channel', 'operation of a channel that need not wait'),
]);
