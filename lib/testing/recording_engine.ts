// The real engine, with everything written down that a program can learn from it.
// Invariant: the place of a record is the ring's count of appends, which C++ and TypeScript raise alike; what TypeScript
// did not append came from outside.

import type { AsyncResource } from 'node:async_hooks';
import { SimulationLimitError } from '../base/simulation_errors.js';
import { Header, Kind } from '../engine/abi.js';
import type { Direction, Drain } from '../engine/engine.js';
import { NativeEngine } from '../engine/native_engine.js';
import { ReadyRing } from '../engine/ready_ring.js';
import type { Transports } from '../engine/transports.js';
import { notingCalls, withoutPayloads } from './recorded_calls.js';
import { NO_WORDS, type RecordedCall, type RecordedEvent, type Recording } from './recording.js';

// More than a turn brings, because the order is not known of what spills.
const RING_CAPACITY = 64 * 1024;

class RecordingRing extends ReadyRing {
  // Places of the records that TypeScript has appended and that have not been taken.
  readonly #own = new Set<number>();
  onOutside: (index: number, at: number) => void = () => undefined;
  taken = 0;

  constructor() {
    super(RING_CAPACITY);
  }

  override append(slot: number, word: number): void {
    this.#noteOwn();
    super.append(slot, word);
  }
  override appendWith(slot: number, word: number, a: number, b: number): void {
    this.#noteOwn();
    super.appendWith(slot, word, a, b);
  }
  override adopt(records: Int32Array): void {
    if (records.length > 0) throw tooMany();
  }

  #noteOwn(): void {
    const tail = this.words[Header.tail]!;
    if (tail - this.words[Header.head]! >= this.capacity) throw tooMany();
    this.#own.add(tail);
  }

  override take(): number {
    const index = this.words[Header.head]!;
    const at = super.take();
    if (at !== -1) {
      if (!this.#own.delete(index)) this.onOutside(index, at);
      this.taken++;
    }
    return at;
  }
}

function tooMany(): SimulationLimitError {
  return new SimulationLimitError(`more than ${RING_CAPACITY} records were ready at once, which cannot be recorded`);
}

export class RecordingEngine extends NativeEngine {
  readonly #payloads: boolean;
  readonly #events: RecordedEvent[] = [];
  readonly #calls: RecordedCall[] = [];
  readonly #turns: number[] = [];
  // The ring's count of appends when each turn began.
  readonly #begins: number[] = [];
  // Answers to what was begun outside, each with the place that the next record had then.
  readonly #answers: { readonly index: number; readonly outside: readonly [number, unknown] }[] = [];
  #outsides = 0;
  // Sockets of datagrams, by the slot and word of their records.
  readonly #frames = new Set<string>();
  #recorded: Transports | null = null;
  #isInTurn = false;
  // The one in which the last event came.
  #turn = 0;

  constructor(payloads: boolean) {
    super(new RecordingRing());
    this.#payloads = payloads;
    this.#ring.onOutside = (index, at) => this.#noteEvent(index, at);
  }

  get #ring(): RecordingRing {
    return this.ring as RecordingRing;
  }

  /** What has been written down. */
  get recording(): Recording {
    const answers = this.#answers.map(({ index, outside }): RecordedEvent => {
      const turn = this.#begins.findIndex((begin) => begin > index);
      return { index, turn: turn === -1 ? this.#begins.length : turn, words: NO_WORDS, outside };
    });
    // An answer comes before the record that has its place.
    const events = [...answers, ...this.#events].sort((a, b) => a.index - b.index);
    // A run may end within a turn.
    const turns = this.#isInTurn ? [...this.#turns, this.#ring.taken] : this.#turns;
    const calls = this.#calls;
    return { version: 1, kind: 'recording', payloads: this.#payloads, events, calls, turns };
  }

  override outside<A>(begin: (answer: (value: A) => void) => void, onAnswer: (value: A) => void): void {
    const number = this.#outsides++;
    super.outside(begin, (value) => {
      this.#answers.push({ index: this.ring.words[Header.tail]!, outside: [number, value] });
      onAnswer(value);
    });
  }

  override startHosted(drain: Drain, resource: AsyncResource): void {
    super.startHosted(() => {
      if (!this.#isInTurn) this.#begins.push(this.ring.words[Header.tail]!);
      this.#isInTurn = true;
      const answer = drain();
      if (answer === 0) {
        this.#isInTurn = false;
        this.#turns.push(this.#ring.taken);
      }
      return answer;
    }, resource);
  }

  #noteEvent(index: number, at: number): void {
    const words = this.ring.words;
    const [slot, word, a, b] = [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!];
    const kind = word & Kind.mask;
    const isData = kind === Kind.transport && a >= 0;
    while (this.#turn < this.#begins.length && this.#begins[this.#turn]! <= index) this.#turn++;
    const bytes = isData ? this.#keptBytes(`${slot} ${word}`, this.#recorded?.slab.subarray(a, a + b)) : undefined;
    // What a timer's record has in its last two words is left over from an earlier one.
    const isPlain = kind === Kind.timer;
    this.#events.push({
      index,
      turn: this.#turn,
      words: [slot, word, isPlain ? 0 : a, isPlain ? 0 : b],
      ...(bytes === undefined ? {} : { payload: bytes.toString('base64') }),
    });
  }

  #noted<A extends RecordedCall['answer']>(method: string, answer: A): A {
    this.#calls.push({ method, answer });
    return answer;
  }

  override now(): number {
    return this.#noted('now', super.now());
  }
  override lastDeadline(): number {
    return this.#noted('lastDeadline', super.lastDeadline());
  }
  override watch(fd: number, direction: Direction, slot: number, word: number, repeat: boolean): number {
    return this.#noted('watch', super.watch(fd, direction, slot, word, repeat));
  }
  override unwatch(fd: number, direction: Direction): boolean {
    return this.#noted('unwatch', super.unwatch(fd, direction));
  }

  override openTransports(): Transports {
    this.#recorded ??= this.#recording(super.openTransports());
    return this.#recorded;
  }

  // Who sent a datagram and how long it was stands among its bytes, and is always kept.
  #keptBytes(name: string, bytes: Buffer | undefined): Buffer | undefined {
    if (this.#payloads || bytes === undefined) return bytes;
    return this.#frames.has(name) ? withoutPayloads(bytes) : undefined;
  }

  #recording(transports: Transports): Transports {
    const note = (call: RecordedCall): void => void this.#calls.push(call);
    const datagrams = notingCalls(this.#noticing(transports.datagrams), this.#payloads, note);
    const noting = notingCalls(transports, this.#payloads, note);
    return new Proxy(transports, {
      get: (_, name: string) => (name === 'datagrams' ? datagrams : (Reflect.get(noting, name) as unknown)),
    });
  }

  #noticing(datagrams: Transports['datagrams']): Transports['datagrams'] {
    return new Proxy(datagrams, {
      get: (target, name: string) => {
        const member = Reflect.get(target, name) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          if (typeof args[0] === 'number') this.#frames.add(`${args[0]} ${String(args[1])}`);
          return Reflect.apply(member, target, args);
        };
      },
    });
  }
}
