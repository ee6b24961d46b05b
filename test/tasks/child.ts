// Programs of test/tasks/programs as child processes, talked to by lines over stdio.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running program. */
export class Program {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  #onOutput: () => void = () => {};

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#onOutput();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
        this.#onOutput();
      });
    });
  }

  /** Waits until the program has printed this line. */
  async line(text: string): Promise<void> {
    let isOver = false;
    void this.ended.then(() => (isOver = true));
    while (!this.#stdout.split('\n').includes(text)) {
      if (isOver) throw new Error(`the program ended without printing ${text}: ${this.#stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => (this.#onOutput = resolve));
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }
}

/** Where compiled programs and the library are. */
export const programs = path.join(__dirname, 'programs');
export const library = path.join(__dirname, '..', '..', 'lib', 'index.js');

/** Starts a program of test/tasks/programs. */
export function start(name: string, ...args: string[]): Program {
  return new Program([path.join(programs, `${name}.js`), ...args]);
}

/** Runs the text of an ES module to its end; it finds the library as `library`. */
export function runModule(text: string): Promise<Ended> {
  const preamble = `import { createRequire } from 'node:module';
    const library = createRequire('/')(${JSON.stringify(library)});`;
  return new Program(['--input-type=module', '-e', `${preamble}\n${text}`]).ended;
}
