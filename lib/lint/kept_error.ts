// An error that a handler keeps in a variable, `failure = error`, for the code behind the `try` to throw. That code is
// followed as the handler is, as far as the blocks around it lead: a loop that begins again, or the end of the function,
// is where the error is lost. Only a variable that nobody writes in between is followed.

import { findVariable, type Variable } from './context.js';
import { isThrownOn } from './handler_flow.js';
import type { Judge } from './judge.js';
import { bare, functionAround, is, type Node, type NodeOf, parentOf } from './syntax.js';

/** True if a handler that ends without a throw has kept its error, and every way that leads on from there throws it. */
export function isThrownLater(judge: Judge, handler: NodeOf<'CatchClause'>): boolean {
  const name = keptIn(judge, handler);
  return name !== null && isThrownOn(judge, statementsAfter(handler.parent), name);
}

// The handler's own statements alone are looked at: what stands within a branch may be left out.
function keptIn(judge: Judge, handler: NodeOf<'CatchClause'>): string | null {
  if (!is(handler.param, 'Identifier')) return null;
  for (const statement of handler.body.body) {
    const assignment = is(statement, 'ExpressionStatement') ? bare(statement.expression) : null;
    if (!is(assignment, 'AssignmentExpression') || assignment.operator !== '=') continue;
    const { left } = assignment;
    const right = bare(assignment.right);
    if (!is(left, 'Identifier') || !is(right, 'Identifier') || right.name !== handler.param.name) continue;
    const variable = findVariable(judge.source, left);
    if (variable !== null && isKept(variable, left, handler)) return left.name;
  }
  return null;
}

// No other write can come between the assignment and the code behind the `try`: none stands after it, and none in another
// function, which might run at any time.
function isKept(variable: Variable, assigned: Node, handler: NodeOf<'CatchClause'>): boolean {
  const fn = functionAround(handler);
  return variable.references.every((reference) => {
    const { identifier } = reference;
    if (!reference.isWrite() || identifier === assigned) return true;
    return functionAround(identifier) === fn && identifier.range[0] < handler.range[0];
  });
}

/** What runs after a statement, up to a loop's or a function's end. */
function statementsAfter(statement: Node): Node[] {
  const after: Node[] = [];
  let node = statement;
  for (let outer = parentOf(node); is(outer, 'BlockStatement', 'IfStatement'); outer = parentOf(node)) {
    if (is(outer, 'BlockStatement')) after.push(...outer.body.slice(outer.body.indexOf(node as never) + 1));
    node = outer;
  }
  return after;
}
