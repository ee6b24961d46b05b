// A listening socket towards its sink: the twin of native/transport/stream_listener.cc. Connections are accepted as they
// come and wait here until their sink takes them; while it is paused they wait in the socket's backlog.

import { TransportEvent } from '../abi.js';
import { Deque } from '../../base/deque.js';
import { describeEndpoint } from './addresses.js';
import type { ListenerModel } from './listener_model.js';
import type { StreamModel } from './stream_model.js';
import { type Ledger, SimulatedTransport } from './transport.js';

const ACCEPT_BUDGET = 64;

export class ListenerTransport extends SimulatedTransport {
  readonly #listener: ListenerModel;
  readonly #onClose: () => void;
  readonly #accepted = new Deque<StreamModel>();
  #accepts = true;

  constructor(ledger: Ledger, slot: number, word: number, listener: ListenerModel, onClose: () => void) {
    super(ledger, slot, word);
    this.#listener = listener;
    this.#onClose = onClose;
    listener.onChange = () => this._touch();
  }

  override isReady(): boolean {
    return !this._isRetired && this.#accepts && this.#listener.hasWaiting;
  }

  override onReady(): void {
    for (let i = 0; i < ACCEPT_BUDGET; i++) {
      const connection = this.#listener.take();
      if (connection === null) return;
      this.#accepted.push(connection);
      this._append(TransportEvent.accepted, this.#accepted.size);
    }
  }

  /** Returns: the connection that has waited longest; null if none waits. */
  take(): StreamModel | null {
    return this.#accepted.shift() ?? null;
  }

  pause(): void {
    this.#accepts = false;
  }

  resume(): void {
    this.#accepts = true;
    this._touch();
  }

  override address(ofPeer: boolean): string {
    return ofPeer ? '' : describeEndpoint(this.#listener.local, this.#listener.isWrittenAs6);
  }

  override beginClosing(): boolean {
    return true;
  }

  protected override _closeSocket(): void {
    this.#onClose();
    this.#listener.close();
    for (let left = this.take(); left !== null; left = this.take()) left.close(false);
  }
}
