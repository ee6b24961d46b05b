// The real engine, with everything written down that a program can learn from it.
// Invariant: the place of a record is the ring's count of appends, which C++ and TypeScript raise alike; what TypeScript
// did not append came from outside.

import type { AsyncResource } from 'node:async_hooks';
import { SimulationLimitError } from '../base/simulation_errors.js';
import { UnsupportedError } from '../base/errors.js';
import { Header, Kind } from '../engine/abi.js';
import type { Direction, Drain } from '../engine/engine.js';
import { NativeEngine } from '../engine/native_engine.js';
import { ReadyRing } from '../engine/ready_ring.js';
import type { Transports } from '../engine/transports.js';
import type { RecordedCall, RecordedEvent, Recording } from './recording.js';

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
    const { events, calls, turns } = { events: this.#events, calls: this.#calls, turns: this.#turns };
    return { version: 1, kind: 'recording', payloads: this.#payloads, events, calls, turns };
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
    const bytes = isData && this.#payloads ? this.#recorded?.slab.subarray(a, a + b) : undefined;
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

  #recording(transports: Transports): Transports {
    return new Proxy(transports, {
      get: (target, name: string) => {
        if (name === 'datagrams') throw new UnsupportedError('datagrams cannot be recorded; record what uses streams');
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          const answer = Reflect.apply(member, target, args) as RecordedCall['answer'];
          const into = name === 'receive' && this.#payloads && Number(answer) > 0 ? (args[2] as Uint8Array) : null;
          const start = Number(args[3]);
          const bytes = into === null ? null : Buffer.from(into.buffer, into.byteOffset + start, Number(answer));
          const payload = bytes === null ? {} : { payload: bytes.toString('base64') };
          this.#calls.push({ method: name, answer: (answer as unknown) === undefined ? null : answer, ...payload });
          return answer;
        };
      },
    });
  }
}
