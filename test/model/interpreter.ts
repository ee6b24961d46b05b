// Plays a program on the virtual clock, in the colours that it asks for, and ends all that is left of it.
import {
  allTasks,
  CancelledError,
  CancelScope,
  checkpoint,
  type Coroutine,
  type CoroutineFunction,
  createTask,
  currentTask,
  failAfter,
  getRunningLoop,
  moveOnAfter,
  shield,
  shielded,
  sleep,
  type Task,
  wait,
  withTaskGroup,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { asyncColour, generatorColour } from '../tasks/support';
import { type Actor, isMixed, type Program, type Step } from './program';
import { Fault, type Lines, type Subject } from './subject';

/** How long a program plays before it is ended, and how often its tasks are asked to end. */
const LENGTH_MS = 60;
const ROUNDS = 50;

/** What an error is that a program may end with by itself. */
const EXPECTED = new Set(['ERR_CANCELLED', 'ERR_TIMEOUT']);

/** Shells that make a task and wait for it. */
const OTHERS = new Set(['group', 'shield']);

function isExpected(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isExpected);
  return EXPECTED.has((error as { code?: string }).code ?? '');
}

class Player {
  readonly #subject: Subject;
  readonly #tasks: Task<void>[] = [];
  readonly #scopes: CancelScope[] = [];

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  *play(actors: readonly Actor[]): Coroutine<void> {
    for (const [index, { steps, isAsync }] of actors.entries()) {
      this.#known(createTask(this.#body(steps, isAsync), { name: `actor ${index}` }));
    }
    yield* sleep(LENGTH_MS);
    this.#subject.log('the program is over');
    const others = (): Task<unknown>[] => [...allTasks()].filter((task) => task !== currentTask());
    for (let round = 0; others().length > 0; round++) {
      if (round === ROUNDS) this.#subject.fail(`${others().length} tasks cannot be ended`);
      for (const task of others()) task.cancel('the program is over');
      yield* sleep(1);
    }
    yield* this.#lookAtOutcomes();
    this.#subject.finish();
    const { timers } = getRunningLoop().metrics();
    if (timers !== 0) this.#subject.fail(`${timers} timers are left`);
  }

  *#lookAtOutcomes(): Coroutine<void> {
    yield* wait(this.#tasks);
    for (const task of this.#tasks) {
      const error = task.cancelled() ? null : task.exception();
      if (error !== null && !isExpected(error)) this.#unexpected(error);
    }
  }

  #unexpected(error: unknown): void {
    if (this.#subject.fault === null) this.#subject.fail(`unexpected: ${String(error)}`);
  }

  #known(task: Task<void>): Task<void> {
    this.#tasks.push(task);
    return task;
  }

  #body(steps: readonly Step[], isAsync: boolean): CoroutineFunction<void> {
    return (isAsync ? asyncColour : generatorColour).of(() => this.#lines(steps));
  }

  *#lines(steps: readonly Step[]): Lines {
    for (const step of steps) yield* this.#step(step);
  }

  *#step(step: Step): Lines {
    const { kind, number } = step;
    if (kind === 'sleep') yield sleep(number);
    else if (kind === 'tick') yield checkpoint();
    else if (kind === 'cancel') this.#cancelTask(number);
    else if (kind === 'cancelScope') this.#cancelScope(number);
    else if (kind in SHELLS) yield* this.#shell(step);
    else yield* this.#operation(step);
  }

  // An operation that the primitive refuses as its model says is over; all else goes on.
  *#operation({ kind, number, inside }: Step): Lines {
    this.#subject.between = this.#between(number);
    try {
      yield* this.#subject.operation(kind, number, () => this.#lines(inside));
    } catch (error) {
      if (error instanceof CancelledError || error instanceof Fault) throw error;
      if (typeof (error as { code?: unknown }).code !== 'string') this.#unexpected(error);
      if ((error as { code: string }).code === 'ERR_TIMEOUT') throw error;
    }
  }

  // Some waits are cancelled after the call that begins them and before they are awaited.
  #between(number: number): (() => void) | null {
    if (number < 4) return null;
    const name = currentTask()!.name;
    return () => {
      this.#subject.log(`${name} cancels ${number === 4 ? 'its scope' : 'itself'} before it waits`);
      if (number === 4) this.#scopes.at(-1)?.cancel('before the await');
      else currentTask()!.cancel('before the await');
    };
  }

  *#shell({ kind, number, inside, isAsync }: Step): Lines {
    if (OTHERS.has(kind) && !this.#subject.mayWaitForOthers()) return yield* this.#lines(inside);
    const body = this.#body(inside, isAsync);
    this.#subject.log(`${currentTask()!.name} enters ${kind} ${number}`);
    try {
      yield* SHELLS[kind]!(this, body, number);
    } catch (error) {
      if (!isExpected(error) || error instanceof CancelledError) throw error;
    } finally {
      this.#subject.log(`${currentTask()?.name} left ${kind} ${number}`);
    }
  }

  *inScope(body: CoroutineFunction<void>): Lines {
    const scope = new CancelScope();
    this.#scopes.push(scope);
    yield scope.run(body);
  }

  *inGroup(body: CoroutineFunction<void>): Lines {
    yield withTaskGroup((group) => {
      this.#known(group.createTask(body));
      return body();
    });
  }

  *detached(body: CoroutineFunction<void>): Lines {
    yield shield(this.#known(createTask(body)));
  }

  #cancelTask(number: number): void {
    const task = this.#tasks[number % this.#tasks.length]!;
    this.#subject.log(`${currentTask()?.name} cancels ${task.name}`);
    task.cancel('a step');
  }

  #cancelScope(number: number): void {
    if (this.#scopes.length === 0) return;
    this.#subject.log(`${currentTask()?.name} cancels a scope`);
    this.#scopes[number % this.#scopes.length]!.cancel('a step');
  }
}

const SHELLS: Readonly<Record<string, (player: Player, body: CoroutineFunction<void>, number: number) => Lines>> = {
  *moveOnAfter(_player, body, number) {
    yield moveOnAfter(number, body);
  },
  *failAfter(_player, body, number) {
    yield failAfter(number, body);
  },
  *shielded(_player, body, number) {
    yield shielded(body, { timeout: number + 3 });
  },
  scope: (player, body) => player.inScope(body),
  group: (player, body) => player.inGroup(body),
  shield: (player, body) => player.detached(body),
};

/** Plays a program. Returns: what went wrong, or null. */
export async function play(
  program: Program,
  makeSubject: () => Subject,
  log?: (line: string) => void,
): Promise<Fault | null> {
  const subject = makeSubject();
  const main = function* (): Coroutine<void> {
    const loop = getRunningLoop();
    loop.setExceptionHandler(() => undefined);
    if (log !== undefined) subject.log = (line) => log(`${loop.time()} ms  ${line}`);
    yield* new Player(subject).play(program.actors);
  };
  try {
    // What cannot be ended is a fault that was noted already.
    const options = { shutdownTimeout: 10 };
    if (isMixed(program)) await virtualTime(main, { ...options, hosted: true })();
    else virtualTime(main, options)();
  } catch (error) {
    if (subject.fault === null) return new Fault(`the run failed: ${String((error as Error).stack)}`);
  }
  return subject.fault;
}
