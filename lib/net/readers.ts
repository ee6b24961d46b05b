// What can wait for a stream's bytes. A reader is a future: whenever bytes or the end arrive, it looks whether they are
// enough, and takes them only then. So a reader that is cancelled has taken nothing, and the bytes stay.

import { IncompleteReadError, InvalidStateError, LimitExceededError } from '../base/errors.js';
import { Future } from '../kernel/future.js';
import type { LoopCore } from '../kernel/loop_core.js';
import type { StreamBuffer } from './stream_buffer.js';

/** Whoever waits for a stream's bytes: for some of them, or (a Duplex of Node) for all that ever come. */
export interface ReadWait {
  /** @internal Something has come: looks whether it is enough. */
  _attempt(): void;
  /** Whether it waits no longer. */
  done(): boolean;
  /** @internal The stream was closed. */
  _fail(error: Error): void;
}

/** What a reader sees of its stream. */
export interface ReadSide {
  /** What is there and nobody has read; null for nothing. */
  readonly _unread: StreamBuffer | null;
  /** Nothing more will come. */
  readonly _hasEnded: boolean;
  /** Why nothing more will come, unless the peer just ended. */
  readonly _readError: Error | null;
  /** Takes bytes that are there. */
  _take(count: number): Buffer;
  _leave(reader: ReadWait): void;
}

/** One wait for a stream's bytes. */
export abstract class Reader<T> extends Future<T> implements ReadWait {
  /** @internal */ declare readonly _stream: ReadSide;

  constructor(loop: LoopCore, stream: ReadSide) {
    super(loop);
    this._stream = stream;
  }

  /** @internal Completes the wait if what is there allows it. */
  abstract _attempt(): void;

  override _undo(): void {
    this._stream._leave(this);
  }

  protected get _length(): number {
    return this._stream._unread?.length ?? 0;
  }

  // Bytes that came before a failure stay for whoever wants fewer of them.
  protected _endAs(atEnd: () => T): void {
    const error = this._stream._readError;
    if (error !== null) this._fail(error);
    else this._finish(atEnd());
  }

  protected _endIncomplete(expected: number | null): void {
    const error = this._stream._readError;
    this._fail(error ?? new IncompleteReadError(this._stream._take(this._length), expected));
  }
}

/** Some bytes, or null at the end. */
export class ChunkReader extends Reader<Buffer | null> {
  /** @internal */ declare readonly _max: number;

  constructor(loop: LoopCore, stream: ReadSide, max: number) {
    super(loop, stream);
    this._max = max;
  }

  override _attempt(): void {
    if (this._length > 0) this._finish(this._stream._take(this._max));
    else if (this._stream._hasEnded) this._endAs(() => null);
  }
}

/** Exactly so many bytes. */
export class ExactReader extends Reader<Buffer> {
  readonly #count: number;

  constructor(loop: LoopCore, stream: ReadSide, count: number) {
    super(loop, stream);
    this.#count = count;
  }

  override _attempt(): void {
    if (this._length >= this.#count) this._finish(this._stream._take(this.#count));
    else if (this._stream._hasEnded) this._endIncomplete(this.#count);
  }
}

/** Everything up to the end. */
export class AllReader extends Reader<Buffer> {
  override _attempt(): void {
    if (this._stream._hasEnded) this._endAs(() => this._stream._take(this._length));
  }
}

/** What is found by a scan: where the separator begins, and where it ends. */
interface Match {
  readonly start: number;
  readonly end: number;
}

/** Bytes up to a separator, which is looked for only where it has not been looked for before. */
abstract class ScanReader<T> extends Reader<T> {
  readonly #separators: readonly Buffer[];
  readonly #limit: number;
  readonly #longest: number;
  #scanned = 0;

  constructor(loop: LoopCore, stream: ReadSide, separators: readonly Buffer[], limit: number) {
    super(loop, stream);
    this.#separators = separators;
    this.#limit = limit;
    this.#longest = Math.max(...separators.map((separator) => separator.length));
  }

  override _attempt(): void {
    const match = this.#scan();
    const consumed = match?.start ?? Math.max(0, this._length - this.#longest + 1);
    if (consumed > this.#limit) this._fail(new LimitExceededError(this.#limit, consumed));
    else if (match !== null) this._finish(this._found(match));
    else if (this._stream._hasEnded) this._ended();
  }

  protected abstract _found(match: Match): T;
  protected abstract _ended(): void;

  // Of several separators the one that ends first counts.
  #scan(): Match | null {
    const unread = this._stream._unread;
    if (unread === null) return null;
    const from = this.#scanned;
    const bytes = unread.peek(from);
    let found: Match | null = null;
    for (const separator of this.#separators) {
      const at = bytes.indexOf(separator);
      const end = from + at + separator.length;
      if (at >= 0 && (found === null || end < found.end)) found = { start: from + at, end };
    }
    // The beginning of a separator may be there already.
    this.#scanned = Math.max(0, unread.length - this.#longest + 1);
    return found;
  }
}

/** Bytes up to and with a separator. */
export class UntilReader extends ScanReader<Buffer> {
  protected override _found({ end }: Match): Buffer {
    return this._stream._take(end);
  }

  protected override _ended(): void {
    this._endIncomplete(null);
  }
}

const NEWLINE = [Buffer.from('\n')];
const CARRIAGE_RETURN = 13;

/** A line without its end; at the end of the stream what is left, then null. */
export class LineReader extends ScanReader<Buffer | null> {
  constructor(loop: LoopCore, stream: ReadSide, limit: number) {
    super(loop, stream, NEWLINE, limit);
  }

  protected override _found({ start, end }: Match): Buffer {
    const line = this._stream._take(end);
    return line.subarray(0, start > 0 && line[start - 1] === CARRIAGE_RETURN ? start - 1 : start);
  }

  protected override _ended(): void {
    this._endAs(() => (this._length > 0 ? this._stream._take(this._length) : null));
  }
}

/** Bytes in the caller's own memory: how many; 0 at the end. */
export class IntoReader extends Reader<number> {
  readonly into: Uint8Array;

  constructor(loop: LoopCore, stream: ReadSide, into: Uint8Array) {
    super(loop, stream);
    this.into = into;
  }

  /** @internal Fails if the memory was transferred, or made smaller, so that nothing has room: that is no end. */
  _hasRoom(): boolean {
    if (this.into.length > 0) return true;
    this._fail(new InvalidStateError('readInto: the memory was transferred while it waited for bytes'));
    return false;
  }

  override _attempt(): void {
    const unread = this._stream._unread;
    if (unread !== null) {
      if (!this._hasRoom()) return;
      const taken = this._stream._take(this.into.length);
      this.into.set(taken);
      this._finish(taken.length);
    } else if (this._stream._hasEnded) {
      this._endAs(() => 0);
    }
  }
}
