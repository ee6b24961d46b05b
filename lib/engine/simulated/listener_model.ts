// A listening socket, as the kernel has it: connections that wait to be accepted, at most one more than its backlog.

import type { Endpoint } from './addresses.js';
import { Deque } from '../../base/deque.js';
import type { StreamModel } from './stream_model.js';

export class ListenerModel {
  readonly local: Endpoint;
  readonly isWrittenAs6: boolean;
  onChange: () => void = nothing;
  readonly #backlog: number;
  readonly #waiting = new Deque<StreamModel>();

  constructor(local: Endpoint, isWrittenAs6: boolean, backlog: number) {
    this.local = local;
    this.isWrittenAs6 = isWrittenAs6;
    this.#backlog = backlog;
  }

  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  get isFull(): boolean {
    return this.#waiting.size > this.#backlog;
  }

  offer(connection: StreamModel): void {
    this.#waiting.push(connection);
    this.onChange();
  }

  /** Returns: the connection that has waited longest; null if none waits. */
  take(): StreamModel | null {
    return this.#waiting.shift() ?? null;
  }

  /** Those who wait are turned away. */
  close(): void {
    this.onChange = nothing;
    for (let left = this.take(); left !== null; left = this.take()) left.close(true);
  }
}

function nothing(): void {
  // Nobody wants to know.
}
