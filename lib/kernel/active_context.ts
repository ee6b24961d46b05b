// A context as those see it who only hand it on: the `current` slot, and a loop that schedules in it.

/** The variables of a task or callback, and what carries the stores it runs with. */
export interface ActiveContext {
  _variables: ReadonlyMap<object, unknown>;
  readonly _resource: object | null;
}
