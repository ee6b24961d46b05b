// The rule no-floating-operation: what is made and dropped is found, what is awaited, kept or runs by itself is not.
import { withTypes, withoutTypes } from './rule_cases';

withoutTypes('no-floating-operation', {
  valid: {
    'awaited operations are fine': `
      import { sleep } from 'readyloop';
      export function* main() { yield* sleep(1); const later = sleep(2); yield* later; return sleep(3); }
      export async function other() { await sleep(1); void sleep(2); }`,
    'tasks run by themselves': `
      import { createTask, sleep } from 'readyloop';
      export function* main() { createTask(sleep); createTask(() => sleep(1)); yield* sleep(1); }`,
    'generators that are no coroutines are left alone': `
      import { sleep } from 'readyloop';
      function* numbers() { yield 1; }
      numbers();`,
    'functions of the same name from elsewhere are left alone': `
      import { sleep } from 'elsewhere';
      sleep(1);`,
    'a name that covers an import is not the import': `
      import { sleep } from 'readyloop';
      export function f(sleep) { sleep(1); }`,
    'a parameter is not the function that it belongs to': `
      import { sleep } from 'readyloop';
      export function* main(tell) { tell(yield* sleep(1)); }`,
    'functions and constants that lead back to themselves are nothing': `
      import { sleep } from 'readyloop';
      const again = () => again();
      const a = () => b(), b = () => a();
      again(); a(); b();
      export { sleep };`,
    'files that do not use the library are left alone': `
      function* saga() { yield* other(); }
      saga();`,
  },
  invalid: {
    'a call of the library is found, and can be awaited in a function*': {
      code: `
      import { sleep } from 'readyloop';
      export function* main() { sleep(1); yield* sleep(2); }`,
      errors: [{
        messageId: 'dropped',
        suggestions: [{
          messageId: 'awaitIt',
          output: `
      import { sleep } from 'readyloop';
      export function* main() { yield* sleep(1); yield* sleep(2); }`,
        }],
      }],
    },
    'in an async function the suggestion is await': {
      code: `
      import { sleep as pause } from 'readyloop';
      export async function main(ready) { ready && pause(1); }`,
      errors: [{
        messageId: 'dropped',
        suggestions: [{
          messageId: 'awaitIt',
          output: `
      import { sleep as pause } from 'readyloop';
      export async function main(ready) { ready && await pause(1); }`,
        }],
      }],
    },
    'within an expression the star gets parentheses': {
      code: `
      import { sleep } from 'readyloop';
      export function* main(ready) { ready || sleep(1); }`,
      errors: [{
        messageId: 'dropped',
        suggestions: [{
          messageId: 'awaitIt',
          output: `
      import { sleep } from 'readyloop';
      export function* main(ready) { ready || (yield* sleep(1)); }`,
        }],
      }],
    },
    'a coroutine of this file is found, and can be awaited or made a task': {
      code: `
      import { createTask, sleep } from 'readyloop';
      function* work() { yield* sleep(1); }
      export function* main() { work(); }`,
      errors: [{
        messageId: 'dropped',
        suggestions: [
          {
            messageId: 'awaitIt',
            output: `
      import { createTask, sleep } from 'readyloop';
      function* work() { yield* sleep(1); }
      export function* main() { yield* work(); }`,
          },
          {
            messageId: 'makeTask',
            output: `
      import { createTask, sleep } from 'readyloop';
      function* work() { yield* sleep(1); }
      export function* main() { createTask(work()); }`,
          },
        ],
      }],
    },
    'coroutines that are expressions, marked or methods are found': {
      code: `
      import { coroutine, sleep } from 'readyloop';
      const one = function* () { yield* sleep(1); };
      const two = coroutine(function* () { yield* sleep(1); });
      class Three { *#step() { yield* sleep(1); } go() { this.#step(); } }
      one(); two(); export { Three };`,
      errors: [
        { messageId: 'dropped', line: 5, suggestions: 0 },
        { messageId: 'dropped', line: 6, suggestions: 0 },
        { messageId: 'dropped', line: 6, suggestions: 0 },
      ],
    },
    'whole modules and require are seen': {
      code: `
      const readyloop = require('readyloop');
      const { gather } = require('readyloop');
      function main() { readyloop.all([]); gather([]); }
      main();`,
      errors: [{ messageId: 'dropped' }, { messageId: 'dropped' }],
    },
    'await of a coroutine object is found': {
      code: `
      import { createTask, sleep } from 'readyloop';
      function* work() { yield* sleep(1); }
      export async function main() { await work(); }`,
      errors: [{
        messageId: 'awaitedObject',
        suggestions: [{
          messageId: 'makeTask',
          output: `
      import { createTask, sleep } from 'readyloop';
      function* work() { yield* sleep(1); }
      export async function main() { await createTask(work()); }`,
        }],
      }],
    },
    'callbacks of functions that ignore what they give are found': {
      code: `
      import { sleep } from 'readyloop';
      [1, 2].forEach(function* (n) { yield* sleep(n); });
      setTimeout(() => sleep(1), 5);`,
      errors: [{ messageId: 'ignored', line: 3 }, { messageId: 'ignored', line: 4 }],
    },
  },
});

