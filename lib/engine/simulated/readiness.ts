// The simulated selector: sources say when something about them has changed, and each select asks those who did.
// Readiness is a level, as with the kernel: who is still ready after its turn is asked again in the next one.
// Which of several comes first is a choice, and with a seed one may come a turn later than another.

import type { Choices } from './choices.js';

/** Something that can be ready. */
export interface ReadySource {
  /** @internal Whether it stands in the list. Only the list writes it. */
  _isListed: boolean;
  /** Whether `onReady` has anything to do now. */
  isReady(): boolean;
  onReady(): void;
}

export class Readiness {
  readonly #choices: Choices;
  readonly #onChange: () => void;
  #listed: ReadySource[] = [];

  constructor(choices: Choices, onChange: () => void) {
    this.#choices = choices;
    this.#onChange = onChange;
  }

  /** Something about the source has changed, so it may be ready. */
  touch(source: ReadySource): void {
    if (source._isListed) return;
    source._isListed = true;
    this.#listed.push(source);
    this.#onChange();
  }

  get hasReady(): boolean {
    return this.#listed.some((source) => source.isReady());
  }

  /** One select. `isUrgent`: nothing else is ready, so somebody must come. */
  run(isUrgent: () => boolean): void {
    let asked = this.#take();
    while (asked.length > 0) {
      const late: ReadySource[] = [];
      for (const source of asked) {
        if (asked.length > 1 && this.#choices.chance(1, 8, 'a ready source comes late')) late.push(source);
        else this.#serve(source);
      }
      if (late.length === 0) return;
      if (!isUrgent()) {
        for (const source of late) this.#serveLater(source);
        return;
      }
      asked = late;
    }
  }

  #take(): ReadySource[] {
    if (this.#listed.length === 0) return NOBODY;
    const ready: ReadySource[] = [];
    for (const source of this.#listed) {
      source._isListed = false;
      if (source.isReady()) ready.push(source);
    }
    this.#listed = [];
    if (this.#choices.isSeeded) shuffle(ready, this.#choices, 'order of ready sources');
    return ready;
  }

  #serve(source: ReadySource): void {
    source.onReady();
    if (source.isReady()) this.#serveLater(source);
  }

  #serveLater(source: ReadySource): void {
    if (source._isListed) return;
    source._isListed = true;
    this.#listed.push(source);
  }

  clear(): void {
    this.#listed = [];
  }
}

const NOBODY: ReadySource[] = [];

/** Puts a list into an order that is chosen. */
export function shuffle(list: unknown[], choices: Choices, label: string): void {
  for (let last = list.length - 1; last > 0; last--) {
    const other = last - choices.pick(last + 1, label);
    const kept = list[last];
    list[last] = list[other];
    list[other] = kept;
  }
}
