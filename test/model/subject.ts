// A primitive under test beside its model. The model is as plain as can be, arrays and counts, and says for each call
// what must come of it at once: a result, an error, or a wait, and which waits of others are over by it. After each call
// every wait is compared, and the statistics; so a lost wake-up, a second owner, a barger or a waiter left in a list is
// found at the call that made it. Cancels are told by the wait itself, at the moment when they happen.
import { type Awaitable, CancelledError, type Future } from '../../lib/index';
import { State } from '../../lib/kernel/future';

/** Lines of an operation, for either colour: it yields what it awaits. */
export type Lines = Generator<Awaitable<unknown>, void, unknown>;

/** The primitive does not do what its model says. */
export class Fault extends Error {
  override readonly name = 'Fault';
}

/** What a wait gives where the model does not know the very object, as with a guard. */
export const SOMETHING = Symbol('something');

/** How a wait must end, as the model has it. */
export type Ending =
  | { readonly kind: 'pending' | 'cancelled' }
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly code: string };

export const PENDING: Ending = { kind: 'pending' };
export const DONE: Ending = { kind: 'value', value: SOMETHING };
export const CANCELLED: Ending = { kind: 'cancelled' };
export const valueOf = (value: unknown): Ending => ({ kind: 'value', value });
export const errorOf = (code: string): Ending => ({ kind: 'error', code });

/** One wait in the model. */
export class Wait {
  ending = PENDING;
  future: Future<unknown> | null = null;
  readonly label: string;
  /** What the model keeps with it: an item, an owner, a handle. */
  readonly note: unknown;

  constructor(label: string, note: unknown = null) {
    this.label = label;
    this.note = note;
  }
}

function describeEnding(ending: Ending): string {
  if (ending.kind === 'value') return ending.value === SOMETHING ? 'a result' : `the result ${String(ending.value)}`;
  return ending.kind === 'error' ? ending.code : ending.kind;
}

/** How a future has ended, in the same words. */
function endingOf(future: Future<unknown>): Ending {
  const outcome = future._state & State.outcome;
  if (outcome === State.pending) return PENDING;
  if (outcome === State.cancelled) return CANCELLED;
  if (outcome === State.finished) return valueOf(future._value);
  return errorOf((future._value as { code: string }).code);
}

function agrees(real: Ending, model: Ending): boolean {
  if (real.kind !== model.kind) return false;
  if (real.kind === 'error') return real.code === (model as { code: string }).code;
  if (real.kind !== 'value') return true;
  const { value } = model as { value: unknown };
  return value === SOMETHING || Object.is(real.value, value);
}

export abstract class Subject {
  /** Told what happens, for a trace. */
  log: (line: string) => void = () => undefined;
  /** What the program does between the next call and its await. */
  between: (() => void) | null = null;
  /** The first thing that went wrong, which is what counts: it may be lost in a scope or a group. */
  fault: Fault | null = null;
  readonly #waits = new Set<Wait>();

