// What all rules ask about the code of one file: which expressions give something to await, and which functions are
// coroutines. The compiler is asked first; what it does not know, or is not there to tell, is concluded from the imports
// and from the functions of the file itself. Where neither says anything, nothing is claimed.

import { findVariable, type RuleContext, type SourceCode } from './context.js';
import { Imports, modulesOf } from './imports.js';
import { COROUTINE_METHODS, isOurs, type Kind, KNOWN_CALLS } from './known_calls.js';
import {
  type AsyncFunctionNode,
  bare,
  type FunctionNode,
  functionAround,
  type GeneratorFunctionNode,
  is,
  isAsyncFunction,
  isFunction,
  isGeneratorFunction,
  marked,
  methodCall,
  type Node,
  type NodeOf,
  parentOf,
  someOwn,
} from './syntax.js';
import { Types } from './types.js';

// One for each file, shared by the rules that run over it.
const judges = new WeakMap<SourceCode, Judge>();

export function judgeOf(context: RuleContext): Judge {
  const { sourceCode } = context;
  const judge = judges.get(sourceCode) ?? new Judge(sourceCode, new Imports(sourceCode, modulesOf(context)));
  judges.set(sourceCode, judge);
  return judge;
}

export class Judge {
  readonly source: SourceCode;
  readonly imports: Imports;
  /** Null where there is no TypeScript project. */
  readonly types: Types | null;
  readonly #coroutines = new Map<Node, boolean>();
  readonly #waiting = new Map<Node, boolean>();
  /** What is being followed: a function that gives what it gives itself, a constant made of itself. */
  readonly #followed = new Set<Node>();

  constructor(source: SourceCode, imports: Imports) {
    this.source = source;
    this.imports = imports;
    this.types = Types.of(source);
  }

  /** What an expression gives; null for what is nothing to await, and for what nobody knows. */
  kindOf(expression: Node): Kind | null {
    const known = this.types?.kindOf(bare(expression));
    return known === undefined ? this.#kindBySyntax(bare(expression)) : known;
  }

  /** What calling a function gives. */
  kindOfResult(fn: Node): Kind | null {
    const known = this.types?.kindOfResult(bare(fn));
    return known === undefined ? this.#kindOfFunction(this.functionBehind(fn)) : known;
  }

  isOurs(expression: Node): boolean {
    return isOurs(this.kindOf(expression));
  }

  /** True for a `function*` that a task drives, as far as its body, its type or its uses tell. */
  isCoroutine(fn: FunctionNode | null): fn is GeneratorFunctionNode {
    if (fn === null || !isGeneratorFunction(fn)) return false;
    const known = this.#coroutines.get(fn);
    if (known !== undefined) return known;
    this.#coroutines.set(fn, false); // For one that leads back to itself.
    const answer = this.#waitsAsCoroutine(fn) || this.isHandedOver(fn) || this.#isCoroutineByType(fn);
    this.#coroutines.set(fn, answer);
    return answer;
  }

  /** True for an async function that awaits something of the library, itself or in one that it awaits. */
  waitsForOurs(fn: FunctionNode | null): fn is AsyncFunctionNode {
    if (fn === null || !isAsyncFunction(fn)) return false;
    const known = this.#waiting.get(fn);
    if (known !== undefined) return known;
    this.#waiting.set(fn, false);
    const answer = someOwn(fn.body, this.source.visitorKeys, (node) => this.isWait(node));
    this.#waiting.set(fn, answer);
    return answer;
  }

  /** True where a cancellation can be thrown: `yield*` and `await` of what is the library's, or waits for that. */
  isWait(node: Node): boolean {
    if (is(node, 'YieldExpression')) return node.delegate && node.argument !== null && this.#isDelegated(node);
    if (is(node, 'AwaitExpression')) return this.isOurs(node.argument) || this.#leadsToOurs(node.argument);
    return is(node, 'ForOfStatement') && node.await && (this.types?.isSource(node.right) ?? false);
  }

  /** The function of this file that an expression names or is; null for others. */
  functionBehind(expression: Node | null | undefined): FunctionNode | null {
    if (expression === null || expression === undefined) return null;
    const node = bare(expression);
    if (isFunction(node)) return node;
    if (is(node, 'MemberExpression')) return this.#methodBehind(node);
    if (!is(node, 'Identifier')) return null;
    const definition = this.#definitionOf(node);
    if (isFunction(definition)) return definition;
    return is(definition, 'VariableDeclarator') ? this.#functionOfInit(definition.init) : null;
  }

  /** True for a call that takes coroutines: of a function of the library, or of a method such as `createTask`. */
  isOurCall(call: Node | null | undefined): call is NodeOf<'CallExpression'> {
    if (!is(call, 'CallExpression')) return false;
    if (this.imports.exportedName(call.callee) !== null) return true;
    return this.imports.isUsed && COROUTINE_METHODS.has(methodCall(call)?.name ?? '');
  }

