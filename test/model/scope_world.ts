// What programs about scopes share and change: tasks, scopes, futures; and what must be true of them all the time.
import { getEventListeners } from 'node:events';
import { type Coroutine, type CancelScope, type Future, getRunningLoop, sleep, type Task, wait } from '../../lib/index';
import { runningTask } from '../../lib/kernel/running';
import { type Leaf, visibleFrom } from './scope_tree';
import { Fault } from './subject';

/** How much later what is done later is done. */
export const LATER_MS = 2;
const EXPECTED = new Set(['ERR_CANCELLED', 'ERR_TIMEOUT', 'ERR_CLOSED_RESOURCE']);

/** A failure that a program makes. */
export class Boom extends Error {}

function isExpected(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isExpected);
  return error instanceof Boom || EXPECTED.has((error as { code?: string }).code ?? '');
}

export class ScopeWorld {
  fault: Fault | null = null;
  log: (line: string) => void = () => undefined;
  readonly tasks: Task<unknown>[] = [];
  readonly scopes: CancelScope[] = [];
  readonly leaves = new Set<Leaf>();
  readonly controller = new AbortController();
  // Tasks in which a cancellation was seen, or whose request went to what they own.
  readonly served = new Set<unknown>();
  futures: Future<number>[] = [];
  values = 0;

  *lookAtTasks(): Coroutine<void> {
    yield* wait(this.tasks);
    for (const task of this.tasks) {
      const error = task.cancelled() ? null : task.exception();
      if (error !== null && !isExpected(error)) this.fail(`unexpected: ${String(error.stack)}`);
      const isServed = task.cancelled() || error !== null || task._unseenRequest !== null || this.served.has(task);
      // What a scope around a task has asked, it insists on by itself.
      const last = (task as unknown as { _rare: { lastRequest: { scope?: unknown } | null } | null })._rare?.lastRequest;
      if (task.cancelling() > 0 && !isServed && !last?.scope) this.fail(`${task.name} was asked and has never heard of it`);
    }
  }

  lookAtRest(): void {
    const loop = getRunningLoop();
    const status = runningTask()!._status as unknown as { _firstChild: unknown; members: Set<unknown> | null };
    const left = {
      timers: loop.metrics().timers,
      sinks: loop._sinks.filter((sink) => sink !== undefined).length - 1,
      statuses: Number(status._firstChild !== null),
      members: status.members?.size ?? 0,
      listeners: getEventListeners(this.controller.signal, 'abort').length,
    };
    for (const [what, count] of Object.entries(left)) if (count !== 0) this.fail(`${count} ${what} are left`);
  }

  fail(message: string): never {
    const fault = new Fault(message);
    this.fault ??= fault;
    this.log(`FAULT: ${message}`);
    throw fault;
  }

  // After whatever may have cancelled something: who waits where a cancellation is visible must not wait any more.
  lookAtLeaves(): void {
    for (const { at, task, future } of this.leaves) {
      if (task._waiting === future && !future.done() && visibleFrom(at)) {
        this.fail(`${task.name} goes on waiting in a scope that is cancelled`);
      }
    }
  }

  cancelTask(number: number): void {
    const task = this.tasks[number % this.tasks.length]!;
    const waiting = task._waiting;
    const isRunning = runningTask()?._nominal === task;
    if (!task.cancel('a step') || task._isAsync || isRunning) {
      if (task._isAsync) this.served.add(task);
      return;
    }
    const leaf = [...this.leaves].find(({ future }) => future === waiting);
    if (leaf !== undefined && !leaf.future.done()) this.fail(`${task.name} was asked and goes on waiting`);
    if (leaf === undefined && task._unseenRequest === null) this.served.add(task);
  }

  withScope(number: number, change: (scope: CancelScope) => void): void {
    const scope = this.scopes.at(-1 - (number % Math.max(1, this.scopes.length)));
    if (scope !== undefined) change(scope);
    this.lookAtLeaves();
  }

  abort(): void {
    this.controller.abort('aborted');
  }

  shared(number: number): Future<number> {
    const at = number % this.futures.length;
    if (this.futures[at]!.cancelled()) this.futures[at] = getRunningLoop().createFuture();
    return this.futures[at]!;
  }

  complete(number: number): void {
    const future = this.shared(number);
    if (future.done()) this.futures[number % this.futures.length] = getRunningLoop().createFuture();
    else future.setResult(++this.values);
  }
}

const later = (call: () => void): void => void getRunningLoop().callLater(LATER_MS, call);

/** What changes something at once. */
export const CHANGES: Readonly<Record<string, (player: ScopeWorld, number: number) => void>> = {
  cancel: (player, number) => player.cancelTask(number),
  cancelScope: (player, number) => player.withScope(number, (scope) => scope.cancel('a step')),
  shieldOn: (player, number) => player.withScope(number, (scope) => (scope.shield = true)),
  shieldOff: (player, number) => player.withScope(number, (scope) => (scope.shield = false)),
  deadlineBack: (player, number) => player.withScope(number, (scope) => (scope.deadline = getRunningLoop().time() - 1)),
  deadlineOn: (player, number) => player.withScope(number, (scope) => (scope.deadline = getRunningLoop().time() + number)),
  deadlineOff: (player, number) => player.withScope(number, (scope) => (scope.deadline = Infinity)),
  cancelLater: (player, number) => later(() => player.cancelTask(number)),
  cancelScopeLater: (player, number) => later(() => player.withScope(number, (scope) => scope.cancel('later'))),
  complete: (player, number) => player.complete(number),
  abort: (player, number) => number === 5 && player.abort(),
};

/** What waits for nothing that it would own. */
export const LEAVES: Readonly<Record<string, (player: ScopeWorld, number: number) => Future<unknown>>> = {
  sleep: (_player, number) => sleep(number),
  tick: () => sleep(0),
  await: (player, number) => player.shared(number),
};

