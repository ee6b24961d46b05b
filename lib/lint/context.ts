// What rules use of ESLint, written down here: so the declarations need no types of ESLint, and any version that has
// these few things will do.

import type { TSESTree } from '@typescript-eslint/types';
import type * as ts from 'typescript';
import type { Node, VisitorKeys } from './syntax.js';

/** Where a name was bound: an import, a declaration. */
export interface Definition {
  readonly type: string;
  /** The specifier, the declarator, the function. */
  readonly node: Node;
  readonly parent?: Node | null;
}

export interface Variable {
  readonly name: string;
  readonly defs: readonly Definition[];
  readonly references: readonly { readonly identifier: Node; isWrite(): boolean }[];
}

export interface Scope {
  readonly set: ReadonlyMap<string, Variable>;
  readonly upper: Scope | null;
}

/** What typescript-eslint's parser hands on when it was given a TypeScript project. */
export interface ParserServices {
  readonly program?: ts.Program | null;
  readonly esTreeNodeToTSNodeMap?: { get(node: Node): ts.Node | undefined };
}

export interface Token {
  readonly type: string;
  readonly value: string;
  readonly range: readonly [number, number];
}

export interface SourceCode {
  readonly ast: TSESTree.Program;
  readonly visitorKeys: VisitorKeys;
  readonly parserServices?: ParserServices;
  getText(node: Node): string;
  getScope(node: Node): Scope;
  getFirstToken(node: Node): Token | null;
  getTokenBefore(node: Node): Token | null;
}

export interface Fix {
  readonly range: readonly [number, number];
  readonly text: string;
}

export interface Fixer {
  insertTextBefore(node: Node, text: string): Fix;
  insertTextAfter(node: Node | Token, text: string): Fix;
  insertTextAfterRange(range: readonly [number, number], text: string): Fix;
  replaceText(node: Node, text: string): Fix;
}

export type Mend = (fixer: Fixer) => Fix | readonly Fix[];

export interface Suggestion {
  readonly messageId: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly fix: Mend;
}

export interface Problem {
  readonly node: Node;
  readonly loc?: TSESTree.SourceLocation;
  readonly messageId: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly fix?: Mend;
  readonly suggest?: readonly Suggestion[];
}

export interface RuleContext {
  readonly sourceCode: SourceCode;
  readonly options: readonly unknown[];
  readonly settings: Readonly<Record<string, unknown>>;
  report(problem: Problem): void;
}

/** The variable that a name means where it stands, or null for one that nobody in the file has declared. */
export function findVariable(source: SourceCode, identifier: Node & { readonly name: string }): Variable | null {
  for (let scope: Scope | null = source.getScope(identifier); scope !== null; scope = scope.upper) {
    const variable = scope.set.get(identifier.name);
    if (variable !== undefined) return variable;
  }
  return null;
}
