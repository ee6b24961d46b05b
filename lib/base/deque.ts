// A double-ended queue in a ring buffer: O(1) at both ends, amortised over growth, where `Array.shift` costs O(n).
// Invariant: the capacity is a power of two, and a cell that holds no item is undefined, so nothing taken is kept alive.
// A burst does not stay: when a large buffer runs empty it is given back.

const FIRST_CAPACITY = 8;
const LARGE = 1024;

/** @internal */
export class Deque<T> {
  // `declare` and plain assignments: class field initialisers cost a call per instance.
  private declare _cells: (T | undefined)[];
  private declare _head: number;
  private declare _size: number;

  constructor() {
    this._cells = emptyCells();
    this._head = 0;
    this._size = 0;
  }

  get size(): number {
    return this._size;
  }

  /** Returns: the item at the front, or undefined. */
  first(): T | undefined {
    return this._cells[this._head];
  }

  /** Returns: the item at the back, or undefined. */
  last(): T | undefined {
    return this._cells[(this._head + this._size - 1) & (this._cells.length - 1)];
  }

  /** Adds at the back. */
  push(item: T): void {
    if (this._size === this._cells.length) this._grow();
    this._cells[(this._head + this._size) & (this._cells.length - 1)] = item;
    this._size++;
  }

  /** Adds at the front. */
  unshift(item: T): void {
    if (this._size === this._cells.length) this._grow();
    this._head = (this._head - 1) & (this._cells.length - 1);
    this._cells[this._head] = item;
    this._size++;
  }

  /** Takes from the front. Returns: undefined if there is nothing. */
  shift(): T | undefined {
    if (this._size === 0) return undefined;
    const item = this._cells[this._head];
    this._cells[this._head] = undefined;
    this._head = (this._head + 1) & (this._cells.length - 1);
    this._shrunk();
    return item;
  }

  /** Takes from the back. Returns: undefined if there is nothing. */
  pop(): T | undefined {
    if (this._size === 0) return undefined;
    const at = (this._head + this._size - 1) & (this._cells.length - 1);
    const item = this._cells[at];
    this._cells[at] = undefined;
    this._shrunk();
    return item;
  }

  clear(): void {
    this._cells = emptyCells();
    this._head = 0;
    this._size = 0;
  }

  /** The items from front to back, as a list of its own. */
  toArray(): T[] {
    const { _cells: cells, _head: head, _size: size } = this;
    const end = head + size;
    const front = cells.slice(head, Math.min(end, cells.length));
    return (end <= cells.length ? front : front.concat(cells.slice(0, end - cells.length))) as T[];
  }

  private _grow(): void {
    const items: (T | undefined)[] = this.toArray();
    const capacity = items.length * 2;
    for (let i = items.length; i < capacity; i++) items.push(undefined);
    this._cells = items;
    this._head = 0;
  }

  private _shrunk(): void {
    if (--this._size === 0 && this._cells.length > LARGE) this.clear();
  }
}

// Filled, or reads of cells that were never written would look for them along the prototypes.
function emptyCells<T>(): (T | undefined)[] {
  return new Array<T | undefined>(FIRST_CAPACITY).fill(undefined);
}
