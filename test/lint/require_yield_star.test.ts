// The rule require-yield-star: a `yield` without its star, in what is a coroutine, and operations that are iterated.
import { withTypes, withoutTypes } from './rule_cases';

withoutTypes('require-yield-star', {
  valid: {
    'yield* is fine': `
      import { sleep } from 'readyloop';
      export function* main() { yield* sleep(1); const x = yield* other(); return x; }
      function* other() { return 1; }`,
    'ordinary generators are left alone': `
      import { sleep } from 'readyloop';
      export function* numbers() { yield 1; yield; yield* [2, 3]; }
      export async function* lines() { await sleep(1); yield 'a line'; }
      for (const n of numbers()) console.log(n, ...numbers());`,
    'files that do not use the library are left alone': `
      export function* saga() { yield call(); yield* other(); }`,
  },
  invalid: {
    'yield of an operation gets its star': {
      code: `
      import { gather, run, sleep } from 'readyloop';
      run(function* () { yield sleep(1); const [a] = yield gather([]); return a; });`,
      output: `
      import { gather, run, sleep } from 'readyloop';
      run(function* () { yield* sleep(1); const [a] = yield* gather([]); return a; });`,
      errors: [{ messageId: 'operation' }, { messageId: 'operation' }],
    },
    'coroutines and tasks of this file are known': {
      code: `
      import { createTask, sleep } from 'readyloop';
      function* work() { yield* sleep(1); }
      export function* main() { const task = createTask(work()); yield work(); yield task; yield* task; }`,
      output: `
      import { createTask, sleep } from 'readyloop';
      function* work() { yield* sleep(1); }
      export function* main() { const task = createTask(work()); yield* work(); yield* task; yield* task; }`,
      errors: [{ messageId: 'operation' }, { messageId: 'operation' }],
    },
    'where it may be a list of operations, the star is only suggested': {
      code: `
      import { sleep } from 'readyloop';
      export function* plan() { yield sleep(1); }`,
      errors: [{
        messageId: 'operation',
        suggestions: [{
          messageId: 'addStar',
          output: `
      import { sleep } from 'readyloop';
      export function* plan() { yield* sleep(1); }`,
        }],
      }],
    },
    'a promise needs until': {
      code: `
      import { sleep, until } from 'readyloop';
      async function load() {}
      export function* main() { yield* sleep(1); yield load(); yield* load(); }`,
      errors: [
        {
          messageId: 'promise',
          suggestions: [{
            messageId: 'enterUntil',
            output: `
      import { sleep, until } from 'readyloop';
      async function load() {}
      export function* main() { yield* sleep(1); yield* until(load()); yield* load(); }`,
          }],
        },
        {
          messageId: 'delegated',
          suggestions: [{
            messageId: 'enterUntil',
            output: `
      import { sleep, until } from 'readyloop';
      async function load() {}
      export function* main() { yield* sleep(1); yield load(); yield* until(load()); }`,
          }],
        },
      ],
    },
    'any other yield in a coroutine is found': {
      code: `
      import { checkpoint, run } from 'readyloop';
      function* main(x) { yield; yield x; }
      run(main);`,
      errors: [
        {
          messageId: 'nothing',
          suggestions: [{
            messageId: 'makeCheckpoint',
            output: `
      import { checkpoint, run } from 'readyloop';
      function* main(x) { yield* checkpoint(); yield x; }
      run(main);`,
          }],
        },
        { messageId: 'value', suggestions: 1 },
      ],
    },
    'operations are no lists': {
      code: `
      import { sleep } from 'readyloop';
      for (const x of sleep(1)) console.log(x, [...sleep(2)]);`,
      errors: [{ messageId: 'iterated' }, { messageId: 'iterated' }],
    },
  },
});

withTypes('require-yield-star', {
  valid: {
    'a generator whose type says that it lists operations is fine': `
      import { type Future, sleep } from 'readyloop';
      export function* plan(): Generator<Future<void>> { yield sleep(1); }`,
    'ordinary generators are left alone': `
      export function* numbers(): Generator<number> { yield 1; yield* [2]; }
      export function* pages() { yield fetch('http://localhost'); }`,
    'generators of items without a type are no coroutines': `
      export function* walk(node: any): Generator<any> { yield node; for (const each of node.all) yield* walk(each); }
      export function* items(): Generator<unknown> { yield 1; }
      for (const node of walk(null)) console.log(node, ...items());`,
  },
  invalid: {
    'methods are known by their types': {
      code: `
      import { type Coroutine, Lock, type Task } from 'readyloop';
      export function* main(lock: Lock, task: Task<number>): Coroutine<void> {
        using guard = yield* lock.acquire();
        // @ts-expect-error -- the star is missing
        yield lock.acquire();
        // @ts-expect-error -- the star is missing
        yield task;
      }`,
      output: `
      import { type Coroutine, Lock, type Task } from 'readyloop';
      export function* main(lock: Lock, task: Task<number>): Coroutine<void> {
        using guard = yield* lock.acquire();
        // @ts-expect-error -- the star is missing
        yield* lock.acquire();
        // @ts-expect-error -- the star is missing
        yield* task;
      }`,
      errors: [{ messageId: 'operation', line: 6 }, { messageId: 'operation', line: 8 }],
    },
    'a promise is known by its type': {
      code: `
      import { sleep, until } from 'readyloop';
      export function* main() {
        yield* sleep(1);
        yield fetch('http://localhost');
      }`,
      errors: [{
        messageId: 'promise',
        suggestions: [{
          messageId: 'enterUntil',
          output: `
      import { sleep, until } from 'readyloop';
      export function* main() {
        yield* sleep(1);
        yield* until(fetch('http://localhost'));
      }`,
        }],
      }],
    },
    'loops over what is to be awaited are found': {
      code: `
      import { type Future } from 'readyloop';
      export function list(future: Future<number>) { return [...future]; }`,
      errors: [{ messageId: 'iterated' }],
    },
  },
});
