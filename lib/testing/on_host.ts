// Which machine of a simulated network code runs on: a variable of its context, so that the tasks it creates are there too.

import type { SimulatedHost } from '../engine/simulated/host.js';
import type { SimulatedEngine } from '../engine/simulated/simulated_engine.js';
import { ContextVar } from '../kernel/context.js';
import type { Coroutine } from '../kernel/coroutine.js';
import { getRunningLoop } from '../kernel/running.js';
import { assertBody, callBody, type ScopeBody, ScopedOperation, steppingTask } from '../kernel/scoped.js';

const hostHere = new ContextVar<SimulatedHost | null>('simulated host', { default: null });

/**
 * Runs `body` on a host of the simulated network: what it and the tasks that it creates open, is there.
 *
 * Returns: the body's value. Throws: what the body throws; ArgumentTypeError if it is no function.
 * Checkpoint: no. Cancel: the body is cancelled.
 * Example: `yield* onHost(network.host('api'), function* () { … })`.
 */
export function onHost<T>(host: SimulatedHost, body: ScopeBody<void, T>): ScopedOperation<T> {
  assertBody(body, 'onHost');
  return new ScopedOperation(function* (): Coroutine<T> {
    const task = steppingTask('onHost');
    const { network } = getRunningLoop()._engine as unknown as SimulatedEngine;
    network._hostHere = currentHost;
    const token = hostHere.set(host);
    try {
      return yield* callBody(body, undefined, task);
    } finally {
      hostHere.reset(token);
    }
  });
}

function currentHost(): SimulatedHost | null {
  return hostHere.get() ?? null;
}
