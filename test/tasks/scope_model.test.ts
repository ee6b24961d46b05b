// Random programs of scopes, timeouts, groups, locks and cancels on the virtual clock. Whatever they do, nothing of them
// is left: no task, timer, sink or lock, and the lock never has two owners. READYLOOP_SEED replays one program.
import {
  allTasks,
  CancelScope,
  checkpoint,
  type Coroutine,
  type CoroutineFunction,
  createTask,
  failAfter,
  getRunningLoop,
  Lock,
  moveOnAfter,
  run,
  shield,
  shielded,
  sleep,
  type Task,
  TaskGroup,
  type TaskGroupOptions,
  type TaskStatus,
  withTaskGroup,
} from '../../lib/index';
import { SimulatedEngine } from '../../lib/testing';
import { type Random, randomFrom } from '../helpers/seed';

const EXPECTED = new Set(['ERR_CANCELLED', 'ERR_TIMEOUT', 'ERR_EXCEPTION_GROUP']);
const TASKS = 6;
const DEPTH = 4;

interface Cancellable {
  cancel(reason?: unknown): unknown;
}

class Program {
  owners = 0;
  mostOwners = 0;
  readonly lock = new Lock();
  readonly #random: Random;
  readonly #isMixed: boolean;
  readonly #live: Cancellable[] = [];

  constructor(seed: number, isMixed: boolean) {
    this.#random = randomFrom(seed);
    this.#isMixed = isMixed;
  }

  below(limit: number): number {
    return this.#random(limit);
  }

  chance(percent: number): boolean {
    return this.#random(100) < percent;
  }

  // A body of either colour; an async one makes two steps of its own.
  body(depth: number): CoroutineFunction<void> {
    if (this.#isMixed && this.chance(40)) {
      return async () => {
        for (let i = 0; i < 2; i++) await this.asyncStep(depth);
      };
    }
    return () => this.steps(depth);
  }

  *steps(depth: number): Coroutine<void> {
    for (let i = 0; i < 3; i++) yield* this.step(depth);
  }

  async asyncStep(depth: number): Promise<void> {
    const inner = this.body(Math.max(0, depth - 1));
    const choice = this.below(4);
    if (choice === 0) await sleep(this.below(10));
    else if (choice === 1) await moveOnAfter(this.below(10), inner);
    else if (choice === 2) await withTaskGroup(() => this.steps(Math.max(0, depth - 1)));
    else await checkpoint();
  }

  *step(depth: number): Coroutine<void> {
    const choice = this.below(depth > 0 ? 11 : 5);
    if (choice === 0) yield* sleep(this.below(20));
    else if (choice === 1) yield* checkpoint();
    else if (choice === 2) yield* this.cancelSomebody();
    else if (choice === 3) yield* this.holdLock();
    else if (choice === 4 && this.chance(30)) throw new Error('boom');
    else if (choice === 5) yield* moveOnAfter(this.below(15), this.body(depth - 1));
    else if (choice === 6) yield* this.failIn(this.below(15), depth);
    else if (choice === 7) yield* this.group(this.below(4), depth);
    else if (choice === 8) yield* this.scope(depth);
    else if (choice === 9) yield* shielded(this.body(depth - 1), { timeout: 30 });
    else if (choice === 10) yield* this.known(createTask(this.body(depth - 1)));
  }

  *cancelSomebody(): Coroutine<void> {
    if (this.#live.length > 0) this.#live[this.below(this.#live.length)]?.cancel('random');
    yield* checkpoint();
  }

  *holdLock(): Coroutine<void> {
    const guard = yield* this.lock.acquire();
    this.mostOwners = Math.max(this.mostOwners, ++this.owners);
    try {
      yield* sleep(this.below(3));
    } finally {
      this.owners--;
      guard.release();
    }
  }

  *failIn(ms: number, depth: number): Coroutine<void> {
    try {
      yield* failAfter(ms, this.body(depth - 1));
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_TIMEOUT') throw error;
    }
  }

  // Half of the groups have a limit, some children are daemons, some are started.
  *group(children: number, depth: number): Coroutine<void> {
    const options = this.chance(50) ? { limit: 1 + this.below(2) } : {};
    if (this.chance(30)) return yield* this.openGroup(children, depth, options);
    yield* withTaskGroup((group) => {
      this.spawn(group, children, depth);
      return this.groupSteps(group, depth);
    }, options);
  }

  *openGroup(children: number, depth: number, options: TaskGroupOptions): Coroutine<void> {
    const group = new TaskGroup(options);
    try {
      this.spawn(group, children, depth);
      yield* this.groupSteps(group, depth);
    } finally {
      yield* group.close();
    }
  }

  spawn(group: TaskGroup, children: number, depth: number): void {
    for (let i = 0; i < children; i++) group.createTask(this.body(depth - 1), { daemon: this.chance(20) });
  }

  *groupSteps(group: TaskGroup, depth: number): Coroutine<void> {
    if (this.chance(30)) {
      const work = this.steps(depth - 1);
      yield* group.start(function* (status: TaskStatus<void>) {
        yield* checkpoint();
        status.started();
        yield* work;
      });
    }
    yield* this.steps(depth - 1);
  }

  *scope(depth: number): Coroutine<void> {
    const scope = new CancelScope({ shield: this.chance(30) });
    this.#live.push(scope);
    try {
      yield* scope.run(this.body(depth - 1));
    } finally {
      this.#live.splice(this.#live.indexOf(scope), 1);
    }
  }

  *known(task: Task<void>): Coroutine<void> {
    this.#live.push(task);
    try {
      yield* task;
    } finally {
      this.#live.splice(this.#live.indexOf(task), 1);
    }
  }
}

function* play(program: Program): Coroutine<object> {
  for (let i = 0; i < TASKS; i++) {
    const task = createTask(() => program.steps(DEPTH));
    try {
      yield* shield(program.known(task));
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (!EXPECTED.has(code ?? '') && message !== 'boom') throw error;
    }
    task.cancel('the program is over');
    yield* task.join();
  }
  const loop = getRunningLoop();
  return {
    tasks: allTasks().size,
    timers: loop.metrics().timers,
    sinks: loop._sinks.filter((sink) => sink !== undefined).length,
    owners: [program.owners, program.mostOwners <= 1, program.lock.locked()],
  };
}

const NOTHING_LEFT = { tasks: 1, timers: 0, sinks: 1, owners: [0, true, false] };

const replayed = process.env['READYLOOP_SEED'];
const seeds = replayed === undefined ? Array.from({ length: 150 }, (_, i) => i + 1) : [Number(replayed)];

test.each([
  ['generators', false],
  ['both colours', true],
])('scopes and groups: random programs of %s leave nothing behind', async (_name, isMixed) => {
  for (const seed of seeds) {
    const left = await run(() => play(new Program(seed, isMixed)), { engine: new SimulatedEngine() });
    expect({ seed, ...left }).toEqual({ seed, ...NOTHING_LEFT });
  }
});
