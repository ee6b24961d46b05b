// The simulated network as people set it up: hosts, the links between them, partitions, faults. How bytes move is in
// stream_model.ts and datagram_model.ts; both ask here how long something travels, and whether it gets through.

import { ArgumentRangeError, ArgumentTypeError, InvalidStateError } from '../../base/errors.js';
import { isAnyHost, isLoopback, parseHost } from './addresses.js';
import type { Fault } from './faults.js';
import { FaultPlan } from './fault_plan.js';
import { SimulatedHost } from './host.js';
import { Link, type LinkOptions } from './link.js';
import { assertFaults, assertLinkOptions, assertPatience } from './network_checks.js';
import type { StreamModel } from './stream_model.js';
import { Wire } from './wire.js';
import type { World } from './world.js';

/** How a simulated network behaves. The options of links are those of all links that are not given their own. */
export interface NetworkOptions extends LinkOptions {
  /** What goes wrong. */
  readonly faults?: readonly Fault[];
  /** How long a connection attempt that nobody answers lasts until ETIMEDOUT; 127 s by default, as on Linux. */
  readonly connectTimeoutMs?: number;
  /** How long a stream sends what is not heard again and again until ETIMEDOUT; 924.6 s by default, as on Linux. */
  readonly retransmitTimeoutMs?: number;
}

/** A stream as the network knows it: by where its ends are. */
export interface NetworkConnection {
  readonly localAddress: { readonly address: string; readonly port: number } | null;
  readonly remoteAddress: { readonly address: string; readonly port: number } | null;
}

const DEFAULT_HOST = 'localhost';
const CONNECT_TIMEOUT_MS = 127_000;
const RETRANSMIT_TIMEOUT_MS = 924_600;
const NOWHERE = new SimulatedHost('(nowhere)', []);
const MOST_HOSTS = 65_000;

/**
 * A network in memory, for one simulated engine: `new SimulatedEngine({ network })`.
 *
 * By default there is one host, `localhost`, nothing takes time and nothing goes wrong. `host(name)` adds another one,
 * which everybody finds by its name. What may happen by chance (loss, a latency between two numbers) is drawn from the
 * engine's choices, so without a seed nothing gets lost.
 * Units: milliseconds, bytes.
 */
export class SimulatedNetwork {
  /** @internal Set by `onHost`: where the running code is. */
  _hostHere: () => SimulatedHost | null = () => null;
  /** @internal */ readonly _connectTimeoutMs: number;
  /** @internal */ readonly _retransmitTimeoutMs: number;
  /** @internal Connected sockets, for `reset`. */
  readonly _streams = new Set<StreamModel>();
  /** @internal */ readonly _plan: FaultPlan;
  readonly #options: LinkOptions;
  readonly #hosts = new Map<string, SimulatedHost>();
  readonly #byAddress = new Map<string, SimulatedHost>();
  readonly #links = new Map<string, Link>();
  readonly #linkOptions = new Map<string, LinkOptions>();
  readonly #partitions = new Set<Partition>();
  readonly #vanished = new Set<string>();
  readonly #holding = new Set<Wire>();
  #world: World | null = null;

  /** Throws: ArgumentTypeError and ArgumentRangeError for options and faults that make no sense. */
  constructor(options: NetworkOptions = {}) {
    assertLinkOptions(options, 'SimulatedNetwork', ['faults', 'connectTimeoutMs', 'retransmitTimeoutMs']);
    const { faults = [], connectTimeoutMs = CONNECT_TIMEOUT_MS, retransmitTimeoutMs = RETRANSMIT_TIMEOUT_MS } = options;
    assertFaults(faults);
    assertPatience(connectTimeoutMs, 'SimulatedNetwork: connectTimeoutMs');
    assertPatience(retransmitTimeoutMs, 'SimulatedNetwork: retransmitTimeoutMs');
    this.#options = options;
    this._connectTimeoutMs = connectTimeoutMs;
    this._retransmitTimeoutMs = retransmitTimeoutMs;
    this._plan = new FaultPlan(faults);
    this.#add(DEFAULT_HOST, []);
  }

  /** The host of that name; made at the first call. Returns: also `localhost`, where everything runs that says nothing. */
  host(name: string, options: { readonly addresses?: readonly string[] } = {}): SimulatedHost {
    if (typeof name !== 'string' || name === '') throw new ArgumentTypeError('host: a name is needed');
    const known = this.#hosts.get(name);
    if (known !== undefined && options.addresses === undefined) return known;
    if (known !== undefined) throw new InvalidStateError(`host ${name} has its addresses already`);
    return this.#add(name, options.addresses ?? []);
  }

  /** All hosts, in the order in which they were made. */
  get hosts(): readonly SimulatedHost[] {
    return [...this.#hosts.values()];
  }

  #add(name: string, given: readonly string[]): SimulatedHost {
    const number = this.#hosts.size + 1;
    if (number > MOST_HOSTS) throw new ArgumentRangeError(`a simulated network has at most ${MOST_HOSTS} hosts`);
    const addresses = given.length > 0 ? given : [`10.0.${number >> 8}.${number & 255}`];
    const canonical = addresses.map((address) => this.#checkedAddress(name, address));
    const host = new SimulatedHost(name, canonical);
    this.#hosts.set(name, host);
    for (const address of canonical) this.#byAddress.set(address, host);
    return host;
  }

  #checkedAddress(name: string, address: string): string {
    const parsed = parseHost(address);
    if (parsed === null || isAnyHost(parsed.host) || isLoopback(parsed.host)) {
      throw new ArgumentRangeError(`host ${name}: ${address} is no numeric address that others could reach`);
    }
    const owner = this.#byAddress.get(parsed.host);
    if (owner === undefined) return parsed.host;
    throw new ArgumentRangeError(`host ${name}: ${address} is an address of ${owner.name}`);
  }

