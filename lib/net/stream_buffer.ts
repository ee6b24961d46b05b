// The bytes that a stream has received and nobody has read yet. They stand in one piece of memory, so that a separator is
// found however the bytes came. Who takes all of them is handed that memory; who takes a part, a copy of it.
// Invariant: what was handed out is the reader's, who may give the memory away: nothing unread is in it.

const EMPTY = Buffer.alloc(0);

export class StreamBuffer {
  private declare _store: Buffer;
  private declare _start: number;
  private declare _end: number;

  constructor() {
    this._store = EMPTY;
    this._start = this._end = 0;
  }

  get length(): number {
    return this._end - this._start;
  }

  /** Appends a copy of `source` from `from` to `end`. Amortised: each byte is moved once or twice. */
  append(source: Uint8Array, from: number, end: number): void {
    const length = end - from;
    if (length > this._store.length - this._end) this._grow(length);
    this._store.set(source.subarray(from, end), this._end);
    this._end += length;
  }

  /** A view of what is there, from `skip` on. */
  peek(skip = 0): Buffer {
    return this._store.subarray(this._start + skip, this._end);
  }

  /** Takes the first `count` bytes, or all if there are fewer. */
  take(count: number): Buffer {
    const isAll = count >= this.length;
    const part = this._store.subarray(this._start, isAll ? this._end : this._start + count);
    this.skip(part.length);
    return isAll ? part : Buffer.from(part);
  }

  /** Copies as much as fits. Returns: how many bytes. */
  takeInto(into: Uint8Array): number {
    const count = this._store.copy(into, 0, this._start, this._end);
    this.skip(count);
    return count;
  }

  /** Drops the first `count` bytes, which must be there. */
  skip(count: number): void {
    this._start += count;
    if (this._start < this._end) return;
    this._store = EMPTY;
    this._start = this._end = 0;
  }

  // The first bytes get what they need; whoever has to wait for more gets room to grow.
  private _grow(length: number): void {
    const waiting = this.length;
    const store = Buffer.allocUnsafe(waiting === 0 ? length : 2 * (waiting + length));
    this._store.copy(store, 0, this._start, this._end);
    this._store = store;
    this._start = 0;
    this._end = waiting;
  }
}
