// The bug: work is taken from the wrong end of an array. As long as the worker keeps up nobody notices; when requests
// bunch, the one that came first is served last, and waits for as long as others keep coming.
import { type Coroutine, createTask, Event, getRunningLoop, sleep } from '../../../lib/index';
import type { Planted } from './planted';

const REQUESTS = 12;
const SERVICE_MS = 10;
const PATIENCE_MS = 75;

interface Request {
  readonly number: number;
  readonly cameMs: number;
}

function program(take: (waiting: Request[]) => Request | undefined) {
  return function* (): Coroutine<void> {
    const loop = getRunningLoop();
    const waiting: Request[] = [];
    const hasCome = new Event();
    const clients = createTask(function* () {
      for (let number = 1; number <= REQUESTS; number++) {
        // Just as fast on average as they are served; between 5 and 17 ms.
        yield* sleep(5 + Math.random() * 12);
        waiting.push({ number, cameMs: loop.time() });
        hasCome.set();
      }
    });
    for (let served = 0; served < REQUESTS; served++) {
      yield* hasCome.wait();
      const request = take(waiting)!;
      if (waiting.length === 0) hasCome.clear();
      const waited = loop.time() - request.cameMs;
      if (waited > PATIENCE_MS) throw new Error(`request ${request.number} waited for ${waited.toFixed(0)} ms`);
      yield* sleep(SERVICE_MS);
    }
    yield* clients;
  };
}

export const unfairQueue: Planted = {
  name: 'an unfair queue',
  failure: /request \d+ waited for/,
  broken: program((waiting) => waiting.pop()),
  correct: program((waiting) => waiting.shift()),
  options: {},
};
