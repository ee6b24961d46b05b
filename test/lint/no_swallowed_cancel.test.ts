// The rule no-swallowed-cancel: handlers are followed for a CancelledError; the ways by which it is thrown on, or thought
// of, are fine.
import { withTypes, withoutTypes } from './rule_cases';

/** A coroutine whose catch has this body. */
function caught(body: string, parameter = '(error)'): string {
  return `
      import { CancelledError, ReadyloopError, sleep, TimeoutError } from 'readyloop';
      export function* main(attempt, log) {
        for (;;) {
          try { yield* sleep(1); } catch ${parameter} { ${body} }
        }
      }`;
}

const fine: Readonly<Record<string, string>> = {
  'a rethrow is fine': 'log(error); throw error;',
  'a test for CancelledError is fine': 'if (error instanceof CancelledError) return; log(error);',
  'its code is fine': `if (error.code === 'ERR_CANCELLED') return; log(error);`,
  'handling one class and throwing the rest is fine': 'if (error instanceof TimeoutError) return null; throw error;',
  'throwing all but one class is fine': 'if (!(error instanceof TimeoutError)) throw error; log(error);',
  'an else that throws is fine': 'if (error instanceof TimeoutError) { log(1); } else { throw error; }',
  'a code of the system is fine': `if (error.code !== 'ENOENT') throw error;`,
  'several conditions are fine': `if (attempt > 3 || error?.code !== 'ENOENT') throw error; log(error);`,
  'a condition that holds for one class only is fine':
    'if (attempt < 3 && error instanceof TimeoutError) continue; throw error;',
  'a switch that throws by default is fine': `switch (error.code) { case 'ENOENT': break; default: throw error; }`,
  'a jump to a loop of the handler is fine':
    'outer: while (attempt--) { for (;;) { if (log(1)) continue outer; break outer; } } throw error;',
  'a function that is asked is trusted': 'if (isRetryable(error)) continue; throw error;',
  'a rethrow after cleaning up is fine': 'try { log(1); } finally { throw error; }',
  'another name for it is fine': 'const failure = error; log(failure); throw failure;',
  'the end of the program is fine': 'log(error); process.exit(1);',
  'an assertion that fails for it is fine': 'assert.ok(error instanceof TimeoutError); log(error);',
  'an expectation about it is fine': 'expect(error).toBeInstanceOf(TimeoutError);',
  'a function that makes the error is trusted': 'throw asError(error);',
};

const lost: Readonly<Record<string, string>> = {
  'a log is not enough': 'log(error);',
  'an empty handler is found': '',
  'a rethrow that depends on something else is found': 'if (attempt > 3) throw error;',
  'a test for another class that goes on is found': 'if (error instanceof TimeoutError) return; log(error);',
  'a test for every error is found': 'if (error instanceof ReadyloopError) return; throw error;',
  'another error in its place is found': `throw new Error('failed', { cause: error });`,
  'an assertion that holds for it is found': 'assert(error instanceof Error); assert(attempt > 1);',
  'a switch that does not throw is found': `switch (error.code) { case 'ENOENT': throw error; }`,
  'a loop that may not run is found': 'while (attempt--) throw error;',
  'a return in a loop before the rethrow is found': 'while (attempt--) { if (log(1)) return; } throw error;',
  'a jump over the rethrow is found': 'done: { if (log(1)) break done; throw error; }',
  'a return in a finally of the handler is found': 'try { throw error; } finally { return; }',
};

/** A coroutine whose catch has this body, and what comes after it. */
function kept(body: string, rest: string): string {
  return `
      import { sleep } from 'readyloop';
      export function* main(attempt, log) {
        let failure = null;
        try { yield* sleep(1); } catch (error) { ${body} }
        ${rest}
      }`;
}

const KEEP = 'failure = error;';
const thrownLater: Readonly<Record<string, string>> = {
  'an error that is kept and thrown at once is fine': kept(KEEP, 'throw failure;'),
  'an error that is kept and thrown after cleaning up is fine': kept(KEEP, 'yield* sleep(1); if (failure) throw failure;'),
  'an error that is kept and thrown where there is one is fine':
    kept(KEEP, 'if (failure === null) return attempt; log(failure); throw failure;'),
  'an error that is kept and thrown in each branch is fine':
    kept(KEEP, 'if (attempt > 3) { log(1); throw failure; } else { throw failure; }'),
  'an error that is kept and thrown before the next turn of a loop is fine': `
      import { sleep } from 'readyloop';
      export function* main(attempts) {
        for (const _ of attempts) {
          let failure = null;
          try { yield* sleep(1); } catch (error) { failure = error; } finally { yield* sleep(1); }
          if (failure !== null) throw failure;
        }
      }`,
  'an error that is kept and thrown behind the block is fine': `
      import { sleep } from 'readyloop';
      export function* main(attempt) {
        let failure;
        if (attempt > 3) { { try { yield* sleep(1); } catch (error) { failure = error; } } }
        if (failure !== undefined) throw failure;
      }`,
};

const keptAndLost: Readonly<Record<string, string>> = {
  'an error that is kept and never thrown is found': kept(KEEP, 'return failure;'),
  'an error that is kept and thrown on some ways only is found': kept(KEEP, 'if (attempt > 3) throw failure;'),
  'an error that is kept behind a return is found': kept(KEEP, 'if (attempt > 3) return; throw failure;'),
  'an error that is kept behind a return in a loop is found': kept(KEEP, 'while (attempt--) { return; } throw failure;'),
  'an error that is kept sometimes is found': kept(`if (attempt > 3) { ${KEEP} }`, 'throw failure;'),
  'an error that is kept and replaced is found': kept(KEEP, 'failure = attempt; throw failure;'),
  'an error that is kept and replaced in the handler is found': kept(`${KEEP} failure = null;`, 'throw failure;'),
  'an error that is kept and replaced by a callback is found':
    kept(KEEP, 'log(() => { failure = null; }); throw failure;'),
  'an error of an earlier attempt that is kept is found': `
      import { sleep } from 'readyloop';
      export function* main(attempts) {
        let failure;
        for (const _ of attempts) {
          try { yield* sleep(1); } catch (error) { failure = error; }
        }
        throw failure;
      }`,
};