  /** True for a function that is given to the library, or that makes a coroutine which is. */
  isHandedOver(fn: FunctionNode): boolean {
    if (this.#isArgumentOfOurs(fn)) return true;
    const name = nameOf(fn);
    const variable = name === null ? null : findVariable(this.source, name);
    const uses = variable?.references.map(({ identifier }) => identifier) ?? [];
    return uses.some((use) => this.#isArgumentOfOurs(use) || (isCallee(use) && this.#isArgumentOfOurs(use.parent)));
  }

  #isArgumentOfOurs(node: Node): boolean {
    const { parent } = marked(node);
    return this.isOurCall(parent) && parent.callee !== marked(node);
  }

  #kindBySyntax(node: Node): Kind | null {
    if (is(node, 'Identifier')) return this.#kindOfConstant(node);
    if (!is(node, 'CallExpression')) return null;
    const name = this.imports.exportedName(node.callee);
    if (name !== null) return Object.hasOwn(KNOWN_CALLS, name) ? (KNOWN_CALLS[name] as Kind) : null;
    return this.#kindOfFunction(this.functionBehind(node.callee));
  }

  #kindOfFunction(fn: FunctionNode | null): Kind | null {
    if (this.isCoroutine(fn)) return 'coroutine';
    if (isAsyncFunction(fn)) return 'promise';
    // `() => sleep(1)` gives what it gives.
    return is(fn, 'ArrowFunctionExpression') && fn.expression ? this.#kindBehind(fn.body) : null;
  }

  #kindBehind(expression: Node): Kind | null {
    if (this.#followed.has(expression)) return null;
    this.#followed.add(expression);
    const kind = this.kindOf(expression);
    this.#followed.delete(expression);
    return kind;
  }

  #kindOfConstant(node: NodeOf<'Identifier'>): Kind | null {
    const definition = this.#definitionOf(node);
    if (!is(definition, 'VariableDeclarator') || definition.init === null || !is(definition.id, 'Identifier')) return null;
    return definition.parent.kind === 'const' ? this.#kindBehind(definition.init) : null;
  }

  #definitionOf(node: NodeOf<'Identifier'>): Node | null {
    const [definition, ...others] = findVariable(this.source, node)?.defs ?? [];
    // A parameter is defined by its function, which is not what it holds.
    const isDeclared = definition?.type === 'FunctionName' || definition?.type === 'Variable';
    return isDeclared && others.length === 0 ? definition.node : null;
  }

  // `const f = function* () {…}`, also `const f = coroutine(function* () {…})`.
  #functionOfInit(init: Node | null): FunctionNode | null {
    if (init === null) return null;
    const value = bare(init);
    if (isFunction(value)) return value;
    if (!is(value, 'CallExpression') || this.imports.exportedName(value.callee) !== 'coroutine') return null;
    const [marked] = value.arguments;
    return isFunction(marked) ? marked : null;
  }

  // `this.work()` in a class that has `*work() {…}`.
  #methodBehind(node: NodeOf<'MemberExpression'>): FunctionNode | null {
    if (!is(node.object, 'ThisExpression') || !is(node.property, 'Identifier', 'PrivateIdentifier')) return null;
    const { name, type } = node.property;
    let outer = parentOf(node);
    while (outer !== null && !is(outer, 'ClassBody')) outer = parentOf(outer);
    const members = outer?.body ?? [];
    for (const member of members) {
      if (!is(member, 'MethodDefinition') || member.static || member.key.type !== type) continue;
      if ((member.key as { name?: unknown }).name === name && isFunction(member.value)) return member.value;
    }
    return null;
  }

  #waitsAsCoroutine(fn: FunctionNode): boolean {
    return someOwn(fn.body, this.source.visitorKeys, (node) => is(node, 'YieldExpression') && this.isWait(node));
  }

  // Without types a `yield*` in a file that uses the library is taken for a wait: iterating lists that way is rare.
  #isDelegated(node: NodeOf<'YieldExpression'>): boolean {
    const argument = bare(node.argument as Node);
    const known = this.types?.kindOf(argument);
    if (known !== undefined) return isOurs(known);
    if (is(argument, 'CallExpression') && this.functionBehind(argument.callee) !== null) return this.isOurs(argument);
    return this.imports.isUsed && is(argument, 'CallExpression', 'Identifier', 'MemberExpression');
  }

  #isCoroutineByType(fn: FunctionNode): boolean {
    return fn.returnType !== undefined && this.types?.kindOfResult(fn) === 'coroutine';
  }

  #leadsToOurs(argument: Node): boolean {
    const call = bare(argument);
    return is(call, 'CallExpression') && this.waitsForOurs(this.functionBehind(call.callee));
  }
}

function nameOf(fn: FunctionNode): NodeOf<'Identifier'> | null {
  if (is(fn, 'FunctionDeclaration')) return fn.id;
  const { parent } = marked(fn);
  if (is(parent, 'VariableDeclarator') && is(parent.id, 'Identifier')) return parent.id;
  return null;
}

function isCallee(node: Node): node is Node & { readonly parent: NodeOf<'CallExpression'> } {
  return is(node.parent, 'CallExpression') && node.parent.callee === node;
}

/** How the function around a node waits. */
export function colourAt(node: Node): 'function*' | 'async' | null {
  const fn = functionAround(node);
  if (isGeneratorFunction(fn)) return 'function*';
  return isFunction(fn) && fn.async ? 'async' : null;
}
