// `readyloop doctor`: finds out, prints, and says by its exit status whether there is a binary that works.

import { examine } from './examination.js';
import { describeExamination } from './doctor_report.js';
import type { Terminal } from './terminal.js';

/** The options of `readyloop doctor`. */
export interface DoctorOptions {
  readonly json: boolean;
}

/** Returns: the exit status, 0 if a loop runs here. */
export async function runDoctor({ json }: DoctorOptions, terminal: Terminal): Promise<number> {
  const found = await examine();
  terminal.line(json ? JSON.stringify(found, null, 2) : describeExamination(found));
  return found.problem === null ? 0 : 1;
}
