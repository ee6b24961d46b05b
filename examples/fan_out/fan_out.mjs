// The heart of the example: many pages at once, but not too many; a deadline for each and one for all of them.
import { failAfter, getRunningLoop, moveOnAfter, TimeoutError, untilSignal, withTaskGroup } from 'readyloop';
import { fetchPage, PageError } from './fetch_page.mjs';

/** Fetches one page. Returns: `{ url, tookMs }` with `bytes`, or with `failure` if it could not be had. */
function* visit(url, timeoutMs) {
  const loop = getRunningLoop();
  const began = loop.time();
  const outcome = { url, tookMs: 0, bytes: 0, failure: null };
  try {
    const page = yield* failAfter(timeoutMs, function* () {
      return yield* untilSignal((signal) => fetchPage(url, signal));
    });
    outcome.bytes = page.bytes;
  } catch (error) {
    // What is expected becomes a result. All the rest passes: a CancelledError, and mistakes of ours.
    if (error instanceof TimeoutError) outcome.failure = `no answer within ${timeoutMs} ms`;
    else if (error instanceof PageError) outcome.failure = error.message;
    else throw error;
  }
  outcome.tookMs = loop.time() - began;
  return outcome;
}

/**
 * Fetches all `urls`, at most `limit` at a time, and tells each outcome to `tell` as soon as it is there.
 *
 * Returns: whether it came through; false if `totalMs` was over first. However it ends, no request is left in flight.
 */
export function* fetchAll(urls, { limit, timeoutMs, totalMs }, tell) {
  const rest = urls.values(); // One iterator for all workers: each takes the next url that nobody has.
  function* work() {
    for (const url of rest) tell(yield* visit(url, timeoutMs));
  }
  const scope = yield* moveOnAfter(totalMs, function* () {
    yield* withTaskGroup(function* (group) {
      for (let i = 1; i <= Math.min(limit, urls.length); i++) group.createTask(work(), { name: `worker ${i}` });
    });
  });
  return !scope.cancelledCaught;
}
