// Random programs for the model checker, made of plain data: a seed gives always the same one, a failing one can be made
// smaller, and both can be printed.
import { type Random, randomFrom } from '../helpers/seed';

/** One line of a program, and the lines that run inside it. `number` means what `kind` makes of it. */
export interface Step {
  readonly kind: string;
  readonly number: number;
  readonly inside: readonly Step[];
  /** In which colour what is inside runs, where it is a body of its own. */
  readonly isAsync: boolean;
}

/** A task of the program. */
export interface Actor {
  readonly isAsync: boolean;
  readonly steps: readonly Step[];
}

export interface Program {
  readonly seed: number;
  /** The primitive under test, and its parameter. */
  readonly subject: string;
  readonly size: number;
  readonly actors: readonly Actor[];
}

/** What any program may do besides using its primitive; `inside` those that hold other steps. */
const AROUND = ['sleep', 'sleep', 'sleep', 'tick', 'cancel', 'cancel', 'cancelScope'] as const;
const SHELLS = ['moveOnAfter', 'moveOnAfter', 'failAfter', 'scope', 'shielded', 'shield', 'group'] as const;
const DEPTH = 3;

class Generator {
  readonly #random: Random;
  readonly #operations: readonly string[];
  readonly #isMixed: boolean;

  constructor(random: Random, operations: readonly string[], isMixed: boolean) {
    this.#random = random;
    this.#operations = operations;
    this.#isMixed = isMixed;
  }

  actors(): Actor[] {
    return Array.from({ length: 2 + this.#random(4) }, () => ({ isAsync: this.#isAsync(), steps: this.#steps(DEPTH, 5) }));
  }

  #isAsync(): boolean {
    return this.#isMixed && this.#random(2) === 0;
  }

  #steps(depth: number, most: number): Step[] {
    return Array.from({ length: 1 + this.#random(most) }, () => this.#step(depth));
  }

  #step(depth: number): Step {
    const choice = this.#random(100);
    const number = this.#random(6);
    const isAsync = this.#isAsync();
    if (choice < 60) {
      const inside = depth > 0 && this.#random(3) > 0 ? this.#steps(depth - 1, 2) : [];
      return { kind: this.#oneOf(this.#operations), number, inside, isAsync };
    }
    if (choice < 85 || depth === 0) return { kind: this.#oneOf(AROUND), number, inside: [], isAsync };
    return { kind: this.#oneOf(SHELLS), number, inside: this.#steps(depth - 1, 3), isAsync };
  }

  #oneOf<T>(choices: readonly T[]): T {
    return choices[this.#random(choices.length)]!;
  }
}

/** What a program may be about: the operations of each kind of primitive, repeated where they should come more often. */
export type Repertoire = ReadonlyMap<string, readonly string[]>;

/** Returns: the program of a seed. */
export function programOf(seed: number, repertoire: Repertoire): Program {
  const kinds = [...repertoire.keys()];
  const subject = kinds[seed % kinds.length]!;
  const random = randomFrom(seed);
  // Half of the programs have no async functions: those need no promise, and run faster.
  const generator = new Generator(random, repertoire.get(subject)!, random(2) === 0);
  return { seed, subject, size: random(4), actors: generator.actors() };
}

/** Returns: whether some part of it is an async function. */
export function isMixed(program: Program): boolean {
  const hasAsync = (steps: readonly Step[]): boolean => steps.some((step) => step.isAsync || hasAsync(step.inside));
  return program.actors.some((actor) => actor.isAsync || hasAsync(actor.steps));
}

function linesOf(steps: readonly Step[], indent: string): string[] {
  return steps.flatMap(({ kind, number, inside, isAsync }) => [
    `${indent}${kind} ${number}${inside.length > 0 && isAsync ? ' async' : ''}`,
    ...linesOf(inside, `${indent}  `),
  ]);
}

/** Returns: the program as text, one step a line. */
export function printed(program: Program): string {
  const actors = program.actors.flatMap(({ isAsync, steps }, index) => [
    `  actor ${index}${isAsync ? ' async' : ''}`,
    ...linesOf(steps, '    '),
  ]);
  return [`${program.subject}, size ${program.size}`, ...actors].join('\n');
}
