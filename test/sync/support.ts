// What the tests of primitives share: two loops of their own, for what belongs to one.
import { EventLoop, Task } from '../../lib/index';
import { SimulatedEngine } from '../../lib/testing';

/** Runs plain code in a task of a loop. Returns: what it returns. */
export type On = <T>(body: () => T) => T;

/** Calls `body` with two loops, and closes both. */
export function onTwoLoops(body: (onFirst: On, onSecond: On) => void): () => void {
  return () => {
    const loops = [new EventLoop({ engine: new SimulatedEngine() }), new EventLoop({ engine: new SimulatedEngine() })];
    const [onFirst, onSecond] = loops.map(
      (loop): On =>
        <T>(code: () => T) =>
          // In a list, because a future would be awaited.
          loop.runUntilComplete(
            (function* () {
              return [code()] as const;
            })(),
          )[0],
    );
    body(onFirst!, onSecond!);
    for (const loop of loops) loop.close();
  };
}

/** Returns: a copy of some statistics in which tasks are their names, since a task can be compared with nothing. */
export function named(statistics: object): Record<string, unknown> {
  const nameOf = (value: unknown): unknown => (value instanceof Task ? value.name : value);
  const entries = Object.entries(statistics).map(([key, value]: [string, unknown]) => [
    key,
    Array.isArray(value) ? value.map(nameOf) : nameOf(value),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}
