// The sockets of a simulated engine: the commands of the Engine contract, over the simulated network. The twin of
// native/transport/transports.cc and of the calls in native/addon.

import { constants } from 'node:os';
import type { ReadyRing } from '../ready_ring.js';
import { Outbox } from '../outbox.js';
import { Control, ListenFlag, StreamKind, StreamOption, type Transports } from '../transports.js';
import { type Endpoint, parseHost, pathFailure } from './addresses.js';
import { DatagramTransport } from './datagram_transport.js';
import type { SimulatedHost } from './host.js';
import { ListenerModel } from './listener_model.js';
import { ListenerTransport } from './listener_transport.js';
import type { SimulatedNetwork } from './network.js';
import { ReadSlab } from './read_slab.js';
import { SimulatedDatagrams } from './simulated_datagrams.js';
import { connectInet, connectUnix, joinPipe } from './stream_connecting.js';
import type { StreamModel } from './stream_model.js';
import { StreamTransport } from './stream_transport.js';
import type { Ledger, SimulatedTransport } from './transport.js';
import type { World } from './world.js';

const { EADDRINUSE, EADDRNOTAVAIL, EAGAIN, EBADF, EINVAL, EOPNOTSUPP } = constants.errno;

export class SimulatedTransports implements Transports {
  readonly slab: Buffer;
  readonly outbox = new Outbox();
  readonly datagrams: SimulatedDatagrams;
  readonly #network: SimulatedNetwork;
  readonly #ledger: Ledger;

