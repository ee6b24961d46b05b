// Fetches many URLs at once: a limit, a deadline for each, a deadline for all, and a Ctrl-C that leaves nothing behind.
// `node examples/fan_out/main.mjs --help` says more; the part that matters is fan_out.mjs.
import { CancelledError, runMain } from 'readyloop';
import { check } from './check.mjs';
import { fetchAll } from './fan_out.mjs';
import { readOptions, usage } from './options.mjs';

function print({ url, tookMs, bytes, failure }) {
  const what = failure === null ? `ok    ${bytes} bytes in ${tookMs.toFixed(0)} ms` : `FAIL  ${failure}`;
  console.log(`${what.padEnd(36)}  ${url}`);
}

function* main({ urls, ...limits }) {
  const count = { fetched: 0, failed: 0 };
  process.exitCode = 1; // Until all have come.
  try {
    const isThrough = yield* fetchAll(urls, limits, (outcome) => {
      print(outcome);
      count[outcome.failure === null ? 'fetched' : 'failed']++;
    });
    if (!isThrough) console.log(`out of time after ${limits.totalMs} ms`);
    if (count.fetched === urls.length) process.exitCode = 0;
  } catch (error) {
    if (error instanceof CancelledError) console.log(`stopped by ${error.reason}`);
    throw error; // So that runMain sees the cancellation and sets the exit status that a shell expects.
  } finally {
    // The group has ended: no request is in flight any more.
    const left = urls.length - count.fetched - count.failed;
    console.log(`${count.fetched} fetched, ${count.failed} failed, ${left} left`);
  }
}

const options = readOptions(process.argv.slice(2));
if (options.help) {
  console.log(usage);
} else if (options.mistake !== undefined) {
  console.error(`${options.mistake}\n\n${usage}`);
  process.exitCode = 2;
} else {
  runMain(options.check ? check : main(options), { name: 'fan-out' });
}
