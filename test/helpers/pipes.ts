// Real descriptors for tests about descriptors: pipes, opened without blocking and closed at the end of the test.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Pipe {
  readonly reader: number;
  readonly writer: number;
}

/** Opens pipes and remembers what is to be closed: `afterEach(() => pipes.closeAll())`. */
export class Pipes {
  readonly #open = new Set<number>();

  /** A pipe with one descriptor for each end. */
  make(): Pipe {
    return this.#atFifo((fifo) => ({
      reader: this.#openAt(fifo, constants.O_RDONLY),
      writer: this.#openAt(fifo, constants.O_WRONLY),
    }));
  }

  /** A pipe with one descriptor that is both ends, so that it can be readable and writable at once. */
  makeLoopback(): number {
    return this.#atFifo((fifo) => this.#openAt(fifo, constants.O_RDWR));
  }

  /** Closes `fd` at the end as well. Returns: `fd`. */
  adopt(fd: number): number {
    this.#open.add(fd);
    return fd;
  }
  close(fd: number): void {
    if (this.#open.delete(fd)) closeSync(fd);
  }
  closeAll(): void {
    for (const fd of [...this.#open]) this.close(fd);
  }

  #atFifo<R>(use: (fifo: string) => R): R {
    const folder = mkdtempSync(path.join(tmpdir(), 'readyloop-pipe-'));
    try {
      const fifo = path.join(folder, 'fifo');
      execFileSync('mkfifo', [fifo]);
      return use(fifo);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  #openAt(fifo: string, access: number): number {
    return this.adopt(openSync(fifo, access | constants.O_NONBLOCK));
  }
}

/** Puts bytes into a pipe. */
export function fill(fd: number, text = 'x'): void {
  writeSync(fd, text);
}
