// The datagrams of a simulated engine: the commands of the Engine contract. Packets and descriptors that travel are the
// kernel's alone, and refused.

import { constants } from 'node:os';
import { DatagramFlag, DatagramOption, type Datagrams } from '../datagrams.js';
import { describeEndpoint, isMulticast, pack, parseHost, pathFailure, unpack } from './addresses.js';
import { DatagramModel } from './datagram_model.js';
import { DatagramOffice } from './datagram_sending.js';
import { DatagramTransport } from './datagram_transport.js';
import type { SimulatedNetwork } from './network.js';
import { StreamTransport } from './stream_transport.js';
import type { Ledger } from './transport.js';

const { EADDRINUSE, EADDRNOTAVAIL, EBADF, EINVAL, ENODEV, ENOTCONN, EOPNOTSUPP } = constants.errno;

export class SimulatedDatagrams implements Datagrams {
  readonly #ledger: Ledger;
  readonly #network: SimulatedNetwork;
  readonly #flush: () => void;

  constructor(ledger: Ledger, network: SimulatedNetwork, flush: () => void) {
    this.#ledger = ledger;
    this.#network = network;
    this.#flush = flush;
  }

  openDatagrams(
    slot: number, word: number, host: string, port: number,
    flags: number, _mode: number, receiveBuffer: number, sendBuffer: number, maxSize: number,
  ): number | string {
    if ((flags & DatagramFlag.takeDescriptors) !== 0) return `${-EOPNOTSUPP} recvmsg`;
    const isIpv6 = port >= 0 && parseHost(host)?.isWrittenAs6 === true;
    const model = new DatagramModel(port < 0, isIpv6, (flags & DatagramFlag.ipv6Only) !== 0);
    model.allowsBroadcast = (flags & DatagramFlag.broadcast) !== 0;
    if (receiveBuffer > 0) model.setBuffer(true, receiveBuffer);
    if (sendBuffer > 0) model.setBuffer(false, sendBuffer);
    const office = new DatagramOffice(this.#network, this.#network._here, model);
    const shares = (flags & (DatagramFlag.reuseAddress | DatagramFlag.reusePort)) !== 0;
    const failure = port < 0 ? bindPath(office, host) : office.bindInet(host, port, shares);
    if (failure !== 0) return `${failure} bind`;
    new DatagramTransport(this.#ledger, slot, word, office, maxSize);
    return 0;
  }

  connectDatagrams(slot: number, word: number, address: Uint8Array): number {
    return this.#find(slot, word)?.office.connect(unpack(address, 0).endpoint) ?? -EBADF;
  }

  sendDatagram(
    slot: number, word: number, bytes: Uint8Array, address: Uint8Array | null, descriptors: Int32Array | null,
  ): number {
    if (descriptors !== null) return -EOPNOTSUPP;
    // What was written before goes before.
    this.#flush();
    return this.#find(slot, word)?.send(bytes, address) ?? -EBADF;
  }

  /** Nothing waits on this side: UDP takes everything, and a full UNIX receiver keeps its senders waiting. */
  queuedDatagrams(): number {
    return 0;
  }

  readDatagrams(slot: number, word: number, reads: boolean): void {
    this.#find(slot, word)?.setReading(reads);
  }

  takeDescriptors(): number {
    return 0;
  }

  setDatagramOption(
    slot: number, word: number, option: DatagramOption, value: number, group: string, networkInterface: string,
  ): number {
    const model = this.#find(slot, word)?.office.model;
    if (model === undefined) return -EBADF;
    // There are no interfaces but the addresses of the host.
    if (networkInterface !== '' && parseHost(networkInterface) === null) return -ENODEV;
    if (option === DatagramOption.joinGroup || option === DatagramOption.leaveGroup) {
      return changeGroup(model, option === DatagramOption.joinGroup, group);
    }
    if (option === DatagramOption.broadcast) model.allowsBroadcast = value !== 0;
    else if (option === DatagramOption.multicastLoopback) model.hearsItself = value !== 0;
    else if (option === DatagramOption.receiveBuffer) model.setBuffer(true, value);
    else if (option === DatagramOption.sendBuffer) model.setBuffer(false, value);
    return 0;
  }

  datagramOption(slot: number, word: number, option: DatagramOption): number {
    const model = this.#find(slot, word)?.office.model;
    if (model === undefined) return -EBADF;
    if (option === DatagramOption.receiveBuffer) return model.receiveBufferBytes;
    return option === DatagramOption.sendBuffer ? model.sendBufferBytes : -EINVAL;
  }

  connectPackets(): number {
    return -EOPNOTSUPP;
  }
  listenPackets(): number {
    return -EOPNOTSUPP;
  }
  acceptPackets(): number {
    return -EOPNOTSUPP;
  }
  adoptDatagrams(): number {
    return -EOPNOTSUPP;
  }

  /** Both ends are in this process. */
  peerCredentials(slot: number, word: number, into: Int32Array): number {
    const found = this.#ledger.bySlot[slot];
    if (found === undefined || found.word !== word) return -EBADF;
    if (!(found instanceof StreamTransport) || !found.isUnix) return -ENOTCONN;
    into.set([process.pid, process.getuid?.() ?? 0, process.getgid?.() ?? 0]);
    return 0;
  }

  packAddress(host: string, port: number, into: Uint8Array): number {
    if (port < 0) {
      const failure = pathFailure(host);
      return failure !== 0 ? failure : pack({ family: 'unix', host, port: 0 }, false, into, 0);
    }
    const parsed = parseHost(host);
    if (parsed === null) return -EINVAL;
    return pack({ family: parsed.family, host: parsed.host, port }, parsed.isWrittenAs6, into, 0);
  }

  describeAddress(packed: Uint8Array): string {
    const { endpoint, isWrittenAs6 } = unpack(packed, 0);
    return endpoint === null ? '' : describeEndpoint(endpoint, isWrittenAs6);
  }

  #find(slot: number, word: number): DatagramTransport | null {
    const found = this.#ledger.bySlot[slot];
    return found instanceof DatagramTransport && found.word === word ? found : null;
  }
}

function bindPath(office: DatagramOffice, path: string): number {
  if (path === '') return 0;
  const failure = pathFailure(path);
  return failure !== 0 ? failure : office.bindPath(path);
}

function changeGroup(model: DatagramModel, joins: boolean, group: string): number {
  const parsed = parseHost(group);
  if (parsed === null || !isMulticast(parsed.host)) return -EINVAL;
  if (!joins) return model.groups.delete(parsed.host) ? 0 : -EADDRNOTAVAIL;
  if (model.groups.has(parsed.host)) return -EADDRINUSE;
  model.groups.add(parsed.host);
  return 0;
}
