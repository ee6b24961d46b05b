// Plays random programs of scopes, timeouts, groups, combinators and requests to cancel. What a body must see is decided
// by a tree of its own, walked up from where the body stands: the outermost cancelled scope up to the first shield.
import { setMaxListeners } from 'node:events';
import {
  all,
  allTasks,
  any,
  CancelledError,
  CancelScope,
  checkpoint,
  checkpointIfCancelled,
  type Coroutine,
  type CoroutineFunction,
  createTask,
  failAfter,
  Future,
  getRunningLoop,
  mapConcurrent,
  moveOnAfter,
  race,
  shield,
  shielded,
  sleep,
  type Task,
  type TaskGroup,
  type TaskStatus,
  waitFor,
  withTaskGroup,
} from '../../lib/index';
import { current } from '../../lib/kernel/current';
import type { Rare } from '../../lib/kernel/rare';
import { runningTask } from '../../lib/kernel/running';
import { virtualTime } from '../../lib/testing';
import { asyncColour, generatorColour } from '../tasks/support';
import { isMixed, type Program, type Step } from './program';
import { holds, isCancelled, type Place, ROOT, visibleFrom, wrongEnd } from './scope_tree';
import { Boom, CHANGES, LATER_MS, LEAVES, ScopeWorld } from './scope_world';
import { Fault, type Lines } from './subject';

const LENGTH_MS = 60;
const ROUNDS = 50;

type Body = (at: Place) => Lines;

// In a ring, what a scope has asked comes back to the task that stands in it, which is no request of somebody else.
function wasAskedBy(task: unknown, scope: CancelScope): boolean {
  return (task as { readonly _rare: Rare | null })._rare?.lastRequest?.scope === scope;
}

export class ScopePlayer extends ScopeWorld {
  #actors = 0;

  *play({ actors }: Program): Coroutine<void> {
    const loop = getRunningLoop();
    loop.setExceptionHandler(() => undefined);
    setMaxListeners(0, this.controller.signal);
    this.futures = [0, 1, 2].map(() => loop.createFuture<number>());
    this.#actors = actors.length;
    for (const [index, { steps, isAsync }] of actors.entries()) {
      const body = this.#colour(isAsync, () => this.#lines(steps, ROOT));
      this.tasks.push(createTask(body, { name: `actor ${index}` }));
    }
    yield* sleep(LENGTH_MS);
    this.log('the program is over');
    const others = (): Task<unknown>[] => [...allTasks()].filter((task) => task !== runningTask());
    for (let round = 0; others().length > 0; round++) {
      if (round === ROUNDS) this.fail(`${others().length} tasks cannot be ended`);
      for (const task of others()) task.cancel('the program is over');
      yield* sleep(1);
    }
    yield* this.lookAtTasks();
    yield* sleep(LATER_MS);
    this.lookAtRest();
  }

