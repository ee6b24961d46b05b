// The way from one host to another, in one direction: how long something travels, and whether it arrives at all.

import type { Choices } from './choices.js';

/** How a link of a simulated network behaves. */
export interface LinkOptions {
  /** How long everything travels: always so long, or from one number to the other. 0 by default. */
  readonly latencyMs?: number | readonly [low: number, high: number];
  /** How much can be sent in a second; by default as much as anybody likes. */
  readonly bytesPerSecond?: number;
  /** The share of packets that get lost, 0 to 1. A stream sends them again, and arrives later. */
  readonly loss?: number;
  /** The share of datagrams that are overtaken by later ones, 0 to 1. */
  readonly reorder?: number;
  /** The share of datagrams that arrive twice, 0 to 1. */
  readonly duplicate?: number;
  /** Bytes of a stream that can be on their way in one direction, or arrived and unread; 512 KiB by default. */
  readonly bufferBytes?: number;
}

const MICROSECONDS = 1000;
const MILLION = 1_000_000;
const DEFAULT_BUFFER_BYTES = 512 * 1024;
/** How long a stream waits before it sends something again. */
const RETRANSMIT_MS = 200;
/** A packet is sent again at most so often; the last one arrives. */
const MOST_LOSSES = 8;
/** How much later than others one travels that is overtaken, where the link has no latency to compare with. */
const OVERTAKEN_MS = 1;

/** What a link is asked of: kept apart, so that options can be changed while packets travel. */
export class Link {
  readonly #choices: Choices;
  #low = 0;
  #high = 0;
  #bytesPerSecond = Infinity;
  #loss = 0;
  #reorder = 0;
  #duplicate = 0;
  #busyUntil = 0;
  bufferBytes = DEFAULT_BUFFER_BYTES;

  constructor(choices: Choices, options: LinkOptions) {
    this.#choices = choices;
    this.configure(options);
  }

  configure({ latencyMs, bytesPerSecond, loss, reorder, duplicate, bufferBytes }: LinkOptions): void {
    if (latencyMs !== undefined) {
      const [low, high] = typeof latencyMs === 'number' ? [latencyMs, latencyMs] : latencyMs;
      this.#low = Math.round(low * MICROSECONDS);
      this.#high = Math.round(high * MICROSECONDS);
    }
    this.#bytesPerSecond = bytesPerSecond ?? this.#bytesPerSecond;
    this.#loss = loss === undefined ? this.#loss : Math.round(loss * MILLION);
    this.#reorder = reorder === undefined ? this.#reorder : Math.round(reorder * MILLION);
    this.#duplicate = duplicate === undefined ? this.#duplicate : Math.round(duplicate * MILLION);
    this.bufferBytes = bufferBytes ?? this.bufferBytes;
  }

  /** Returns: how long a part of a stream travels, with what is sent again; 0 if nothing takes time. */
  streamMs(nowMs: number, size: number): number {
    let delay = this.#travelMs(nowMs, size);
    for (let losses = 0; losses < MOST_LOSSES && this.#isLost('a packet of a stream is lost'); losses++) {
      delay += RETRANSMIT_MS * 2 ** losses;
    }
    return delay;
  }

  /** Returns: how long each copy of a datagram travels; none if it is lost. */
  datagramMs(nowMs: number, size: number): readonly number[] {
    const copies = [this.#travelMs(nowMs, size)];
    if (this.#isLost('a datagram is lost')) return [];
    const isDoubled = this.#choices.chance(this.#duplicate, MILLION, 'a datagram arrives twice');
    if (isDoubled) copies.push(this.#travelMs(nowMs, size));
    if (this.#choices.chance(this.#reorder, MILLION, 'a datagram is overtaken')) {
      copies[0]! += Math.max(OVERTAKEN_MS, (2 * this.#high) / MICROSECONDS);
    }
    return copies;
  }

  #isLost(label: string): boolean {
    return this.#choices.chance(this.#loss, MILLION, label);
  }

  #travelMs(nowMs: number, size: number): number {
    const latency = this.#choices.between(this.#low, this.#high, 'latency in microseconds') / MICROSECONDS;
    if (this.#bytesPerSecond === Infinity) return latency;
    this.#busyUntil = Math.max(nowMs, this.#busyUntil) + (size * 1000) / this.#bytesPerSecond;
    return this.#busyUntil - nowMs + latency;
  }
}
