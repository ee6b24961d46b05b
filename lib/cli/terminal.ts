// Where a command writes: what was asked for, and what went wrong. Tests give one of their own.

/** The two streams of a command. Each call is a line. */
export interface Terminal {
  line(text: string): void;
  complain(text: string): void;
}

/** The process's own streams. */
export function processTerminal(): Terminal {
  return {
    line: (text) => void process.stdout.write(`${text}\n`),
    complain: (text) => void process.stderr.write(`${text}\n`),
  };
}

/** What a command says and does not do because of how it was called or what is there; nothing of ours is broken. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}