  /** The lines of an operation. `inside` is what the program does in the middle of it. */
  abstract operation(name: string, number: number, inside: () => Lines): Lines;
  /** What the statistics of the primitive must be now. */
  protected abstract statistics(): { readonly real: object; readonly model: object };
  /** Takes a cancelled wait out of the model. */
  protected abstract onCancel(wait: Wait, wasTaken: boolean): void;
  /** Whether the running task may wait for tasks that it makes, which may want what it holds. */
  mayWaitForOthers(): boolean {
    return true;
  }
  /** Lets the model see what happened by itself, such as the end of an owner. */
  protected look(): void {}
  /** At the end, with all tasks gone: nobody may be waiting, and nothing be lost. */
  finish(): void {
    this.compare('the end');
    for (const wait of this.#waits) this.fail(`${wait.label} is still waiting at the end`);
  }

  fail(message: string): never {
    const fault = new Fault(message);
    this.fault ??= fault;
    this.log(`FAULT: ${message}`);
    throw fault;
  }

  /** Calls something that begins a wait or is done at once. `model` says what must come of it. Returns: the wait. */
  protected begin(label: string, call: () => Future<unknown>, model: (wait: Wait) => Ending, note: unknown = null): Wait {
    this.#beforeCall(label);
    const wait = new Wait(label, note);
    let future: Future<unknown>;
    try {
      future = call();
    } catch (error) {
      // A cancel that waited for the task: nothing may have changed by the call.
      if (!(error instanceof CancelledError)) wait.ending = this.#refused(label, error, model(wait));
      else this.log(`${label}: cancelled at the call`);
      this.compare(label);
      throw error;
    }
    wait.future = future;
    wait.ending = model(wait);
    this.#hear(wait, future);
    this.log(`${label}: ${describeEnding(wait.ending)}`);
    if (wait.ending.kind === 'error') this.fail(`${label} was not refused with ${wait.ending.code}`);
    this.#waits.add(wait);
    this.compare(label);
    return wait;
  }

  /** Calls something that never waits. Returns: what it gave, or null if it was refused as the model says. */
  protected now<T>(label: string, call: () => T, model: () => Ending): T | null {
    this.#beforeCall(label);
    let result: T | null = null;
    let real: Ending;
    try {
      result = call();
      real = valueOf(result);
    } catch (error) {
      real = errorOf((error as { code?: string }).code ?? String(error));
    }
    const expected = model();
    this.log(`${label}: ${describeEnding(expected)}`);
    if (!agrees(real, expected)) {
      this.fail(`${label} gave ${describeEnding(real)}, and the model ${describeEnding(expected)}`);
    }
    this.compare(label);
    return result;
  }

  /** Awaits a wait that was begun. Returns: its value. Throws: as it; a value that was given once may not be lost. */
  protected *settled(wait: Wait): Generator<Awaitable<unknown>, unknown, unknown> {
    let value: unknown;
    const { between } = this;
    this.between = null;
    try {
      between?.();
      value = yield wait.future!;
    } catch (error) {
      if (error instanceof Fault) throw error;
      const real = error instanceof CancelledError ? CANCELLED : errorOf((error as { code: string }).code);
      this.log(`${wait.label}: ended, ${describeEnding(real)}`);
      this.look();
      if (!agrees(real, wait.ending)) {
        const expected = describeEnding(wait.ending);
        this.fail(`${wait.label} threw ${describeEnding(real)}, and the model has ${expected}: ${String(error)}`);
      }
      throw error;
    }
    this.log(`${wait.label}: ended`);
    if (!agrees(valueOf(value), wait.ending)) {
      this.fail(`${wait.label} gave ${String(value)}, and the model has ${describeEnding(wait.ending)}`);
    }
    return value;
  }

  /** Ends waits of the model; the real ones must be over too when the call returns. */
  protected end(waits: Wait[], ending: Ending, count = waits.length): void {
    for (const wait of waits.splice(0, count)) wait.ending = ending;
  }

  /** Compares all waits and the statistics. */
  compare(label: string): void {
    this.look();
    for (const wait of this.#waits) {
      const real = endingOf(wait.future!);
      if (!agrees(real, wait.ending)) {
        const expected = describeEnding(wait.ending);
        this.fail(`after ${label}: ${wait.label} is ${describeEnding(real)}, and in the model ${expected}`);
      }
      if (real.kind !== 'pending') this.#waits.delete(wait);
    }
    const { real, model } = this.statistics();
    for (const [key, expected] of Object.entries(model)) {
      const found = (real as Record<string, unknown>)[key];
      if (!Object.is(found, expected)) {
        this.fail(`after ${label}: ${key} is ${String(found)}, and in the model ${String(expected)}`);
      }
    }
  }

  #beforeCall(label: string): void {
    if (this.fault !== null) throw this.fault;
    this.compare(`what came before ${label}`);
  }

  // Returns: the ending, if the call was refused as it should.
  #refused(label: string, error: unknown, expected: Ending): Ending {
    const real = errorOf((error as { code?: string }).code ?? String(error));
    this.log(`${label}: refused with ${describeEnding(real)}`);
    if (!agrees(real, expected)) {
      this.fail(`${label} was refused with ${describeEnding(real)}, and in the model it is ${describeEnding(expected)}`);
    }
    return expected;
  }

  // The order of cancels matters, so the model is told of each as it happens.
  #hear(wait: Wait, future: Future<unknown>): void {
    if (future.done()) return;
    const cancel = future._cancelBy.bind(future);
    future._cancelBy = (request) => {
      const wasPending = !future.done();
      const wasTaken = cancel(request);
      if (!wasPending) return wasTaken;
      this.log(`${wait.label}: is cancelled`);
      this.onCancel(wait, wasTaken);
      return wasTaken;
    };
  }
}

/** Takes a wait out of a list of the model. */
export function leave(list: Wait[], wait: Wait): boolean {
  const at = list.indexOf(wait);
  if (at !== -1) list.splice(at, 1);
  return at !== -1;
}
