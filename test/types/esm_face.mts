// The ESM face has the types of the CommonJS build: a value made by one can be given to the other.
import { createTask, gather, run, sleep, type Coroutine, type Task } from 'readyloop';
import type * as testing from 'readyloop/testing';
import { annotated } from './coroutines.js';
import { expectType } from './expect.js';

const fromCommonJs: Coroutine<number> = annotated;
expectType<Task<number>>()(createTask(fromCommonJs));
expectType<[number, string]>()(
  await run(function* () {
    yield* sleep(1);
    return yield* gather(createTask(fromCommonJs), async () => 'x');
  }),
);

export type Testing = typeof testing;
