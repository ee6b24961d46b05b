// Follows a CancelledError through the handler that has caught it: is it thrown on, whatever way the code takes? Tests
// on the error itself are decided for a CancelledError, so `if (!(error instanceof TimeoutError)) throw error` lets it
// pass; tests on other things may go either way. A function that is asked about the error is taken to know its business.

import type { Judge } from './judge.js';
import { bare, forEachOwn, is, isLoop, methodCall, type Node, type NodeOf, someOwn } from './syntax.js';

/** What becomes of the error: it is thrown on, or nobody throws it and the code goes on, or leaves the handler. */
export interface Fate {
  readonly goesOn: boolean;
  readonly isLost: boolean;
}

const THROWN: Fate = { goesOn: false, isLost: false };
const GOES_ON: Fate = { goesOn: true, isLost: false };
const LOST: Fate = { goesOn: false, isLost: true };

/** The value of a test for a CancelledError; `asked`: something was asked about it that nobody here can answer. */
type Truth = boolean | 'either' | 'asked';

const CANCELLED = new Set(['CancelledError', 'ERR_CANCELLED']);
const ASSERTING = /^(assert|expect|invariant)\b/;
const EVERY_ERROR = new Set(['Error', 'Object', 'ReadyloopError']);

/** True if the handler names CancelledError, or its code: whoever does that has thought of it. */
export function namesCancellation(judge: Judge, handler: Node): boolean {
  return someOwn(handler, judge.source.visitorKeys, (node) => {
    if (is(node, 'Literal')) return CANCELLED.has(String(node.value));
    if (is(node, 'Identifier')) return CANCELLED.has(node.name) || judge.imports.exportedName(node) === 'CancelledError';
    return false;
  });
}

/** What becomes of a CancelledError that arrives in `body` by the name of `parameter`. */
export function fateIn(judge: Judge, body: NodeOf<'BlockStatement'>, parameter: Node | null | undefined): Fate {
  const names = is(parameter, 'Identifier') ? [parameter.name] : [];
  return new HandlerFlow(judge, new Set(names)).list(body.body, false);
}

/** True if all ways through these statements throw the CancelledError that the variable `name` holds. */
export function isThrownOn(judge: Judge, statements: readonly Node[], name: string): boolean {
  const { goesOn, isLost } = new HandlerFlow(judge, new Set([name])).list(statements, false);
  return !goesOn && !isLost;
}

class HandlerFlow {
  readonly #judge: Judge;
  readonly #names: Set<string>;
  // Of the loops that are followed: a `break` or `continue` of such a loop does not leave the handler either.
  readonly #loopLabels = new Set<string>();

  constructor(judge: Judge, names: Set<string>) {
    this.#judge = judge;
    this.#names = names;
  }

  /** `inside`: within a loop or switch of the handler, where `break` does not leave it. */
  list(statements: readonly Node[], inside: boolean): Fate {
    let isLost = false;
    for (const statement of statements) {
      const fate = this.#statement(statement, inside);
      isLost ||= fate.isLost;
      if (!fate.goesOn) return { goesOn: false, isLost };
    }
    return { goesOn: true, isLost };
  }

  #statement(node: Node, inside: boolean): Fate {
    if (is(node, 'ThrowStatement')) return this.#isErrorItself(node.argument) ? THROWN : LOST;
    if (is(node, 'ReturnStatement')) return this.#isRejection(node.argument) ? THROWN : LOST;
    if (is(node, 'BreakStatement', 'ContinueStatement')) return this.#staysIn(node.label, inside) ? GOES_ON : LOST;
    if (is(node, 'BlockStatement')) return this.list(node.body, inside);
    if (is(node, 'IfStatement')) return this.#branch(node, inside);
    if (is(node, 'SwitchStatement')) return this.#switch(node);
    if (is(node, 'TryStatement')) return this.#try(node, inside);
    if (is(node, 'LabeledStatement')) return this.#labelled(node, inside);
    if (is(node, 'ExpressionStatement')) return this.#throwsOrExits(node.expression) ? THROWN : GOES_ON;
    if (is(node, 'VariableDeclaration')) this.#noteAliases(node);
    // A loop may run its body or not; what else there is has no way out.
    return isLoop(node) ? { goesOn: true, isLost: this.#statement(node.body, true).isLost } : GOES_ON;
  }

