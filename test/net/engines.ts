// The engine that the tests of a file run on: the native one, or the simulated one when on_simulated_engine.test.ts loads
// the file. The same lines run on both, so that the simulation cannot drift from the kernel.
import {
  run as runAnywhere, runBlocking as runBlockingAnywhere, type RunOptions,
} from '../../lib';
import { SimulatedEngine } from '../../lib/testing';

/** Which one it is. */
export const underTest = { isSimulated: false };

// Each run has an engine of its own, and with it a network.
function withEngine<O extends RunOptions>(options: O | undefined): O {
  return (underTest.isSimulated ? { engine: new SimulatedEngine(), ...options } : { ...options }) as O;
}

/** As the library's. */
export const run = ((main: never, options?: RunOptions) =>
  runAnywhere(main, withEngine(options))) as typeof runAnywhere;

/** As the library's. */
export const runBlocking = ((main: never, options?: RunOptions) =>
  runBlockingAnywhere(main, withEngine(options))) as typeof runBlockingAnywhere;

/** Declares tests of the native engine alone; `because` says what the simulation is without. */
export function onlyNative(because: string): typeof test {
  if (because === '') throw new Error('say why it cannot run on the simulated engine');
  if (!underTest.isSimulated) return test;
  const nothing = (): void => undefined;
  return Object.assign(nothing, { each: () => nothing }) as unknown as typeof test;
}
