// One simulated run, from its first turn to its end. It makes the turns of its loop itself, many in a row, in a callback
// of Node's; so nothing of the real world comes between two turns, and everything that runs meanwhile belongs to it.
// Invariant: `running` is the simulation whose turn is on the stack, and nothing that it replaced outlives its end.

import { RealWorldError, SimulationLimitError } from '../base/simulation_errors.js';
import type { Choices } from '../engine/simulated/choices.js';
import type { SimulatedNetwork } from '../engine/simulated/network.js';
import { Trace } from '../engine/simulated/trace.js';
import { findAsyncTask } from '../kernel/async_bridge.js';
import { deadlockError } from '../kernel/deadlock.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { hostedLoop } from '../kernel/running.js';
import type { Task } from '../kernel/task.js';
import type { MainRun } from '../tasks/main_run.js';
import { type StartedRun, startRun } from '../tasks/run.js';
import type { RunOptions } from '../tasks/run_options.js';
import { DeliveryNotes } from './delivery_notes.js';
import { OpenWorld, RealResources } from './open_world.js';
import { realWorld, watchRealWorld } from './real_world.js';
import { SeededRandom } from './seeded_random.js';
import { SimulationEngine, type SimulationEngineParts } from './simulation_engine.js';

/** Turns between two looks of Node's own loop, so that a simulation without an end can be stopped from outside. */
const TURNS_AT_A_TIME = 2_000;
/** Turns that a run has to end in after it failed or came to a standstill. */
const TURNS_TO_END = 10_000;
/** The same where main may wait for something real, which would change what happens. */
const TURNS_AFTER_AN_ESCAPE = 100;

const UNSEEN = 'it was begun through a function that was taken before the simulation, so import its module as a whole';

/** What becomes of calls for what only the real world has. */
export type RealWorldPolicy = 'throw' | 'report' | 'allow';

/** @internal What a run is made of. */
export interface SimulationParts {
  readonly choices: Choices;
  readonly network: SimulatedNetwork;
  readonly shuffle: boolean;
  readonly timerJitterMs: number;
  readonly randomSeed: number;
  readonly startDate: number;
  readonly policy: RealWorldPolicy;
  readonly maxTurns: number;
  readonly keepsLines: boolean;
  readonly runOptions: RunOptions;
  /** Asked after each slice; what it throws ends the run. */
  readonly check: (() => void) | null;
  /** Another engine than the ordinary one. */
  readonly makeEngine?: (parts: SimulationEngineParts) => SimulationEngine;
}

/** What the main function of a simulation is given. */
export class Simulation {
  /** The network that the program runs in: its hosts, links and faults. */
  readonly network: SimulatedNetwork;
  /** @internal */ readonly random: SeededRandom;
  /** @internal */ readonly _engine: SimulationEngine;
  /** @internal */ readonly _trace: Trace | null;
  /** @internal What would have been of the real world. */
  readonly _realWorld: string[] = [];
  /** @internal What went to the exception handler. */
  readonly _reports: string[] = [];
  /** @internal */ _turns = 0;
  readonly #parts: SimulationParts;
  readonly #numbers = new Map<string, number>();
  #loop: EventLoop | null = null;
  #started: StartedRun<unknown> | null = null;
  #settled: { readonly value: unknown } | { readonly error: unknown } | null = null;
  #fatal: { readonly error: unknown } | null = null;
  #crash: { readonly error: unknown } | null = null;
  #turnLimit: number;
  #resources: RealResources | null = null;
  #open: OpenWorld | null = null;
  #endWatch: () => void = () => undefined;
  #finish: (outcome: { readonly value: unknown } | { readonly error: unknown }) => void = () => undefined;

  /** @internal */
  constructor(parts: SimulationParts) {
    this.#parts = parts;
    this.#turnLimit = parts.maxTurns;
    this.network = parts.network;
    this.random = new SeededRandom(parts.randomSeed);
    this._trace = parts.keepsLines ? new Trace() : null;
    const engineParts = { ...parts, trace: this._trace };
    this._engine = parts.makeEngine?.(engineParts) ?? new SimulationEngine(engineParts);
  }

  /** Virtual milliseconds since the beginning. */
  get elapsedMs(): number {
    return this._engine.shownMs;
  }
  /** What the calendar shows, in ms since 1970. */
  get dateMs(): number {
    return this.#parts.startDate + Math.floor(this.elapsedMs);
  }
  /** Adds a line to the trace. */
  note(event: string): void {
    this._trace?.note(this.elapsedMs, this.numbered(event));
  }
  /** @internal Tasks without a name are numbered through the whole process; here, in the order in which they appear. */
  numbered(text: string): string {
    return text.replace(/\bTask-(\d+)\b/g, (_, id: string) => {
      const number = this.#numbers.get(id) ?? this.#numbers.size + 1;
      this.#numbers.set(id, number);
      return `task ${number}`;
    });
  }

  /** @internal */
  get loop(): EventLoop {
    return this.#loop as EventLoop;
  }
  /** @internal */
  get letsThrough(): boolean {
    return this.#parts.policy !== 'throw';
  }
  /** @internal */
  noteRealWorld(what: string): void {
    this._realWorld.push(what);
    this.note(`real world: ${what}`);
  }
  /** @internal */
  awaitReal(promise: PromiseLike<unknown>): void {
    this.#resources?.await(promise);
  }
  /** @internal */
  crash(error: unknown): void {
    this.#crash ??= { error };
  }

