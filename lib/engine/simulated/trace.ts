// What a simulated world did, line by line: the time, and what happened then. Two runs with the same seed and the same
// program write the same bytes.

/** A list of what a simulated world did. Each line is a virtual time in ms and an event. */
export class Trace {
  readonly #lines: string[] = [];

  /** Adds a line. */
  note(atMs: number, event: string): void {
    // To the microsecond: latencies are drawn in those, and their sums have noise behind that.
    this.#lines.push(`${Math.round(atMs * 1000) / 1000} ${event}`);
  }

  get length(): number {
    return this.#lines.length;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Returns: all lines, as one text. */
  toString(): string {
    return this.#lines.length === 0 ? '' : `${this.#lines.join('\n')}\n`;
  }
}
