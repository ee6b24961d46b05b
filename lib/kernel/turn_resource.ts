// The async resource in which a loop's turns run. It carries no AsyncLocalStorage store of its own: whatever the place
// that started the loop had active must not reach tasks that were created elsewhere.
// It also answers, for almost nothing, whether a store could be active: up to Node 22 a store becomes a property of the
// current resource, so this one's prototype notices the first property that is ever set on it.

import { AsyncResource, executionAsyncId } from 'node:async_hooks';

const STORE = 'kResourceStore';

export class TurnResource {
  /** What Node is given as the execution resource. */
  readonly holder = new AsyncResource('readyloop.turn');
  /** @internal */ _isTouched = false;
  /** @internal The execution id of the turn; code in another scope has another. */
  _turnId = -1;

  constructor() {
    this.forgetStores();
    const prototype = Object.getPrototypeOf(this.holder) as object;
    Object.setPrototypeOf(this.holder, new Proxy(prototype, { set: this.#noteStore }));
  }

  /** Notes that a turn is entered, with this resource as the current one. */
  enter(): void {
    this._turnId = executionAsyncId();
  }

  /** True if code that runs now runs directly in a turn, and no store was ever set in one. */
  isUntouchedNow(): boolean {
    return !this._isTouched && executionAsyncId() === this._turnId;
  }

  /** Runs `fn` as a turn would. */
  run<R>(fn: () => R): R {
    return this.holder.runInAsyncScope(fn);
  }

  /** Drops stores that Node copied into the resource because they were active where it was made or registered. */
  forgetStores(): void {
    const holder = this.holder as unknown as Record<symbol, unknown>;
    for (const key of Object.getOwnPropertySymbols(holder)) {
      if (key.description === STORE) Reflect.deleteProperty(holder, key);
    }
    this._isTouched = false;
  }

  readonly #noteStore = (_target: object, key: PropertyKey, value: unknown, receiver: object): boolean => {
    this._isTouched = true;
    return Reflect.defineProperty(receiver, key, { value, writable: true, enumerable: true, configurable: true });
  };
}