withoutTypes('no-swallowed-cancel', {
  valid: {
    ...Object.fromEntries(Object.entries(fine).map(([title, body]) => [title, caught(body)])),
    ...thrownLater,
    'a catch without a wait is fine': `
      import { sleep } from 'readyloop';
      export function* main() { yield* sleep(1); try { JSON.parse(''); } catch {} }
      export async function other() { try { await fetch('http://localhost'); } catch {} }`,
    'a wait in a function inside is not of this block': `
      import { createTask, sleep } from 'readyloop';
      export function* main() { try { createTask(function* () { yield* sleep(1); }); } catch {} yield* sleep(1); }`,
    'handlers of foreign promises are fine': `
      import { sleep } from 'readyloop';
      export async function main() { await sleep(1); await fetch('http://localhost').catch(() => null); }`,
    'the end of a program may be caught': `
      import { run, sleep } from 'readyloop';
      run(() => sleep(1)).catch((error) => { console.error(error); });
      try { await run(() => sleep(1)); } catch {}`,
    'a finally that ends by itself is fine': `
      import { sleep } from 'readyloop';
      export function* main(list) {
        try { yield* sleep(1); } finally {
          for (const x of list) { if (x) break; else continue; }
          list.map(() => { return 1; });
        }
      }`,
  },
  invalid: {
    ...Object.fromEntries(
      Object.entries(lost).map(([title, body]) => [
        title,
        { code: caught(body), errors: [{ messageId: 'swallowed', line: 5, suggestions: 1 }] },
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(keptAndLost).map(([title, code]) => [
        title,
        { code, errors: [{ messageId: 'swallowed', suggestions: 1 }] },
      ]),
    ),
    'a catch without a parameter is found, and mended': {
      code: `
      import { sleep } from 'readyloop';
      export async function main() {
        try {
          await sleep(1);
        } catch {
          return null;
        }
      }`,
      errors: [{
        messageId: 'swallowed',
        suggestions: [{
          messageId: 'rethrow',
          output: `
      import { sleep, CancelledError } from 'readyloop';
      export async function main() {
        try {
          await sleep(1);
        } catch (error) { if (error instanceof CancelledError) throw error;
          return null;
        }
      }`,
        }],
      }],
    },
    'async functions of this file count, however deep': {
      code: `
      import { sleep } from 'readyloop';
      const step = async () => { await sleep(1); };
      async function work() { await step(); }
      export async function main() { try { await work(); } catch (error) { console.error(error); } }`,
      errors: [{ messageId: 'swallowed', suggestions: 1 }],
    },
    'every await counts where that is asked for': {
      code: `
      import { work } from './work.mjs';
      export async function main() { try { await work(); } catch (error) { console.error(error); } }`,
      options: [{ checkAllAwaits: true }],
      errors: [{ messageId: 'swallowed' }],
    },
    'reactions are found': {
      code: `
      import { createTask, sleep, until } from 'readyloop';
      async function work() { await sleep(1); }
      export async function main() {
        await work().catch(() => null);
        await createTask(work).then((x) => x, () => null);
        await sleep(1).then(() => 1).catch(console.error);
        await work().catch((error) => { throw error; });
        await work().catch((error) => Promise.reject(error));
      }`,
      errors: [
        { messageId: 'callback', line: 5 },
        { messageId: 'callback', line: 6 },
        { messageId: 'callback', line: 7 },
      ],
    },
    'a finally that leaves is found': {
      code: `
      import { sleep } from 'readyloop';
      export function* main() {
        outer: for (;;) {
          try { yield* sleep(1); } finally { for (;;) { continue outer; } }
        }
      }
      export function* other() { for (;;) { try { yield* sleep(1); } finally { break; } } }
      export function* third() { try { yield* sleep(1); } finally { return 1; } }`,
      errors: [
        { messageId: 'left', line: 5 },
        { messageId: 'left', line: 8 },
        { messageId: 'left', line: 9 },
      ],
    },
  },
});

withTypes('no-swallowed-cancel', {
  valid: {
    'a function that never returns is fine': `
      import { sleep } from 'readyloop';
      declare function fail(error: unknown): never;
      export async function main() { try { await sleep(1); } catch (error) { fail(error); } }`,
    'yield* of a list is no wait': `
      import { sleep } from 'readyloop';
      export function* all(list: number[]) { try { yield* list; } catch {} return sleep; }`,
  },
  invalid: {
    'methods and loops that wait are known by their types': {
      code: `
      import { type Lock, type Queue } from 'readyloop';
      export async function main(lock: Lock, queue: Queue<number>) {
        try { await lock.acquire(); } catch { return; }
        try { for await (const item of queue) console.log(item); } catch (error) { console.error(error as Error); }
      }`,
      errors: [
        { messageId: 'swallowed', line: 4, suggestions: 1 },
        { messageId: 'swallowed', line: 5, suggestions: 1 },
      ],
    },
    'a cast does not hide the error': {
      code: `
      import { type Task } from 'readyloop';
      export function* main(task: Task<void>) {
        try { yield* task; } catch (error) { if ((error as { code: string }).code === 'X') throw error as Error; }
      }`,
      errors: [{ messageId: 'swallowed', suggestions: 1 }],
    },
  },
});