  #labelled({ label, body }: NodeOf<'LabeledStatement'>, inside: boolean): Fate {
    if (isLoop(body)) this.#loopLabels.add(label.name);
    return this.#statement(body, inside);
  }

  #staysIn(label: NodeOf<'Identifier'> | null, inside: boolean): boolean {
    return label === null ? inside : this.#loopLabels.has(label.name);
  }

  #branch({ test, consequent, alternate }: NodeOf<'IfStatement'>, inside: boolean): Fate {
    const truth = this.#truth(test);
    const whenTrue = this.#statement(consequent, inside);
    const whenFalse = alternate === null ? GOES_ON : this.#statement(alternate, inside);
    if (typeof truth === 'boolean') return truth ? whenTrue : whenFalse;
    if (truth === 'asked') return betterOf(whenTrue, whenFalse);
    return eitherOf(whenTrue, whenFalse);
  }

  #switch({ discriminant, cases }: NodeOf<'SwitchStatement'>): Fate {
    const isDefault = (node: NodeOf<'SwitchCase'>): boolean => node.test === null;
    const after = (index: number): Fate => this.list(cases.slice(index).flatMap((node) => node.consequent), true);
    const fallback = cases.findIndex(isDefault);
    const otherwise = fallback < 0 ? GOES_ON : after(fallback);
    // A code or name of the error is none of the cases: they would have named it.
    if (this.#mentionsError(discriminant)) return otherwise;
    return cases.map((_, index) => after(index)).reduce(eitherOf, otherwise);
  }

  #try({ block, finalizer }: NodeOf<'TryStatement'>, inside: boolean): Fate {
    const tried = this.list(block.body, inside);
    const final = finalizer === null ? GOES_ON : this.list(finalizer.body, inside);
    return final.goesOn ? { goesOn: tried.goesOn, isLost: tried.isLost || final.isLost } : final;
  }

  #truth(test: Node): Truth {
    const node = bare(test);
    if (is(node, 'UnaryExpression') && node.operator === '!') return not(this.#truth(node.argument));
    if (is(node, 'LogicalExpression')) {
      const [left, right] = [this.#truth(node.left), this.#truth(node.right)];
      return node.operator === '&&' ? and(left, right) : not(and(not(left), not(right)));
    }
    if (is(node, 'BinaryExpression')) return this.#comparison(node);
    if (is(node, 'Identifier') && this.#names.has(node.name)) return true;
    return this.#mentionsError(node) ? 'asked' : 'either';
  }

  #comparison({ operator, left, right }: NodeOf<'BinaryExpression'>): Truth {
    if (!this.#mentionsError(left) && !this.#mentionsError(right)) return 'either';
    if (operator === 'instanceof') {
      if (!is(bare(left), 'Identifier')) return 'asked';
      return is(right, 'Identifier') && EVERY_ERROR.has(this.#judge.imports.exportedName(right) ?? right.name);
    }
    // `error.code === 'ENOENT'`: a CancelledError has another code, another name.
    const isProperty = is(bare(left), 'MemberExpression') && is(right, 'Literal') && typeof right.value === 'string';
    if (isProperty && (operator === '===' || operator === '==')) return false;
    if (isProperty && (operator === '!==' || operator === '!=')) return true;
    return 'asked';
  }

  #isErrorItself(thrown: Node): boolean {
    const node = bare(thrown);
    if (is(node, 'Identifier')) return this.#names.has(node.name);
    // `throw asError(error)`: the function is asked.
    return is(node, 'CallExpression') && node.arguments.some((argument) => this.#mentionsError(argument));
  }

  #isRejection(returned: Node | null): boolean {
    const call = methodCall(returned);
    return call?.name === 'reject' && call.arguments.some((argument) => this.#mentionsError(argument));
  }

  #throwsOrExits(expression: Node): boolean {
    const node = bare(expression);
    if (!is(node, 'CallExpression')) return false;
    const callee = this.#judge.source.getText(node.callee);
    if (callee === 'process.exit' || (ASSERTING.test(callee) && this.#fails(node))) return true;
    return this.#judge.types?.isNever(node) ?? false;
  }

  // `assert.ok(error instanceof TimeoutError)`, `expect(error).toBe(failure)`: it throws for another error.
  #fails(assertion: NodeOf<'CallExpression'>): boolean {
    const [test] = assertion.arguments;
    const truth = test === undefined ? 'either' : this.#truth(test);
    return truth === false || (truth !== true && this.#mentionsError(assertion));
  }

  #mentionsError(node: Node): boolean {
    return someOwn(node, this.#judge.source.visitorKeys, (below) => is(below, 'Identifier') && this.#names.has(below.name));
  }

  #noteAliases(node: NodeOf<'VariableDeclaration'>): void {
    forEachOwn(node, this.#judge.source.visitorKeys, (below) => {
      if (is(below, 'VariableDeclarator') && is(below.id, 'Identifier') && below.init !== null) {
        const init = bare(below.init);
        if (is(init, 'Identifier') && this.#names.has(init.name)) this.#names.add(below.id.name);
      }
      return true;
    });
  }
}

function eitherOf(a: Fate, b: Fate): Fate {
  return { goesOn: a.goesOn || b.goesOn, isLost: a.isLost || b.isLost };
}

function betterOf(a: Fate, b: Fate): Fate {
  const badness = ({ goesOn, isLost }: Fate): number => (isLost ? 2 : 0) + (goesOn ? 1 : 0);
  return badness(a) <= badness(b) ? a : b;
}

function not(truth: Truth): Truth {
  return typeof truth === 'boolean' ? !truth : truth;
}

function and(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false;
  if (a === true) return b;
  if (b === true) return a;
  return a === 'asked' || b === 'asked' ? 'asked' : 'either';
}
