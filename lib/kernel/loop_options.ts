// What a loop can be told at its making, and what it tells of itself.

import { isSwitchedOn } from '../base/switches.js';
import type { Engine } from '../engine/engine.js';
import { assertOptions } from './arguments.js';

/** Options of `new EventLoop`. */
export interface EventLoopOptions {
  /** The world below the loop; the native engine by default. */
  readonly engine?: Engine;
  /** Creation sites, slow-callback reports. Default: whether `READYLOOP_DEBUG` is on. */
  readonly debug?: boolean;
}

/** @internal Checks the options of a new loop. Returns: whether it begins in debug mode. */
export function checkedDebug(options: EventLoopOptions): boolean {
  assertOptions(options, 'EventLoop', ['engine', 'debug']);
  return options.debug ?? isSwitchedOn('READYLOOP_DEBUG');
}

/** What the loop stands on, counts since it was made, and what waits now. */
export interface LoopMetrics {
  /** The engine and its selector: `native:epoll`, `simulated`. */
  readonly engine: string;
  /** Who makes hosted turns: `uv`, `poller`, `simulated`. */
  readonly driver: string;
  readonly turns: number;
  readonly ticks: number;
  readonly records: number;
  readonly ready: number;
  readonly timers: number;
  readonly watches: number;
  readonly tasks: number;
}