  /** Gives the way between two hosts, in both directions, its own options; a host and itself are a pair too. */
  link(from: string, to: string, options: LinkOptions): void {
    assertLinkOptions(options, 'link');
    for (const [a, b] of [[from, to], [to, from]] as const) {
      const key = pairOf(this.#known(a).name, this.#known(b).name);
      this.#linkOptions.set(key, { ...this.#linkOptions.get(key), ...options });
      this.#links.get(key)?.configure(options);
    }
  }

  #known(name: string): SimulatedHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new ArgumentRangeError(`the network has no host ${name}; host(name) makes one`);
    return host;
  }

  /**
   * Cuts all links between two groups of hosts, until `heal`. Datagrams get lost; streams wait, and go on then, or fail
   * with ETIMEDOUT after a long time.
   */
  partition(groupA: readonly string[], groupB: readonly string[]): void {
    this.#cut({ groups: [namesOf(groupA, (name) => this.#known(name)), namesOf(groupB, (name) => this.#known(name))] });
  }

  /** Ends the partitions that `partition` made. */
  heal(): void {
    for (const partition of this.#partitions) if (partition.isFault !== true) this.#partitions.delete(partition);
    this.#world?.note('heal');
    this.#resume();
  }

  /** From now on nothing leaves or reaches a host, and nobody is told: its peers have half-open connections. */
  vanish(name: string): void {
    this.#vanished.add(this.#known(name).name);
    this.#world?.note(`vanish ${name}`);
    this.#reachChanged();
  }

  /** Resets a connection: both ends fail with ECONNRESET. Throws: InvalidStateError if there is no such connection. */
  reset(connection: NetworkConnection): void {
    const { localAddress: local, remoteAddress: remote } = connection;
    const found = [...this._streams].find((socket) => local !== null && remote !== null && socket.isAt(local, remote));
    if (found === undefined) throw new InvalidStateError('reset: this is no open connection of this network');
    found.resetBoth();
  }

  #cut(partition: Partition): void {
    this.#partitions.add(partition);
    this.#world?.note(`partition ${partition.groups.map((group) => [...group].join(',')).join(' | ')}`);
    this.#reachChanged();
  }

  #reachChanged(): void {
    for (const stream of this._streams) stream.reachChanged();
  }

  #resume(): void {
    this.#reachChanged();
    for (const wire of [...this.#holding]) if (wire.resume()) this.#holding.delete(wire);
  }

  /** @internal */
  isCut({ from, to }: { readonly from: string; readonly to: string }): boolean {
    if (to === NOWHERE.name) return true;
    if (this.#vanished.size > 0 && (this.#vanished.has(from) || this.#vanished.has(to))) return true;
    for (const { groups: [a, b] } of this.#partitions) {
      if ((a.has(from) && b.has(to)) || (b.has(from) && a.has(to))) return true;
    }
    return false;
  }

  /** @internal */
  holds(wire: Wire): void {
    this.#holding.add(wire);
  }

  /** @internal */
  get _world(): World {
    return this.#world as World;
  }

  /** @internal Throws: InvalidStateError if it belongs to another engine. */
  _attach(world: World): void {
    if (this.#world !== null) throw new InvalidStateError('a simulated network belongs to one engine; make another one');
    this.#world = world;
    for (const fault of this._plan.timed) {
      if (fault.kind === 'vanish') world.agenda.at(fault.atMs, () => this.vanish(this.host(fault.host).name));
      if (fault.kind === 'partition') this.#planPartition(fault.groups, fault.fromMs, fault.untilMs);
    }
  }

  #planPartition([a, b]: readonly [readonly string[], readonly string[]], fromMs: number, untilMs: number): void {
    const named = (name: string): SimulatedHost => this.host(name);
    const partition: Partition = { groups: [namesOf(a, named), namesOf(b, named)], isFault: true };
    const { agenda } = this._world;
    agenda.at(fromMs, () => this.#cut(partition));
    agenda.at(untilMs, () => {
      this.#partitions.delete(partition);
      this._world.note('a partition is over');
      this.#resume();
    });
  }

  /** @internal */
  _linkFrom(from: SimulatedHost, to: SimulatedHost): Link {
    const key = pairOf(from.name, to.name);
    let link = this.#links.get(key);
    if (link === undefined) {
      link = new Link(this._world.choices, { ...this.#options, ...this.#linkOptions.get(key) });
      this.#links.set(key, link);
    }
    return link;
  }

  /** @internal */
  _wireFrom(from: SimulatedHost, to: SimulatedHost): Wire {
    return new Wire(this._world, this, this._linkFrom(from, to), from.name, to.name);
  }

  /** @internal Where the running code is. */
  get _here(): SimulatedHost {
    return this._hostHere() ?? this.host(DEFAULT_HOST);
  }

  /** @internal Returns: whose address it is, seen from `from`. What is sent to an address that nobody has, disappears. */
  _hostAt(host: string, from: SimulatedHost): SimulatedHost {
    return isLoopback(host) ? from : (this.#byAddress.get(host) ?? NOWHERE);
  }

  /** @internal Returns: the addresses of a name; none if no host is called so. */
  _resolve(name: string): readonly string[] {
    return this.#hosts.get(name)?.addresses ?? [];
  }
}

interface Partition {
  readonly groups: readonly [ReadonlySet<string>, ReadonlySet<string>];
  readonly isFault?: boolean;
}

function pairOf(from: string, to: string): string {
  return `${from}\n${to}`;
}

function namesOf(group: readonly string[], find: (name: string) => SimulatedHost): ReadonlySet<string> {
  return new Set(group.map((name) => find(name).name));
}
