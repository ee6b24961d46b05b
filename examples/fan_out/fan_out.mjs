// The heart of the example: many pages at once, but not too many; a deadline for each and one for all of them.
import { failAfter, getRunningLoop, mapConcurrent, moveOnAfter, TimeoutError, untilSignal } from 'readyloop';
import { fetchPage, PageError } from './fetch_page.mjs';

/** Fetches one page. Returns: `{ url, tookMs }` with `bytes`, or with `failure` if it could not be had. */
function* fetchWithin(timeoutMs, url) {
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
  const scope = yield* moveOnAfter(totalMs, function* () {
    yield* mapConcurrent(urls, visit, { limit });
  });
  return !scope.cancelledCaught;

  function* visit(url) {
    tell(yield* fetchWithin(timeoutMs, url));
  }
}
