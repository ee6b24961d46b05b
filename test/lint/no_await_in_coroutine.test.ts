// The rule no-await-in-coroutine: waits by promises that no cancellation of the coroutine's task reaches.
import { withTypes, withoutTypes } from './rule_cases';

withoutTypes('no-await-in-coroutine', {
  valid: {
    'functions that are handed over are fine': `
      import { createTask, gather, sleep, untilSignal, withTaskGroup } from 'readyloop';
      async function work() { await sleep(1); }
      export function* main() {
        yield* createTask(work);
        yield* createTask(async () => { await sleep(1); });
        yield* gather(work, () => work());
        yield* withTaskGroup(async (group) => { group.createTask(work); await sleep(1); });
        yield* untilSignal(async (signal) => { await fetch('http://localhost', { signal }); });
      }`,
    'async functions may wait as they like': `
      import { sleep } from 'readyloop';
      async function work() { await sleep(1); }
      export async function main() {
        await Promise.all([sleep(1), work()]);
        sleep(1).then(() => 2);
        [1].forEach(async () => { await sleep(1); });
      }`,
    'foreign promises may be made in a coroutine': `
      import { sleep, until } from 'readyloop';
      async function load() { return await fetch('http://localhost'); }
      export function* main(list) {
        yield* sleep(1);
        yield* until(load());
        yield* until(Promise.all([load(), load()]));
        yield* until(list.map(async (x) => await load(x)));
      }`,
    'an async generator as a list of items is fine': `
      import { mapConcurrent, sleep } from 'readyloop';
      async function* pages() { await sleep(1); yield 1; }
      export function* main() { yield* mapConcurrent(pages(), (n) => sleep(n), { limit: 2 }); }`,
    'ordinary generators are left alone': `
      function* numbers() { yield 1; }
      export function* f(list) { list.forEach(async () => {}); yield* numbers(); }`,
  },
  invalid: {
    'an async generator as a coroutine is found': {
      code: `
      import { createTask, run, sleep } from 'readyloop';
      run(async function* () { await sleep(1); });
      async function* work() { yield* sleep(1); }
      createTask(work);`,
      errors: [{ messageId: 'asyncGenerator', line: 3 }, { messageId: 'asyncGenerator', line: 4 }],
    },
    'combinators of promises are found': {
      code: `
      import { sleep, until } from 'readyloop';
      function* step() { yield* sleep(1); }
      export function* main(list) {
        yield* until(Promise.all([sleep(1), fetch('http://localhost')]));
        yield* until(Promise.race(list.map((n) => sleep(n))));
        yield* until(Promise.allSettled(list.map(step)));
      }`,
      errors: [
        { messageId: 'combinator', line: 5 },
        { messageId: 'combinator', line: 6 },
        { messageId: 'combinator', line: 7 },
      ],
    },
    'then is found': {
      code: `
      import { sleep, until } from 'readyloop';
      export function* main() { yield* until(sleep(1).then(() => 1)); }`,
      errors: [{ messageId: 'then' }],
    },
    'async functions that wait for ours and are called are found': {
      code: `
      import { sleep, until } from 'readyloop';
      async function work() { await sleep(1); }
      async function more() { await work(); }
      export function* main() {
        yield* until(work());
        yield* until(more());
        yield* until((async () => { await sleep(1); })());
        (async () => { await fetch('http://localhost'); })();
      }`,
      errors: [
        { messageId: 'called', line: 6 },
        { messageId: 'called', line: 7 },
        { messageId: 'called', line: 8 },
        { messageId: 'called', line: 9 },
      ],
    },
    'async callbacks are found, when they are dropped or wait for ours': {
      code: `
      import { sleep, until } from 'readyloop';
      export function* main(list, emitter) {
        list.forEach(async (x) => { await fetch(x); });
        emitter.on('end', async () => { await sleep(1); });
        yield* until(Promise.all(list.map(async (n) => { await sleep(n); })));
      }`,
      errors: [
        { messageId: 'droppedCallback', line: 4 },
        { messageId: 'droppedCallback', line: 5 },
        { messageId: 'callback', line: 6 },
      ],
    },
  },
});

withTypes('no-await-in-coroutine', {
  valid: {
    'callbacks whose promise is wanted are fine': `
      import { sleep, until } from 'readyloop';
      declare function each(work: (n: number) => Promise<void>): Promise<void>;
      export function* main() { yield* sleep(1); yield* until(each(async () => { await fetch('http://localhost'); })); }`,
  },
  invalid: {
    'what the compiler knows to be ours is found': {
      code: `
      import { type Lock, type Task, until } from 'readyloop';
      export function* main(tasks: Task<number>[], lock: Lock) {
        yield* until(Promise.all(tasks));
        yield* until(lock.acquire().then((guard) => guard.release()));
      }`,
      errors: [{ messageId: 'combinator', line: 4 }, { messageId: 'then', line: 5 }],
    },
    'callbacks whose type ignores the promise are found': {
      code: `
      import { sleep } from 'readyloop';
      declare function watch(listener: (n: number) => void): void;
      export function* main() {
        watch(async () => { await fetch('http://localhost'); });
        yield* sleep(1);
      }`,
      errors: [{ messageId: 'droppedCallback', line: 5 }],
    },
  },
});