withTypes('no-floating-operation', {
  valid: {
    'tasks, promises and what is nothing to await are left alone': `
      import { createTask, type EventLoop, run, sleep, TaskGroup } from 'readyloop';
      export function* main(group: TaskGroup, loop: EventLoop) {
        createTask(() => sleep(1));
        group.createTask(() => sleep(1));
        loop.callSoon(() => undefined);
        group.cancel();
        yield* sleep(1);
      }
      run(() => sleep(1));`,
    'generators of other things are left alone': `
      function* numbers() { yield 1; }
      numbers();
      new Map().keys();`,
    'a callback whose result is wanted is fine': `
      import { sleep } from 'readyloop';
      export const waits = [1, 2].map((n) => sleep(n));`,
    'void says that it is meant': `
      import { ByteStream } from 'readyloop';
      export function end(stream: ByteStream) { void stream.close(); }`,
  },
  invalid: {
    'methods that wait are found': {
      code: `
      import { Event, Lock, Queue } from 'readyloop';
      export function* main(lock: Lock, queue: Queue<number>, event?: Event) {
        lock.acquire();
        queue.put(1);
        event?.wait();
      }`,
      errors: [
        { messageId: 'dropped', line: 4, suggestions: 1 },
        { messageId: 'dropped', line: 5, suggestions: 1 },
        { messageId: 'dropped', line: 6, suggestions: 1 },
      ],
    },
    'coroutine functions from anywhere are found by their type': {
      code: `
      import { type Coroutine, type CoroutineFunction, type Operation } from 'readyloop';
      declare const work: (n: number) => Coroutine<void>;
      declare class Service { start(): Generator<import('readyloop').Suspension, string>; either(): Operation<1> | null; }
      export function start(service: Service) {
        work(1);
        service.start();
        service.either();
      }
      export type F = CoroutineFunction<void>;`,
      errors: [{ messageId: 'dropped', line: 6 }, { messageId: 'dropped', line: 7 }, { messageId: 'dropped', line: 8 }],
    },
    'a generator that waits for nothing is found all the same': {
      code: `
      function* work() { console.log('never'); }
      work();`,
      errors: [{ messageId: 'dropped' }],
    },
    'callbacks whose type ignores the result are found': {
      code: `
      import { sleep, type Coroutine } from 'readyloop';
      declare function handle(n: number): Coroutine<void>;
      [1, 2].forEach(handle);
      [1, 2].forEach((n) => handle(n));
      new Promise<void>(() => sleep(1));`,
      errors: [
        { messageId: 'ignored', line: 4 },
        { messageId: 'ignored', line: 5 },
        { messageId: 'ignored', line: 6 },
      ],
    },
    'await of a coroutine object is found by its type': {
      code: `
      import { createTask, type Coroutine } from 'readyloop';
      declare function work(): Coroutine<number>;
      export async function main() { return [await work(), await createTask(work())]; }`,
      errors: [{ messageId: 'awaitedObject', suggestions: 1 }],
    },
  },
});
