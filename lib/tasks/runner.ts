// Runner: several mains, one after another or at once, on one loop, with a context that is kept between them.

import { ClosedResourceError } from '../base/errors.js';
import { type Context, copyContext } from '../kernel/context.js';
import type { EventLoop } from '../kernel/event_loop.js';
import type { Root } from '../kernel/root.js';
import { hostedLoop } from '../kernel/running.js';
import { endTasks, type Main, MainRun, rootFor } from './main_run.js';
import { closeUnlessOutside } from './run.js';
import { checkRunOptions, type RunOptions } from './run_options.js';

/**
 * Runs mains on one loop. Tasks that a main leaves behind go on until the runner is closed.
 *
 * Use it with `await using`, or call `close()`: an open runner keeps the process alive, whatever became of its mains.
 * Source: asyncio.Runner.
 */
export class Runner {
  readonly #options: RunOptions;
  #loop: EventLoop | null = null;
  #root: Root | null = null;
  #context: Context | null = null;
  #closing: Promise<void> | null = null;

  /** Throws: ArgumentTypeError, ArgumentRangeError. No loop is made before the first `run`. */
  constructor(options: RunOptions = {}) {
    checkRunOptions(options, 'Runner');
    this.#options = options;
  }

  /** The runner's loop. Throws: ClosedResourceError. */
  getLoop(): EventLoop {
    return this.#open().loop;
  }

  /** Runs `main` to its end. Returns: a promise of its outcome. Throws: ClosedResourceError; as `run`. */
  run<T>(main: Main<T>): Promise<T> {
    closeUnlessOutside('runner.run', main);
    const { loop, root, context } = this.#open();
    const mainRun = new MainRun('runner.run', loop, main, this.#options, { root, context });
    return new Promise((resolve, reject) => {
      mainRun.task._addWaiter({
        _looks: true,
        _wake: () => {
          mainRun.unlisten();
          mainRun.task._toPromise().then(resolve, reject);
        },
      });
    });
  }

  /** Cancels and awaits what is left. Calling it again gives the same promise. */
  close(): Promise<void> {
    this.#closing ??= this.#closeRoot();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(): { loop: EventLoop; root: Root; context: Context } {
    if (this.#closing !== null) throw new ClosedResourceError('the runner is closed; make a new one');
    if (this.#loop === null || this.#root === null || this.#context === null) {
      this.#loop = hostedLoop(this.#options.engine);
      this.#root = rootFor(this.#loop, this.#options);
      this.#context = copyContext();
      this.#loop._attend();
    }
    return { loop: this.#loop, root: this.#root, context: this.#context };
  }

  #closeRoot(): Promise<void> {
    const loop = this.#loop;
    const root = this.#root;
    if (loop === null || root === null) return Promise.resolve();
    return new Promise((resolve, reject) => {
      endTasks(loop, root, () => {
        loop._unattend();
        if (root.unhandledError === null) resolve();
        else reject(root.unhandledError);
      });
    });
  }
}
