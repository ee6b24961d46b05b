// The syntax trees that rules look at: names for their nodes, and the few questions that several rules ask of them.
// Trees are those of ESLint's own parser and of typescript-eslint's; types come from the latter, and nothing is loaded.

import type { AST_NODE_TYPES, TSESTree } from '@typescript-eslint/types';

export type Node = TSESTree.Node;
export type NodeType = `${AST_NODE_TYPES}`;
export type NodeOf<K extends NodeType> = Node extends infer N
  ? N extends Node
    ? `${N['type']}` extends K
      ? N
      : never
    : never
  : never;
export type FunctionNode = NodeOf<'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression'>;
/** A `function*`; the mark keeps a check that fails from saying that it is no function. */
export type GeneratorFunctionNode = FunctionNode & { readonly generator: true };
/** An `async function`, likewise. */
export type AsyncFunctionNode = FunctionNode & { readonly async: true };
export type VisitorKeys = Readonly<Record<string, readonly string[] | undefined>>;

/** True for a node of one of the given types. */
export function is<K extends NodeType>(node: Node | null | undefined, ...types: readonly K[]): node is NodeOf<K> {
  return node !== null && node !== undefined && (types as readonly string[]).includes(node.type);
}

export function isFunction(node: Node | null | undefined): node is FunctionNode {
  return is(node, 'FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression');
}

/** True for a `function*`, and not for an `async function*`. */
export function isGeneratorFunction(node: Node | null | undefined): node is GeneratorFunctionNode {
  return isFunction(node) && node.generator && !node.async;
}

/** True for an `async function`, and not for an `async function*`. */
export function isAsyncFunction(node: Node | null | undefined): node is AsyncFunctionNode {
  return isFunction(node) && node.async && !node.generator;
}

const LOOPS = ['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement'] as const;

export function isLoop(node: Node | null | undefined): node is NodeOf<(typeof LOOPS)[number]> {
  return is(node, ...LOOPS);
}

/** The node around another; ESLint's and typescript-eslint's trees end in different ways. */
export function parentOf(node: Node): Node | null {
  return (node.parent as Node | null | undefined) ?? null;
}

/** The innermost function around a node, itself left out; null at the top of a file. */
export function functionAround(node: Node): FunctionNode | null {
  for (let outer = parentOf(node); outer !== null; outer = parentOf(outer)) {
    if (isFunction(outer)) return outer;
    if (is(outer, 'StaticBlock', 'PropertyDefinition')) return null;
  }
  return null;
}

const MARKS = [
  ...(['TSNonNullExpression', 'TSAsExpression', 'TSSatisfiesExpression', 'TSTypeAssertion'] as const),
  'ChainExpression',
] as const;

/** The expression itself, without the marks that change nothing at run time: `x!`, `x as T`, `a?.b` around a chain. */
export function bare(node: Node): Node {
  let inner = node;
  while (is(inner, ...MARKS)) inner = inner.expression;
  return inner;
}

/** The same node or the outermost one that only marks it: what stands in the place of the expression. */
export function marked(node: Node): Node {
  let outer = node;
  for (let next = parentOf(outer); next !== null && bare(next) === bare(node); next = parentOf(outer)) outer = next;
  return outer;
}

/** The name of a property that is written out, `a.name` or `a['name']`; null for a computed or a private one. */
export function propertyName(node: NodeOf<'MemberExpression'>): string | null {
  if (!node.computed) return is(node.property, 'Identifier') ? node.property.name : null;
  return is(node.property, 'Literal') && typeof node.property.value === 'string' ? node.property.value : null;
}

/** The parts of `a.b.close(1)`: `a.b`, `close`, and what it is given. */
export interface MethodCall {
  readonly receiver: Node;
  readonly name: string;
  readonly arguments: readonly Node[];
}

/** The parts of a call of a method whose name is written out; null for everything else. */
export function methodCall(expression: Node | null | undefined): MethodCall | null {
  const call = expression === null || expression === undefined ? null : bare(expression);
  const callee = is(call, 'CallExpression') ? bare(call.callee) : null;
  if (!is(call, 'CallExpression') || !is(callee, 'MemberExpression')) return null;
  const name = propertyName(callee);
  return name === null ? null : { receiver: callee.object, name, arguments: call.arguments };
}

/**
 * Looks at a node and at all below it that run with it: the bodies of functions and classes inside are left out.
 * `visit` answers false where nothing below is of interest.
 */
export function forEachOwn(node: Node, keys: VisitorKeys, visit: (node: Node) => boolean): void {
  if (!visit(node)) return;
  for (const key of keys[node.type] ?? []) {
    const child = (node as unknown as Readonly<Record<string, unknown>>)[key];
    for (const below of Array.isArray(child) ? (child as unknown[]) : [child]) {
      if (isNode(below) && !isFunction(below) && !is(below, 'ClassBody')) forEachOwn(below, keys, visit);
    }
  }
}

/** True if `test` holds for the node, or for one below it that runs with it. */
export function someOwn(node: Node, keys: VisitorKeys, test: (node: Node) => boolean): boolean {
  let found = false;
  forEachOwn(node, keys, (below) => {
    found ||= test(below);
    return !found;
  });
  return found;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}
