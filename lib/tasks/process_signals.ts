// Process signals for a run: the first one cancels main, a second one ends the process at once.

import { constants } from 'node:os';

/** The conventional exit status of a process that a signal ended. */
export function exitStatusOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Listens for signals until it is disposed of, which gives each signal back its earlier behaviour. */
export class ProcessSignals {
  readonly #names: readonly NodeJS.Signals[];
  readonly #onFirst: (name: NodeJS.Signals) => void;
  /** The first signal that came, or null. */
  received: NodeJS.Signals | null = null;

  constructor(names: readonly NodeJS.Signals[], onFirst: (name: NodeJS.Signals) => void) {
    this.#names = names;
    this.#onFirst = onFirst;
    for (const name of names) process.on(name, this.#listener);
  }

  dispose(): void {
    for (const name of this.#names) process.off(name, this.#listener);
  }

  readonly #listener = (name: NodeJS.Signals): void => {
    if (this.received !== null) process.exit(exitStatusOf(name));
    this.received = name;
    this.#onFirst(name);
  };
}
