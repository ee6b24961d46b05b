// What the parts of a simulated world share: its clock, its decisions, what is to happen and what has happened.

import { Agenda } from './agenda.js';
import type { Choices } from './choices.js';
import { Readiness } from './readiness.js';
import type { Trace } from './trace.js';

export class World {
  readonly agenda = new Agenda();
  readonly readiness: Readiness;
  readonly choices: Choices;
  readonly trace: Trace | null;
  /** The clock, in ms. Written by the engine alone. */
  nowMs: number;
  readonly #onChange: () => void;

  constructor(startMs: number, choices: Choices, trace: Trace | null, onChange: () => void) {
    this.nowMs = startMs;
    this.choices = choices;
    this.trace = trace;
    this.#onChange = onChange;
    this.readiness = new Readiness(choices, onChange);
  }

  /** Enters something that is to happen `delayMs` from now. Returns: what `agenda.cancel` wants. */
  after(delayMs: number, action: () => void): number {
    const id = this.agenda.at(this.nowMs + delayMs, action);
    this.#onChange();
    return id;
  }

  /** Lets everything happen that is due up to an instant, each at its own time, and the clock arrive there. */
  advanceTo(instantMs: number): void {
    const { agenda } = this;
    while (agenda.nextMs <= instantMs) {
      this.nowMs = Math.max(this.nowMs, agenda.nextMs);
      agenda.take()();
    }
    this.nowMs = Math.max(this.nowMs, instantMs);
  }

  note(event: string): void {
    this.trace?.note(this.nowMs, event);
  }
}
