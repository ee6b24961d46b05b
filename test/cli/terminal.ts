// A terminal that remembers, for tests of commands.
import { runCommand } from '../../lib/cli/commands';

/** What a command has said, and its exit status. */
export interface Outcome {
  readonly status: number;
  readonly lines: string;
  readonly complaints: string;
}

/** Runs a command in this process. */
export async function command(...args: string[]): Promise<Outcome> {
  const lines: string[] = [];
  const complaints: string[] = [];
  const status = await runCommand(args, {
    line: (text) => void lines.push(text),
    complain: (text) => void complaints.push(text),
  });
  return { status, lines: lines.join('\n'), complaints: complaints.join('\n') };
}
