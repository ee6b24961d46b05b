// Failures that nobody looks at. A report is opened when a future fails and no one waits for it, and is closed when
// somebody looks. What is left is told once to the loop's exception handler: when the future becomes unreachable, or
// when its run ends, whichever is first. The report must not hold the future, or it would never become unreachable.

import { isError } from '../base/values.js';

const LONGEST_CAUSE_CHAIN = 16;

/** A report that is still to be made, or not, by the end of its run. */
export interface OpenReport {
  deliver(): void;
}

/** Who is responsible for failures: the root of a run. */
export interface FailureOwner {
  readonly openReports: Set<OpenReport>;
  /** Called for each failure that nobody looked at. */
  reportFailure(message: string, exception: Error, future: object | undefined): void;
}

interface Failing {
  readonly _value: unknown;
  readonly name?: string;
  readonly _context?: { run(fn: () => void): void } | null;
  _failureOwner(): FailureOwner | null;
}

const unreachable = new FinalizationRegistry<FailureReport>((report) => report.deliver());

// Quirk: until somebody reads its stack, V8 keeps in an error the receivers of the frames it was made in, and the task that
// was stepping is one of them. So the report would hold, through the error, the very future whose end it waits for.
function releaseFrames(exception: Error): void {
  let error: unknown = exception;
  try {
    for (let depth = 0; depth < LONGEST_CAUSE_CHAIN && isError(error); depth++) {
      Reflect.get(error, 'stack');
      error = error.cause;
    }
  } catch {
    // A getter of the user's error threw; there is nothing to release then.
  }
}

export class FailureReport implements OpenReport {
  readonly #owner: FailureOwner;
  readonly #future: WeakRef<Failing>;
  readonly #exception: Error;
  readonly #name: string;
  readonly #context: { run(fn: () => void): void } | null;

  private constructor(owner: FailureOwner, future: Failing) {
    this.#owner = owner;
    this.#future = new WeakRef(future);
    this.#exception = future._value as Error;
    this.#name = future.name ?? 'a future';
    this.#context = future._context ?? null;
  }

  /** Returns: the report that stands for `future`'s failure, or null if nobody would be told. */
  static open(future: Failing): FailureReport | null {
    const owner = future._failureOwner();
    if (owner === null) return null;
    const report = new FailureReport(owner, future);
    releaseFrames(report.#exception);
    owner.openReports.add(report);
    unreachable.register(future, report, report);
    return report;
  }

  /** Somebody looked. */
  close(): void {
    this.#owner.openReports.delete(this);
    unreachable.unregister(this);
  }

  /** Nobody will look any more. */
  deliver(): void {
    if (!this.#owner.openReports.has(this)) return;
    this.close();
    const message = `${this.#name} failed and nobody looked at the failure (await it, or call exception())`;
    const tell = (): void => this.#owner.reportFailure(message, this.#exception, this.#future.deref());
    if (this.#context === null) tell();
    else this.#context.run(tell);
  }
}