  #colour(isAsync: boolean, lines: () => Lines): CoroutineFunction<void> {
    return (isAsync ? asyncColour : generatorColour).of(lines);
  }

  *#lines(steps: readonly Step[], at: Place): Lines {
    for (const step of steps) {
      this.lookAtLeaves();
      this.log(`${runningTask()?.name}: ${step.kind} ${step.number}`);
      try {
        yield* this.#step(step, at);
      } catch (error) {
        if (error instanceof CancelledError) this.#heard(error);
        throw error;
      }
    }
  }

  #heard(error: CancelledError): void {
    this.served.add(runningTask()?._nominal);
    this.log(`${runningTask()?.name}: cancelled: ${String(error.reason)}`);
  }

  // A wait that is nobody else's is cancelled only by a scope around it.
  #lookAtSource(error: unknown, at: Place): void {
    const scope = error instanceof CancelledError ? error.scope : null;
    if (scope instanceof CancelScope && !holds(at, scope)) this.fail('a cancellation of a scope that is not around');
    if (scope instanceof CancelScope && !isCancelled(scope)) this.fail('a cancellation of a scope that is not cancelled');
  }

  *#step(step: Step, at: Place): Lines {
    const { kind, number, inside } = step;
    const body: Body = (place) => this.#lines(inside, place);
    if (kind in CHANGES) CHANGES[kind]!(this, number);
    else if (kind in LEAVES) yield* this.#leaf(() => LEAVES[kind]!(this, number), at);
    else if (kind === 'swallow') yield* this.#swallow(body, at);
    else if (kind === 'cleanup') yield* this.#cleanup(step, body, at);
    else if (kind === 'fail') throw new Boom(`boom ${number}`);
    else if (kind === 'probe') yield* this.#probe(at);
    else if (kind === 'awaitTask') yield* this.#awaitTask(number);
    else if (kind === 'abandon') this.#abandon(number);
    else if (kind === 'fromSignal') yield* this.#scoped(CancelScope.fromSignal(this.controller.signal), step, body, at);
    else if (kind === 'scope') yield* this.#scoped(new CancelScope({ shield: number === 5 }), step, body, at);
    else yield* this.#shell(step, body, at);
  }

  /** What must be thrown at once at a wait that begins here; undefined if nobody can tell. */
  #expectation(at: Place): 'asked' | CancelScope | null | undefined {
    // Between an async function's `await` and our `then` others may run.
    if (current.task === null || runningTask()!._isAsync) return undefined;
    return runningTask()!._unseenRequest !== null ? 'asked' : visibleFrom(at);
  }

  #matches(expected: unknown, error: unknown): boolean {
    return error instanceof CancelledError && (expected === 'asked' || error.scope === expected);
  }

  *#probe(at: Place): Lines {
    const expected = this.#expectation(at);
    let thrown: unknown = null;
    try {
      yield checkpointIfCancelled();
    } catch (error) {
      thrown = error;
    }
    if (expected === null && thrown !== null) this.fail(`cancelled where nothing is: ${String(thrown)}`);
    if (expected && !this.#matches(expected, thrown)) this.fail(`a cancellation was not seen, but ${String(thrown)}`);
    if (thrown !== null) throw thrown as Error;
  }

  *#leaf(begin: () => Future<unknown> | ReturnType<typeof checkpoint>, at: Place): Lines {
    const expected = this.#expectation(at);
    const task = runningTask()!;
    const wasAt = getRunningLoop().time();
    const future = begin();
    const leaf = { at, task, future: future as Future<unknown> };
    const isDone = future instanceof Future && future.done();
    if (future instanceof Future) this.leaves.add(leaf);
    try {
      yield future;
      if (expected && !isDone) this.fail('a wait that began in a cancelled scope gave a value');
    } catch (error) {
      this.#lookAtSource(error, at);
      const isAtOnce = this.#matches(expected, error) && getRunningLoop().time() === wasAt;
      if (expected && !isDone && !isAtOnce) throw this.#wrong(error);
      throw error;
    } finally {
      this.leaves.delete(leaf);
    }
  }

  #wrong(error: unknown): Error {
    return error instanceof Fault ? error : this.fail(`a wait in a cancelled scope threw ${String(error)}`);
  }

  *#swallow(body: Body, at: Place): Lines {
    try {
      yield* body(at);
    } catch (error) {
      if (error instanceof Fault) throw error;
    }
  }

  // Changes what is visible while a cancellation is on its way out, and cleans up behind a shield.
  *#cleanup({ number, isAsync }: Step, body: Body, at: Place): Lines {
    try {
      yield* body(at);
    } finally {
      const names = Object.keys(CHANGES);
      CHANGES[names[number % names.length]!]!(this, number);
      yield shielded(this.#inScope(isAsync, (place) => this.#leaf(() => sleep(number), place), at));
    }
  }

  #inScope(isAsync: boolean, body: Body, at: Place): (scope: CancelScope) => Coroutine<void> | PromiseLike<void> {
    const { scopes } = this;
    const run = function* (scope: CancelScope): Lines {
      scopes.push(scope);
      try {
        yield* body({ scope, parent: at });
      } finally {
        scopes.splice(scopes.indexOf(scope), 1);
      }
    };
    if (isAsync) return (scope) => this.#colour(true, () => run(scope))();
    const colour = (scope: CancelScope): Coroutine<void> => this.#colour(false, () => run(scope))() as Coroutine<void>;
    return function* (scope) {
      yield* colour(scope);
    };
  }

  // A scope catches its own cancellation by identity, unless an outer one is visible or its task was asked meanwhile.
  *#scoped(scope: CancelScope, { isAsync }: Step, body: Body, at: Place): Lines {
    const place: Place = { scope, parent: at };
    const host = runningTask()!;
    // A request that it has not seen yet comes inside.
    const askedBefore = host.cancelling() - (host._unseenRequest === null ? 0 : 1);
    let [ended, outer]: [unknown, CancelScope | null | undefined] = [null, null];
    const inside = function* (): Lines {
      try {
        yield* body(place);
      } catch (error) {
        [ended, outer] = [error, visibleFrom(place)];
        throw error;
      }
    };
    let thrown: unknown = null;
    try {
      yield scope.run(this.#inScope(isAsync, inside, at));
    } catch (error) {
      thrown = error;
    }
    if (thrown instanceof Fault) throw thrown;
    // An async body ends some microtasks before its scope does.
    const isExact = !isAsync && outer !== undefined && !host._isAsync;
    const wasAsked = host.cancelling() > askedBefore && !wasAskedBy(host, scope);
    const wrong = isExact ? wrongEnd({ scope, ended, outer, thrown, wasAsked }) : null;
    if (wrong !== null) this.fail(wrong);
    if (thrown !== null) throw thrown as Error;
  }

  *#awaitTask(number: number): Lines {
    const self = runningTask()!._nominal;
    const task = this.tasks[number % this.tasks.length]!;
    const others = this.#othersThan(self, number !== 0);
    if (number > 2 || others.length === 0) yield number === 2 && task !== self ? shield(task) : task.join();
    else {
      // What is asked of this task meanwhile goes to that one, which may end with a value all the same.
      this.served.add(self);
      yield number === 0 ? waitFor(others[0]!, 5) : others.at(-1)!;
    }
  }

  // Actors may await each other in rings, which have to end by a cancellation. Their children await younger tasks only.
  #othersThan(self: Task<unknown>, isRing: boolean): Task<unknown>[] {
    const actors = this.tasks.slice(0, this.#actors);
    const known = isRing && actors.includes(self) ? actors : this.tasks.filter(({ _id }) => _id > self._id);
    return known.filter((task) => task !== self);
  }

  // A coroutine that is closed by force: what it has in its `finally` blocks runs, and its scopes go with it.
  #abandon(number: number): void {
    const place: Place = { scope: null, parent: ROOT };
    const lines = (): Lines => this.#leaf(() => sleep(number + 1), place);
    const task = createTask(this.#colour(false, function* () {
      yield moveOnAfter(number, generatorColour.of(lines));
    }));
    getRunningLoop().callSoon(() => getRunningLoop().callSoon(() => task.cancel('abandoned')));
  }

  *#shell(step: Step, body: Body, at: Place): Lines {
    const { kind, number, isAsync } = step;
    const region: Place = { scope: null, parent: at };
    const child = (): CoroutineFunction<void> => this.#colour(isAsync, () => body(region));
    const within = this.#inScope(isAsync, body, at);
    if (kind === 'moveOnAfter') yield moveOnAfter(number, within);
    else if (kind === 'failAfter') yield failAfter(number, within);
    else if (kind === 'shielded') yield shielded(within, { timeout: number + 3 });
    else if (kind === 'waitFor') yield waitFor(child(), number);
    else if (kind === 'all') yield all([child(), child()]);
    else if (kind === 'race') yield race([child(), child()]);
    else if (kind === 'any') yield any([child(), child()]);
    else if (kind === 'map') yield* this.#map(number, child());
    else if (kind === 'shield') yield shield(this.#known(createTask(this.#colour(isAsync, () => body(ROOT)))));
    else yield* this.#group(step, body, at);
  }

  *#map(number: number, child: CoroutineFunction<void>): Lines {
    const items = [1, 2, 3].slice(0, number % 4);
    const results = (yield mapConcurrent(items, function* (item) {
      yield* createTask(child);
      return item;
    }, { limit: 2 })) as number[];
    if (String(results) !== String(items)) this.fail(`mapConcurrent gave ${String(results)}`);
  }

  #known<T>(task: Task<T>): Task<T> {
    this.tasks.push(task);
    return task;
  }

  *#group({ number, isAsync }: Step, body: Body, at: Place): Lines {
    const spawn = (group: TaskGroup): Place => {
      const place: Place = { scope: group.scope, parent: at };
      this.scopes.push((scope = group.scope));
      this.#known(group.createTask(this.#colour(isAsync, () => body(place))));
      if (number % 2 === 0) return place;
      group.createTask(this.#colour(isAsync, () => body({ scope: null, parent: place })), { daemon: true });
      return place;
    };
    let scope: CancelScope | null = null;
    const options = number < 3 ? { limit: 1 } : {};
    const inGroup = (group: TaskGroup): Lines => this.#inGroup(group, spawn(group), number, body);
    const colour = this.#colour.bind(this);
    const operation = withTaskGroup(
      isAsync
        ? async (group) => await colour(true, () => inGroup(group))()
        : function* (group) {
            yield* colour(false, () => inGroup(group))() as Coroutine<void>;
          },
      options,
    );
    try {
      yield operation;
    } finally {
      if (scope !== null) this.scopes.splice(this.scopes.indexOf(scope), 1);
    }
  }

  *#inGroup(group: TaskGroup, place: Place, number: number, body: Body): Lines {
    if (number > 3) {
      const region: Place = { scope: null, parent: place };
      const lines = (): Lines => body(region);
      yield group.start(function* (status: TaskStatus<void>) {
        yield* checkpoint();
        status.started();
        yield* generatorColour.of(lines)() as Coroutine<void>;
      });
    }
    yield* body(place);
  }
}

/** What the programs do, beside what any program of the checker does. */
export const SCOPE_OPERATIONS: readonly string[] = [
  ...Object.keys(CHANGES),
  ...['await', 'probe', 'probe', 'probe', 'cleanup', 'cleanup', 'swallow', 'fail', 'awaitTask', 'abandon', 'fromSignal'],
  ...['scope', 'waitFor', 'all', 'race', 'any', 'map'],
];

/** Plays a program about scopes. Returns: what went wrong, or null. */
export async function playScopes(program: Program, log?: (line: string) => void): Promise<Fault | null> {
  const player = new ScopePlayer();
  const main = function* (): Coroutine<void> {
    const loop = getRunningLoop();
    if (log !== undefined) player.log = (line) => log(`${loop.time()} ms  ${line}`);
    yield* player.play(program);
  };
  try {
    const options = { shutdownTimeout: 10 };
    if (isMixed(program)) await virtualTime(main, { ...options, hosted: true })();
    else virtualTime(main, options)();
  } catch (error) {
    if (player.fault === null) return new Fault(`the run failed: ${String((error as Error).stack)}`);
  }
  return player.fault;
}
