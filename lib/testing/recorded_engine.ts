// An engine that does what a recording says: the records from outside come in the places that they had, and questions are
// answered as they were. Nothing of the real world is asked.

import { ReplayDivergedError } from '../base/errors.js';
import { Header } from '../engine/abi.js';
import { Outbox } from '../engine/outbox.js';
import { ShuffledRing } from '../engine/simulated/shuffled_ring.js';
import type { Transports } from '../engine/transports.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { playCall } from './recorded_calls.js';
import { choiceOf, type RecordedCall, type RecordedEvent, type Recording } from './recording.js';
import { SimulationEngine, type SimulationEngineParts } from './simulation_engine.js';

const SLAB_BYTES = 1024 * 1024;
const RING_CAPACITY = 64 * 1024;

class RecordedRing extends ShuffledRing {
  readonly #events: readonly RecordedEvent[];
  readonly #slab: Buffer;
  readonly #payloads = new Map<number, RecordedEvent>();
  #next = 0;
  taken = 0;
  onTaken: () => void = () => undefined;
  onAnswer: (number: number, answer: unknown) => void = () => undefined;

  constructor(events: readonly RecordedEvent[], slab: Buffer) {
    super({ capacity: RING_CAPACITY, choices: null });
    this.#events = events;
    this.#slab = slab;
  }

  override append(slot: number, word: number): void {
    this.bring(Infinity);
    super.append(slot, word);
  }
  override appendWith(slot: number, word: number, a: number, b: number): void {
    this.bring(Infinity);
    super.appendWith(slot, word, a, b);
  }

  /** Appends what came from outside in these places, up to a turn. */
  bring(turn: number): void {
    for (let event = this.#events[this.#next]; event !== undefined; event = this.#events[this.#next]) {
      const tail = this.words[Header.tail]!;
      if (event.index !== tail || event.turn > turn) return;
      this.#next++;
      if (event.outside === undefined) {
        this.#payloads.set(tail, event);
        super.appendWith(...event.words);
      } else {
        this.onAnswer(...event.outside);
      }
    }
  }

  override take(): number {
    const event = this.#payloads.get(this.words[Header.head]!);
    this.#payloads.delete(this.words[Header.head]!);
    if (event?.payload !== undefined) Buffer.from(event.payload, 'base64').copy(this.#slab, event.words[2]);
    const at = super.take();
    if (at !== -1) {
      this.taken++;
      this.onTaken();
    }
    return at;
  }
}

export class RecordedEngine extends SimulationEngine {
  readonly #recording: Recording;
  readonly #slab = Buffer.alloc(SLAB_BYTES);
  readonly #recordedRing: RecordedRing;
  #call = 0;
  #turn = -1;
  #now = 0;
  #transports: Transports | null = null;
  /** What does not fit the recording. */
  divergence: ReplayDivergedError | null = null;
  #loop: EventLoop | null = null;
  // What was begun outside and has no answer yet.
  readonly #outside = new Map<number, (answer: unknown) => void>();
  #outsides = 0;

  constructor(parts: SimulationEngineParts, recording: Recording) {
    super(parts);
    this.#recording = recording;
    this.ring = this.#recordedRing = new RecordedRing(recording.events, this.#slab);
    this.#recordedRing.onAnswer = (number, answer) => {
      const waiting = this.#outside.get(number);
      this.#outside.delete(number);
      if (waiting !== undefined) waiting(answer);
      else this.divergence ??= divergedAt(this.#call, undefined, 'nothing that an answer from outside was recorded for');
    };
    this.#recordedRing.onTaken = () => {
      // The turn ends behind the tick that runs.
      const isLast = this.#recordedRing.taken === recording.turns[this.#turn];
      if (isLast && this.#loop !== null) this.#loop._drain.stopRequested = true;
    };
  }

  override outside(_begin: unknown, onAnswer: (answer: never) => void): void {
    this.#outside.set(this.#outsides++, onAnswer as (answer: unknown) => void);
  }

  #answer(method: string): RecordedCall {
    const index = this.#call++;
    const call = this.#recording.calls[index];
    if (call?.method === method) return call;
    throw (this.divergence ??= divergedAt(index, call, method));
  }

  override now(): number {
    return (this.#now = this.#answer('now').answer as number);
  }
  override get shownMs(): number {
    return this.#now;
  }
  override attach(loop: EventLoop): void {
    this.#loop = loop;
  }
  override arm(): void {
    // The recording says when it was due.
  }
  override armAt(): void {
    // See `arm`.
  }
  override disarm(): void {
    // See `arm`.
  }
  override lastDeadline(): number {
    return this.#answer('lastDeadline').answer as number;
  }
  override watch(): number {
    return this.#answer('watch').answer as number;
  }
  override unwatch(): boolean {
    return this.#answer('unwatch').answer as boolean;
  }
  override canWake(): boolean {
    return this.#turn + 1 < this.#recording.turns.length;
  }
  override standstill(): Error {
    const call = this.#recording.calls[this.#call];
    return (this.divergence ??= divergedAt(this.#call, call, 'a wait that the recording does not end'));
  }

  override runOnce(): void {
    this.#turn++;
    if (this.#loop !== null) this.#loop._drain.stopRequested = false;
    this.#recordedRing.bring(this.#turn);
  }

  override flush(): void {
    (this.#transports?.outbox as RecordedOutbox | undefined)?.send();
  }

  override openTransports(): never {
    const outbox = new RecordedOutbox();
    const datagrams = this.#answering(outbox, {});
    this.#transports ??= this.#answering(outbox, { slab: this.#slab, outbox, datagrams }) as Transports;
    return this.#transports as never;
  }

  #answering(outbox: RecordedOutbox, members: Readonly<Record<string, unknown>>): object {
    return new Proxy({}, {
      get: (_, name: string) => {
        if (Object.hasOwn(members, name)) return members[name];
        return (...args: unknown[]) => {
          if (SENDING.has(name)) outbox.send();
          return playCall(this.#answer(name), args);
        };
      },
    });
  }
}

const SENDING = new Set(['flush', 'send', 'sendDatagram']);

function divergedAt(index: number, call: RecordedCall | undefined, asked: string): ReplayDivergedError {
  const then = call === undefined ? 'then nothing more was asked' : `then it was ${call.method} = ${String(call.answer)}`;
  const where = { index, expected: choiceOf(call), asked: [asked, 1] as const };
  return new ReplayDivergedError(`question ${index} to the engine is ${asked} now, and ${then}`, where);
}

// What is sent goes nowhere; but that it has left is seen by who wrote it.
class RecordedOutbox extends Outbox {
  send(): void {
    if (!this.isEmpty) this.clear();
  }
}
