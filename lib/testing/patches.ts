// Replacing functions of Node and of the language for a while, and putting them back.
// Invariant: what somebody else has replaced meanwhile is left to them.

import { createRequire, syncBuiltinESMExports } from 'node:module';

type Named = Record<PropertyKey, unknown>;
type AnyFunction = (...args: unknown[]) => unknown;

interface Patch {
  readonly target: Named;
  readonly name: PropertyKey;
  readonly before: PropertyDescriptor | undefined;
  /** What stands there now: a value, or a getter. */
  readonly replacement: unknown;
}

export class Patches {
  readonly #made: Patch[] = [];

  /** Puts what `make` makes of the present value in its place; does nothing where there is none. */
  replace(target: object | undefined, name: PropertyKey, make: (original: AnyFunction) => unknown): void {
    const named = target as Named | undefined;
    const original = named?.[name];
    if (named === undefined || typeof original !== 'function') return;
    const before = Object.getOwnPropertyDescriptor(named, name);
    if (before?.configurable === false && before.writable !== true) return;
    const replacement = make(original as AnyFunction);
    // An accessor (as Node's lazy globals are) becomes a plain value for the time being.
    const enumerable = before?.enumerable ?? false;
    Object.defineProperty(named, name, { value: replacement, writable: true, configurable: true, enumerable });
    this.#made.push({ target: named, name, before, replacement });
  }

  /** The same of a property that is computed: puts what `make` makes of its getter in the getter's place. */
  replaceGetter(target: object, name: PropertyKey, make: (original: () => unknown) => () => unknown): void {
    const before = Object.getOwnPropertyDescriptor(target, name);
    if (before === undefined || !('get' in before) || before.configurable !== true) return;
    // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its receiver
    const replacement = make(before.get as () => unknown);
    Object.defineProperty(target, name, { ...before, get: replacement });
    this.#made.push({ target: target as Named, name, before, replacement });
  }

  /** Lets modules that have imported names of Node's modules see what is there now. */
  sync(): void {
    syncBuiltinESMExports();
  }

  undo(): void {
    for (const { target, name, before, replacement } of this.#made.reverse()) {
      const now = Object.getOwnPropertyDescriptor(target, name);
      if ((now?.get ?? now?.value) !== replacement) continue;
      if (before === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, before);
    }
    this.#made.length = 0;
    this.sync();
  }
}

const requireBuiltin = createRequire(__filename);

/** Returns: a module of Node's, as the object that everybody else requires. */
export function builtin(name: string): Named {
  return requireBuiltin(`node:${name}`) as Named;
}
