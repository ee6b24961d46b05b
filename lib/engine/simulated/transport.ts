// What every simulated transport is: a source of readiness that is named by its sink, as those of the C++ core are.

import type { TransportEvent } from '../abi.js';
import type { ReadyRing } from '../ready_ring.js';
import type { ReadSlab } from './read_slab.js';
import type { ReadySource } from './readiness.js';
import type { World } from './world.js';

/** What the transports of one engine share. */
export interface Ledger {
  readonly world: World;
  readonly ring: ReadyRing;
  readonly slab: ReadSlab;
  readonly bySlot: (SimulatedTransport | undefined)[];
  /** Makes a number for people and logs: it is no descriptor of the system. */
  readonly nextDescriptor: () => number;
}

export abstract class SimulatedTransport implements ReadySource {
  _isListed = false;
  readonly slot: number;
  readonly word: number;
  readonly descriptor: number;
  protected readonly _ledger: Ledger;
  protected _isRetired = false;

  constructor(ledger: Ledger, slot: number, word: number) {
    this._ledger = ledger;
    this.slot = slot;
    this.word = word;
    this.descriptor = ledger.nextDescriptor();
    ledger.bySlot[slot] = this;
  }

  abstract isReady(): boolean;
  abstract onReady(): void;
  /** Returns: as the Engine contract has it; an empty text if it is not known. */
  abstract address(ofPeer: boolean): string;
  /** Begins to close. Returns: false if something has to be sent before. */
  abstract beginClosing(): boolean;
  /** Lets go of the socket. */
  protected abstract _closeSocket(aborts: boolean): void;

  /** Nothing more comes from it. */
  retire(aborts: boolean): void {
    if (this._isRetired) return;
    this._isRetired = true;
    if (this._ledger.bySlot[this.slot] === this) this._ledger.bySlot[this.slot] = undefined;
    this._closeSocket(aborts);
  }

  protected _append(event: TransportEvent, value: number): void {
    this._ledger.ring.appendWith(this.slot, this.word, event, value);
  }

  /** The selector is to look at it. */
  protected _touch(): void {
    if (!this._isRetired) this._ledger.world.readiness.touch(this);
  }
}