  /** @internal Runs `main` to its end. Returns: its outcome. */
  _run(main: (simulation: Simulation) => unknown): Promise<{ readonly value: unknown } | { readonly error: unknown }> {
    return new Promise((resolve) => {
      this.#finish = resolve;
      // In a callback of its own: only there can everything settle that a turn has begun.
      realWorld.setImmediate(() => this.#begin(main));
    });
  }

  #begin(main: (simulation: Simulation) => unknown): void {
    const { policy, runOptions } = this.#parts;
    if (policy !== 'allow') this.#endWatch = watchRealWorld(findInside);
    this.#resources = new RealResources();
    if (policy !== 'throw') this.#open = new OpenWorld(this.#resources);
    inTurn(this, () => {
      this.#loop = hostedLoop(this._engine);
      this._engine.attach(this.#loop);
      this.#loop.setExceptionHandler(({ message, exception }) => {
        this._reports.push(`${message}: ${String(exception)}`);
        this.note(`report: ${message}: ${String(exception)}`);
      });
      if (this._trace !== null) {
        this._engine.ring.onTake = new DeliveryNotes(this.#loop, (line) => this.note(line)).listener;
      }
      this.#started = startRun(() => main(this) as never, { ...runOptions, engine: this._engine });
      this.#started.promise.then(
        (value) => (this.#settled = { value }),
        (error: unknown) => (this.#settled = { error }),
      );
    });
    this.#slice();
  }

  #slice(): void {
    this.#resources?.beginSlice();
    try {
      const wantsMore = inTurn(this, () => this.#turns());
      if (wantsMore) {
        if (this.#open === null) realWorld.setImmediate(() => this.#slice());
        else this.#open.next(() => this.#slice());
        return;
      }
    } catch (error) {
      this.#abort(error);
    }
    this.#end();
  }

  // Returns: whether the run goes on.
  #turns(): boolean {
    const most = this.#open === null ? TURNS_AT_A_TIME : 1;
    for (let i = 0; i < most; i++) {
      if (this.#settled !== null) return false;
      if (this._engine.isStuck && this.#open?.isWaiting !== true) this.#unstick();
      if (this._turns >= this.#turnLimit) throw this.#limitError();
      this._turns++;
      if (this.#open === null) this._engine.turn();
      else this.#open.turn(this._engine);
      this.#parts.check?.();
      if (this.#parts.policy === 'throw') this.#lookForEscapes();
      if (this.#crash !== null && this.#fatal === null) this.#cancelWith(this.#crash.error);
    }
    return true;
  }

  // Between two turns of Node's nobody but the simulation's own code can have begun anything.
  #lookForEscapes(): void {
    const resources = this.#resources as RealResources;
    if (this.#fatal !== null || !resources.hasBegun) return;
    const error = new RealWorldError(resources.underWay().join(', ') || 'something real', UNSEEN);
    this.#cancelWith(error, TURNS_AFTER_AN_ESCAPE);
  }

  #limitError(): SimulationLimitError {
    return new SimulationLimitError(
      `the program made ${this._turns} turns, up to ${this.elapsedMs} virtual ms, without coming to an end; ` +
        'is there a loop that waits for nothing, or a timer that is never cleared? Raise maxTurns if not',
    );
  }

  // Nothing can happen any more: main is told first, and whoever refuses to end after that is ended by force.
  #unstick(): void {
    if (this.#fatal !== null) {
      this.#abandonAll();
      return;
    }
    const error = this._engine.standstill() ?? this.#standstill();
    this.note(error.message);
    this.#cancelWith(error);
  }

  #standstill(): Error {
    const real = this.#resources?.underWay() ?? [];
    if (real.length === 0) return deadlockError(this.loop, 'nothing is ready, and nothing is on its way');
    return new RealWorldError(real.join(', '), 'main waits for it, and no virtual time can end that');
  }

  #cancelWith(error: unknown, turnsToEnd = TURNS_TO_END): void {
    this.#fatal = { error };
    this.#turnLimit = this._turns + turnsToEnd;
    if (this.#main.done()) this.#abandonAll();
    else this.#main.cancel(error);
  }

  get #main(): Task<unknown> {
    return (this.#started as { readonly main: MainRun<unknown> }).main.task;
  }

  #abandonAll(): void {
    for (const task of this.loop._tasks()) task._abandon();
  }

  #abort(error: unknown): void {
    this.#fatal ??= { error };
    try {
      inTurn(this, () => {
        for (let i = 0; i < TURNS_TO_END && this.#settled === null; i++) {
          if (i % 100 === 0) this.#abandonAll();
          this._engine.turn();
        }
      });
    } catch {
      // What is wrong is known already, and what is left of the run has no say any more.
    }
  }

  #end(): void {
    this.#endWatch();
    if (this.#settled !== null) this.loop.close();
    this.#finish(this.#fatal ?? this.#settled ?? { error: this.#limitError() });
  }
}

let running: Simulation | null = null;

/** @internal Whether a simulation's turn is on the stack. */
export function isInSimulation(): boolean {
  return running !== null;
}

/** @internal Keeps the functions replaced that a simulation with this policy replaces. Returns: what ends that. */
export function keepWatching(policy: RealWorldPolicy): () => void {
  return policy === 'allow' ? () => undefined : watchRealWorld(findInside);
}

function inTurn<R>(simulation: Simulation, body: () => R): R {
  const outer = running;
  running = simulation;
  live.set(simulation._engine, simulation);
  try {
    return body();
  } finally {
    running = outer;
  }
}

// Where real events may come between two turns, an async function may go on outside of one.
const live = new WeakMap<object, Simulation>();

function findInside(): Simulation | null {
  if (running !== null) return running;
  const task = findAsyncTask();
  return task === null ? null : (live.get(task._loop._engine) ?? null);
}
