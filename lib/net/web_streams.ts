// The streams of the web over ours. Unlike Node's own conversion, the readable side ends when the peer ends, whether or
// not the sending side is still open.

import {
  type ReadableByteStreamController, ReadableStream, type UnderlyingByteSource, WritableStream,
} from 'node:stream/web';
import { types } from 'node:util';
import { BusyResourceError } from '../base/errors.js';
import { toWritten, type Writable } from './bytes.js';
import { guardOfRun, type RunGuard } from './run_guard.js';
import type { StreamCore } from './stream_core.js';

/** Both directions of a stream, as the web has them. */
export interface WebStreams {
  /** A stream of bytes, for readers with and without a buffer of their own. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Takes text, which goes out as UTF-8, views, and whole ArrayBuffers. */
  readonly writable: WritableStream<Writable | ArrayBuffer>;
}

const CHUNK_BYTES = 64 * 1024;

class WebSides {
  readonly #stream: StreamCore;
  readonly #guard: RunGuard;
  #controller: ReadableByteStreamController | null = null;
  #openSides = 2;
  #isBroken = false;

  constructor(stream: StreamCore) {
    this.#stream = stream;
    this.#guard = guardOfRun(stream._sockets.loop, 'toWeb');
    this.#guard.add(this);
  }

  _runEnded(error: Error): void {
    this.#controller?.error(error);
    this.#stream._shut(true);
  }

  readable(): ReadableStream<Uint8Array> {
    const source: UnderlyingByteSource = {
      type: 'bytes',
      start: (controller) => {
        this.#controller = controller;
      },
      pull: (controller) => this.#pull(controller),
      cancel: () => this.#sideOver(),
    };
    return new ReadableStream(source, { highWaterMark: 0 });
  }

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    const request = controller.byobRequest;
    const view = request?.view ?? null;
    const stream = this.#stream;
    if (stream._reader !== null) throw new BusyResourceError('a task is reading the stream that was given to the web');
    const chunk = await this.#next(Math.min(view?.byteLength ?? CHUNK_BYTES, CHUNK_BYTES));
    if (chunk === null) {
      controller.close();
      request?.respond(0);
      this.#sideOver();
    } else if (view === null || request === null) {
      // A copy in memory of its own: enqueueing takes the memory away from everybody else, and Node's pool is shared.
      controller.enqueue(new Uint8Array(chunk));
    } else {
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(chunk);
      request.respond(chunk.length);
    }
  }

  async #next(max: number): Promise<Buffer | null> {
    try {
      return await this.#stream._readSome(max);
    } catch (error) {
      this.#guard.delete(this);
      // One that was closed meanwhile still sends what was written.
      if (!this.#stream._isClosed) this.#stream._shut(true);
      throw error;
    }
  }

  writable(): WritableStream<Writable | ArrayBuffer> {
    const stream = this.#stream;
    return new WritableStream<Writable | ArrayBuffer>({
      write: async (chunk) => {
        try {
          stream._write(toWritten(types.isAnyArrayBuffer(chunk) ? new Uint8Array(chunk) : chunk, 'toWeb'));
          if (!stream._isSendingFreely(stream._limits.high)) await stream._whenSent(stream._limits.low);
        } catch (error) {
          // The web gives this side up. What was not written must not look complete to the peer.
          this.#isBroken = true;
          this.#sideOver();
          throw error;
        }
      },
      close: () => {
        stream._endSending();
        this.#sideOver();
      },
      abort: () => {
        stream._shut(true);
        this.#guard.delete(this);
      },
    });
  }

  // The stream is closed when both directions are over.
  #sideOver(): void {
    if (--this.#openSides > 0) return;
    this.#guard.delete(this);
    if (!this.#stream._isClosed) this.#stream._shut(this.#isBroken);
  }
}

/** @internal */
export function toWebStreams(stream: StreamCore): WebStreams {
  const sides = new WebSides(stream);
  return { readable: sides.readable(), writable: sides.writable() };
}
