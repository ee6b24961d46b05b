// Debug mode: what was made in a task to be awaited there and never was. It is reported once, as an unseen failure is:
// when it can no longer be reached, or when its run ends, whichever is first; and not if its maker was cancelled or
// failed, because then something else kept it from awaiting.
// The methods by which an object is used are covered on the object itself by ones that note the use, so that the classes
// pay nothing. Invariant: a report does not hold the object that it is about.

import { findAsyncTask } from './async_bridge.js';
import { creationSite, noteCreation } from './creation_site.js';
import { current } from './current.js';
import { warn } from './debug_warning.js';
import type { OpenReport } from './unhandled.js';

/** What must be known of the task that makes something. */
interface MakingTask {
  readonly _nominal: { readonly name: string };
  readonly _loop: { readonly _debug: boolean };
  readonly _root: { readonly openReports: Set<OpenReport> };
}

const USES_OF_FUTURE = [
  ...['next', 'then', 'done', 'cancelled', 'result', 'exception', 'cancel', 'addDoneCallback'],
  // A waiter, a cancellation from above, and a failure, which is reported by itself.
  ...['_addWaiter', '_cancelBy', '_fail'],
];
const USES_OF_OPERATION = ['then', 'next', Symbol.iterator];
const USES_OF_COROUTINE = ['return', 'throw'];

const madeIn = new WeakMap<object, Set<UnawaitedReport>>();
const unreachable = new FinalizationRegistry<UnawaitedReport>((report) => report.deliver());

class UnawaitedReport implements OpenReport {
  readonly #what: string;
  readonly #maker: string;
  readonly #site: string | null;
  readonly #owner: Set<OpenReport>;
  readonly #siblings: Set<UnawaitedReport>;

  constructor(made: object, what: string, { _nominal: maker, _root: root }: MakingTask) {
    this.#what = what;
    this.#maker = maker.name;
    this.#site = creationSite(made);
    this.#owner = root.openReports;
    this.#siblings = madeIn.get(maker) ?? new Set();
    madeIn.set(maker, this.#siblings);
    this.#siblings.add(this);
    this.#owner.add(this);
    unreachable.register(made, this, this);
  }

  close(): void {
    this.#owner.delete(this);
    this.#siblings.delete(this);
    unreachable.unregister(this);
  }

  deliver(): void {
    if (!this.#owner.has(this)) return;
    this.close();
    const message = `${this.#what} was made in ${this.#maker} and never awaited (write \`yield*\` or \`await\` before it)`;
    warn('NeverAwaited', message, [['made at', this.#site]]);
  }
}

function open(made: object, what: string, uses: readonly (string | symbol)[]): UnawaitedReport | null {
  const task = (current.task ?? (current.loop === null ? findAsyncTask() : null)) as MakingTask | null;
  if (task === null || !task._loop._debug) return null;
  noteCreation(made);
  const report = new UnawaitedReport(made, what, task);
  for (const use of uses) coverMethod(made, use, report);
  return report;
}

// It stays for good: `yield*` reads `next` once, and calls what it has read each time.
function coverMethod(made: object, use: string | symbol, report: UnawaitedReport): void {
  const method: unknown = Reflect.get(made, use);
  if (typeof method !== 'function') return;
  const value = function (this: unknown, ...args: unknown[]): unknown {
    report.close();
    return Reflect.apply(method, this, args);
  };
  Object.defineProperty(made, use, { value, configurable: true, writable: true });
}

/** Expects that a future of this kind is awaited. Returns: the future. */
export function expectAwait<F extends { readonly _loop: { readonly _debug: boolean } }>(future: F, what: string): F {
  if (future._loop._debug) open(future, what, USES_OF_FUTURE);
  return future;
}

/** The same for an operation, which does nothing at all before it is awaited. */
export function expectAwaitOf<O extends object>(operation: O, what: string): O {
  open(operation, what, USES_OF_OPERATION);
  return operation;
}

/** Returns: a coroutine that does what `made` does and is expected to be driven; `made` itself outside debug mode. */
export function expectDriven<C extends Generator<unknown, unknown, unknown>>(made: C, what: string): C {
  let report: UnawaitedReport | null = null;
  // Whoever drives it, in whatever way, comes by the first line.
  function* driven(): Generator<unknown, unknown, unknown> {
    report?.close();
    return yield* made;
  }
  const coroutine = driven() as unknown as C;
  report = open(coroutine, what, USES_OF_COROUTINE);
  return report === null ? made : coroutine;
}

/** The task was cancelled or has failed: what it has not awaited was not forgotten. */
export function forgiveUnawaited(task: object): void {
  for (const report of madeIn.get(task) ?? []) report.close();
  madeIn.delete(task);
}
