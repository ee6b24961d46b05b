// A client that behaves as badly as a network lets one: it sends bytes one by one, goes without a word, resets, closes
// one half, stops reading. It is made of Node's sockets, so that no mistake of ours hides another.
// What it does is drawn from a seed. What it sends it knows, and it checks each byte that comes back.
import { connect, type Socket } from 'node:net';
import type { Random } from '../helpers/seed';

/** The address of a server, for `node:net`. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

/** How one client ended. */
export interface Fate {
  readonly what: string;
  readonly sent: number;
  readonly echoed: number;
  /** The echo is a prefix of what was sent, and all of it where the client waited for the end. */
  readonly isFaithful: boolean;
}

const KINDS = ['vanish', 'reset', 'dribble', 'half-close', 'stall', 'bulk'] as const;

/** Runs one client to its end. */
export function misbehave(place: Place, random: Random): Promise<Fate> {
  const kind = KINDS[random(KINDS.length)] as (typeof KINDS)[number];
  return new Promise((resolve) => new Client(connect(place as { port: number }), kind, random, resolve).begin());
}

class Client {
  readonly #socket: Socket;
  readonly #kind: (typeof KINDS)[number];
  readonly #random: Random;
  readonly #over: (fate: Fate) => void;
  readonly #bytes: Buffer;
  #sent = 0;
  #echoed = 0;
  #isFaithful = true;

  constructor(socket: Socket, kind: (typeof KINDS)[number], random: Random, over: (fate: Fate) => void) {
    this.#socket = socket;
    this.#kind = kind;
    this.#random = random;
    this.#over = over;
    const size = { 'vanish': 1, 'reset': 5000, 'dribble': 40, 'half-close': 20_000, 'stall': 600_000, 'bulk': 900_000 };
    this.#bytes = Buffer.alloc(1 + random(size[kind]));
    // Bytes of its own, which repeat only after a long time, so that a lost or doubled one shows.
    const salt = random(256);
    for (let i = 0; i < this.#bytes.length; i++) this.#bytes[i] = (i * 31 + (i >> 8) * 7 + (i >> 16) + salt) & 255;
  }

  begin(): void {
    const socket = this.#socket;
    socket.on('error', () => undefined);
    socket.on('close', () => this.#end());
    socket.on('data', (chunk) => this.#check(chunk));
    socket.on('connect', () => this.#act());
  }

  #check(chunk: Buffer): void {
    const expected = this.#bytes.subarray(this.#echoed, this.#echoed + chunk.length);
    if (!expected.equals(chunk)) this.#isFaithful = false;
    this.#echoed += chunk.length;
    const resetsAt = this.#kind === 'reset' && this.#echoed > this.#random(this.#bytes.length);
    if (resetsAt) this.#reset();
  }

  #act(): void {
    if (this.#kind === 'vanish') this.#socket.destroy();
    else if (this.#kind === 'dribble') this.#dribble();
    else if (this.#kind === 'stall') this.#stall();
    else this.#writeAll();
  }

  // Each byte in a packet of its own, in a turn of its own.
  #dribble(): void {
    if (this.#socket.destroyed) return;
    if (this.#sent === this.#bytes.length) {
      this.#socket.end();
      return;
    }
    this.#socket.setNoDelay(true);
    this.#socket.write(this.#bytes.subarray(this.#sent, ++this.#sent));
    setImmediate(() => this.#dribble());
  }

  // Does not read for some turns, so that the server has nowhere to send to.
  #stall(): void {
    this.#socket.pause();
    let turns = 20 + this.#random(50);
    const wait = () => {
      if (turns-- > 0) setImmediate(wait);
      else this.#socket.resume();
    };
    wait();
    this.#writeAll();
  }

  #writeAll(): void {
    this.#sent = this.#bytes.length;
    this.#socket.end(this.#bytes);
    if (this.#kind === 'reset' && this.#random(2) === 0) setImmediate(() => this.#reset());
  }

  // A UNIX socket knows no reset; it is one for its peer if something was not read.
  #reset(): void {
    if (this.#socket.remoteFamily === undefined) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  #end(): void {
    const waits = this.#kind !== 'vanish' && this.#kind !== 'reset';
    const isWhole = !waits || this.#echoed === this.#bytes.length;
    this.#over({
      what: this.#kind, sent: this.#sent, echoed: this.#echoed, isFaithful: this.#isFaithful && isWhole,
    });
  }
}
