// What a soak knows of itself: what was done, what went wrong, and the limits that nothing may cross. A load reports here
// and never throws for what it finds, so that one finding does not hide the next.

/** Counts of what the loads have done, and the first findings. */
export class Ledger {
  readonly counts = new Map<string, number>();
  readonly findings: string[] = [];
  isOver = false;

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  /** Records a finding unless `holds`. */
  expect(holds: boolean, sentence: string): void {
    if (!holds) this.find(sentence);
  }

  find(sentence: string): void {
    this.count('findings');
    if (this.findings.length < 20) this.findings.push(sentence);
  }

  /** Failures that the system may report, where it is made to (READYLOOP_FAULT_KINDS): typed, with code and syscall. */
  allow(error: unknown, where: string): void {
    const { code, syscall, message } = error as { code?: unknown; syscall?: unknown; message?: unknown };
    const isAllowed = injectsFailures && typeof code === 'string' && (/^E[A-Z]+$/.test(code) || code.startsWith('ERR_'));
    if (isAllowed) this.count(`failures: ${code}`);
    else this.find(`${where}: ${String(code)} of ${String(syscall)}: ${String(message)}`);
  }
}

/** Whether system calls fail in this run, so that a load may be told so. */
export const injectsFailures = (process.env['READYLOOP_FAULT_KINDS'] ?? '').includes('failures') &&
  process.env['READYLOOP_FAULT_SEED'] !== undefined;
