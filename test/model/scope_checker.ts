// The model checker for scopes and cancellation: programs from seeds, made smaller when they fail.
import type { Finding } from './checker';
import { type Program, printed, programOf } from './program';
import { playScopes, SCOPE_OPERATIONS } from './scope_player';
import { smaller } from './shrink';

/** Returns: the program about scopes of a seed. */
export function scopeProgramFor(seed: number): Program {
  return programOf(seed, new Map([['scopes', SCOPE_OPERATIONS]]));
}

/** Plays a program. Returns: it and what happened, as text, and what went wrong. */
export async function tracedScopes(program: Program): Promise<{ text: string; fault: Error | null }> {
  const lines: string[] = [];
  const fault = await playScopes(program, (line) => lines.push(line));
  return { text: [printed(program), ...lines.map((line) => `  ${line}`)].join('\n'), fault };
}

/** Plays the program about scopes of one seed. Returns: what was found, or null. */
export async function checkScopes(seed: number): Promise<Finding | null> {
  const program = scopeProgramFor(seed);
  if ((await playScopes(program)) === null) return null;
  const small = await smaller(program, async (candidate) => (await playScopes(candidate)) !== null);
  const { text, fault } = await tracedScopes(small);
  return { seed, message: fault?.message ?? 'it does not fail again', report: text };
}
