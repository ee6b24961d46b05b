// What does it cost to await something that is there already? `yield*` of a done future against `await` of a resolved
// promise. Ours includes the tick that the await budget takes now and then, so that no task starves the others.
import { check, contest, ratioRow, report } from '../harness/contest.mjs';
import { readyloop } from '../harness/library.mjs';

const { getRunningLoop, run } = readyloop;

function* awaitDone(times) {
  const future = getRunningLoop().createFuture();
  future.setResult(3);
  let sum = 0;
  for (let i = 0; i < times; i++) sum += yield* future;
  return sum;
}

async function awaitResolved(times) {
  const promise = Promise.resolve(3);
  let sum = 0;
  for (let i = 0; i < times; i++) sum += await promise;
  return sum;
}

function checked(sum, times) {
  check(sum, 3 * times, 'sum of the results');
  return times;
}

const figures = await contest({
  ours: async (times) => checked(await run(awaitDone(times)), times),
  native: async (times) => checked(await awaitResolved(times), times),
});

report([
  ratioRow(figures, {
    id: 'await_done',
    what: 'yield* of a done future',
    peer: 'native',
    peerName: 'await of a resolved promise',
    must: 0.4,
  }),
]);