  constructor(world: World, ring: ReadyRing, network: SimulatedNetwork, nextDescriptor: () => number) {
    this.#network = network;
    const slab = new ReadSlab(ring);
    this.#ledger = { world, ring, slab, bySlot: [], nextDescriptor };
    this.slab = slab.bytes;
    this.datagrams = new SimulatedDatagrams(this.#ledger, network, () => this.flush());
  }

  connect(slot: number, word: number, host: string, port: number, localHost: string, localPort: number): number {
    const socket = port < 0
      ? connectUnix(this.#network, host)
      : connectInet(this.#network, host, port, localHost, localPort);
    if (typeof socket === 'number') return socket;
    // One over the network stands in the next turn at the earliest, also where nothing takes time.
    const isConnecting = !socket.isUnix;
    new StreamTransport(this.#ledger, slot, word, socket, isConnecting);
    return isConnecting ? 0 : 1;
  }

  listen(slot: number, word: number, host: string, port: number, backlog: number, flags: number): number {
    const here = this.#network._here;
    return port < 0
      ? this.#listenAtPath(here, slot, word, host, backlog)
      : this.#listenAtPort(here, slot, word, host, port, backlog, flags);
  }

  #listenAtPath(here: SimulatedHost, slot: number, word: number, path: string, backlog: number): number {
    const failure = pathFailure(path);
    if (failure !== 0) return failure;
    if (here._paths.has(path)) return -EADDRINUSE;
    const listener = new ListenerModel({ family: 'unix', host: path, port: 0 }, false, backlog);
    here._paths.set(path, listener);
    new ListenerTransport(this.#ledger, slot, word, listener, () => here._paths.delete(path));
    return 0;
  }

  #listenAtPort(
    here: SimulatedHost, slot: number, word: number, hostText: string, wanted: number, backlog: number, flags: number,
  ): number {
    const parsed = parseHost(hostText);
    if (parsed === null) return -EINVAL;
    if (!here._has(parsed.host)) return -EADDRNOTAVAIL;
    const port = wanted === 0 ? here._portForConnection() : wanted;
    if (port === 0) return -EADDRINUSE;
    const { family, host } = parsed;
    const local: Endpoint = { family, host, port };
    const isWrittenAs6 = parsed.isWrittenAs6 && family === 'IPv4';
    const listener = new ListenerModel(local, isWrittenAs6, backlog);
    const claim = {
      port, host, family, listener,
      ipv6Only: (flags & ListenFlag.ipv6Only) !== 0,
      shares: (flags & ListenFlag.reusePort) !== 0,
    };
    if (!here._listeners.claim(claim)) return -EADDRINUSE;
    this.#ledger.world.note(`listen ${here.name}:${port}`);
    new ListenerTransport(this.#ledger, slot, word, listener, () => here._listeners.release(claim));
    return 0;
  }

  accept(listenerSlot: number, listenerWord: number, slot: number, word: number): number {
    const listener = this.#find(listenerSlot, listenerWord);
    if (!(listener instanceof ListenerTransport)) return -EBADF;
    const socket: StreamModel | null = listener.take();
    if (socket === null) return -EAGAIN;
    new StreamTransport(this.#ledger, slot, word, socket, false);
    return 0;
  }

  /** There are no descriptors in memory. */
  adopt(): number {
    return -EOPNOTSUPP;
  }

  openPipe(readerSlot: number, readerWord: number, writerSlot: number, writerWord: number): number {
    const [reader, writer] = joinPipe(this.#network);
    new StreamTransport(this.#ledger, readerSlot, readerWord, reader, false, StreamKind.reader);
    new StreamTransport(this.#ledger, writerSlot, writerWord, writer, false, StreamKind.writer);
    return 0;
  }

  control(slot: number, word: number, what: Control): number {
    if (what === Control.endSending) this.flush();
    const found = this.#find(slot, word);
    if (found instanceof StreamTransport) controlStream(found, what);
    else if (!(found instanceof ListenerTransport)) return -EBADF;
    else if (what === Control.pause) found.pause();
    else if (what === Control.resume) found.resume();
    else return -EINVAL;
    return 0;
  }

  setOption(slot: number, word: number, option: StreamOption, value: number): number {
    const stream = this.#stream(slot, word);
    if (stream === null) return -EBADF;
    if (option === StreamOption.keepAlive) stream.setKeepAlive(value);
    return 0;
  }

  receive(slot: number, word: number, into: Uint8Array, start: number, end: number): number {
    return this.#stream(slot, word)?.receive(into, start, end) ?? -EBADF;
  }

  send(slot: number, word: number, bytes: Uint8Array, start: number, end: number): number {
    this.flush();
    return this.#stream(slot, word)?.sendSome(bytes, start, end) ?? -EBADF;
  }

  queued(slot: number, word: number, low: number): number {
    const stream = this.#stream(slot, word);
    if (stream === null) return 0;
    if (low >= 0) stream.notifyDrained(low);
    return stream.queued;
  }

  address(slot: number, word: number, ofPeer: boolean): string {
    return this.#find(slot, word)?.address(ofPeer) ?? '';
  }

  descriptor(slot: number, word: number): number {
    return this.#find(slot, word)?.descriptor ?? -1;
  }

  resolve(host: string): readonly string[] {
    return this.#network._resolve(host);
  }

  flush(): void {
    this.outbox.hand((slot, word, bytes) => {
      const found = this.#find(slot, word);
      if (found instanceof StreamTransport) found.send(bytes);
      else if (found instanceof DatagramTransport) found.write(bytes);
    });
  }

  close(slot: number, word: number, aborts: boolean): boolean {
    if (!aborts) this.flush();
    const found = this.#find(slot, word);
    if (found === null) return true;
    if (!aborts && !found.beginClosing()) return false;
    found.retire(aborts);
    return true;
  }

  #find(slot: number, word: number): SimulatedTransport | null {
    const found = this.#ledger.bySlot[slot];
    return found !== undefined && found.word === word ? found : null;
  }

  #stream(slot: number, word: number): StreamTransport | null {
    const found = this.#find(slot, word);
    return found instanceof StreamTransport ? found : null;
  }
}

function controlStream(stream: StreamTransport, what: Control): void {
  if (what === Control.pause) stream.pauseReading();
  else if (what === Control.resume) stream.resumeReading();
  else if (what === Control.endSending) stream.endSending();
  else stream.announce(what === Control.announce);
}
