// A loop that the test drives itself, on a virtual clock, with everything it reports kept in a list.
import { EventLoop, type EventLoopOptions, type ExceptionContext } from '../../lib';
import { SimulatedEngine, type SimulatedEngineOptions } from '../../lib/testing';

/** A simulated engine that remembers how long each select was allowed to wait. */
export class WaitRecorder extends SimulatedEngine {
  readonly waits: number[] = [];
  override runOnce(maxWaitMs: number): void {
    this.waits.push(maxWaitMs);
    super.runOnce(maxWaitMs);
  }
}

export interface OwnedLoop {
  readonly loop: EventLoop;
  readonly engine: WaitRecorder;
  /** What went to the exception handler. */
  readonly reports: ExceptionContext[];
}

/** An owned loop on a simulated engine of its own. */
export function ownedLoop(
  options: Omit<EventLoopOptions, 'engine'> = {},
  engineOptions: SimulatedEngineOptions = {},
): OwnedLoop {
  const engine = new WaitRecorder(engineOptions);
  const loop = new EventLoop({ ...options, engine });
  return { loop, engine, reports: keepReports(loop) };
}

/** Collects what goes to the exception handler of `loop`. */
export function keepReports(loop: EventLoop): ExceptionContext[] {
  const reports: ExceptionContext[] = [];
  loop.setExceptionHandler((context) => reports.push(context));
  return reports;
}

/** Runs turns until nothing is ready; timers that are not due yet stay where they are. */
export function runReady(loop: EventLoop): void {
  do loop.runOnce();
  while (loop.metrics().ready > 0);
}
