// Makes a failing program smaller: leaves out actors and steps, and takes steps out of what they are in, for as long as
// it still fails.
import type { Program, Step } from './program';

const MOST_TRIALS = 1_500;

/** All lists of steps that are one step shorter, or have a step replaced by what is inside it. */
function* shorter(steps: readonly Step[]): Generator<Step[]> {
  for (const [at, step] of steps.entries()) {
    const [before, after] = [steps.slice(0, at), steps.slice(at + 1)];
    yield [...before, ...after];
    if (step.inside.length > 0) yield [...before, ...step.inside, ...after];
    for (const inside of shorter(step.inside)) yield [...before, { ...step, inside }, ...after];
    if (step.isAsync) yield [...before, { ...step, isAsync: false }, ...after];
  }
}

// An actor is emptied rather than left out where its number matters: cancels name tasks by their number.
function* candidates(program: Program): Generator<Program> {
  const { actors } = program;
  for (const [at, actor] of actors.entries()) {
    const others = (changed: readonly (typeof actor)[]): Program => ({
      ...program,
      actors: [...actors.slice(0, at), ...changed, ...actors.slice(at + 1)],
    });
    if (actors.length > 1) yield others([]);
    if (actor.steps.length > 0) yield others([{ ...actor, steps: [] }]);
    for (const steps of shorter(actor.steps)) yield others([{ ...actor, steps }]);
    if (actor.isAsync) yield others([{ ...actor, isAsync: false }]);
  }
}

/** Returns: the smallest program found that still fails; the first one if none is smaller. */
export async function smaller(program: Program, fails: (candidate: Program) => Promise<boolean>): Promise<Program> {
  let trials = 0;
  let best = program;
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const candidate of candidates(best)) {
      if (++trials > MOST_TRIALS) return best;
      if (!(await fails(candidate))) continue;
      best = candidate;
      isSmaller = true;
      break;
    }
  }
  return best;
}
