// How the primitives look in `console.log`: their name and their statistics, instead of their parts.

import { inspect, type InspectOptions } from 'node:util';

/** Something that tells of itself. */
interface Counted {
  statistics(): object;
}

/** @internal Lets the instances of a class, and of the classes under it, be shown by what they tell of themselves. */
export function showStatistics(kind: { readonly prototype: Counted }): void {
  Object.defineProperty(kind.prototype, inspect.custom, {
    configurable: true,
    writable: true,
    value(this: Counted, depth: number, options: InspectOptions): string {
      const { name } = this.constructor;
      return depth < 0 ? `[${name}]` : `${name} ${inspect(this.statistics(), options)}`;
    },
  });
}
