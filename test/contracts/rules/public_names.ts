// The public names, read from the declarations that the build wrote. A public name is one that a surface exports, or
// one that the types of such a name mention: a user who holds a value needs a word for its type.
import path from 'node:path';
import * as ts from 'typescript';
import type { Violation } from './source_tree';

export interface Surface {
  readonly name: string;
  readonly checker: ts.TypeChecker;
  /** Name as exported -> the symbol of its declaration, aliases followed. */
  readonly exports: ReadonlyMap<string, ts.Symbol>;
}

function follow(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** Reads the surfaces `dist/<name>.d.ts` in one program, so that a symbol is one object in all of them. */
export function readSurfaces(declarations: readonly string[], options: ts.CompilerOptions): Surface[] {
  const program = ts.createProgram([...declarations], options);
  const checker = program.getTypeChecker();
  return declarations.map((file) => {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is missing or exports nothing`);
    const exported = checker.getExportsOfModule(module);
    const named = exported.map((symbol) => [symbol.name, follow(symbol, checker)] as const);
    return { name: path.basename(file, '.d.ts'), checker, exports: new Map(named) };
  });
}

/** Exported names without a docstring. */
export function findUndocumented(surfaces: readonly Surface[]): Violation[] {
  return surfaces.flatMap(({ name, checker, exports }) =>
    [...exports]
      .filter(([, symbol]) => ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() === '')
      .map(([exported]) => ({ where: name, what: `${exported} has no docstring` })),
  );
}

/** Declarations that two surfaces export. */
export function findExportedTwice(surfaces: readonly Surface[]): Violation[] {
  const seen = new Map<ts.Symbol, string>();
  return surfaces.flatMap(({ name, exports }) =>
    [...exports].flatMap(([exported, symbol]) => {
      const earlier = seen.get(symbol);
      seen.set(symbol, `${exported} of ${name}`);
      return earlier === undefined ? [] : [{ where: name, what: `${exported} is already ${earlier}` }];
    }),
  );
}

/**
 * The identifiers of types that a declaration mentions. What a class extends or implements is left out: its members are
 * read as the class's own, and nobody has to name the base to use them.
 */
function mentioned(node: ts.Node, into: ts.Identifier[]): ts.Identifier[] {
  if (ts.isHeritageClause(node)) return into;
  if (ts.isTypeReferenceNode(node)) into.push(leftmost(node.typeName));
  else if (ts.isTypeQueryNode(node)) into.push(leftmost(node.exprName));
  ts.forEachChild(node, (child) => void mentioned(child, into));
  return into;
}

function leftmost(name: ts.EntityName): ts.Identifier {
  return ts.isIdentifier(name) ? name : leftmost(name.left);
}

/** The declarations whose members a value of this name has: its own and those of its bases. */
function membersOf(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Declaration[] {
  const own = symbol.declarations ?? [];
  const clauses = own.flatMap((node) => ((ts.isClassLike(node) && node.heritageClauses) || []));
  const bases = clauses.filter((clause) => clause.token === ts.SyntaxKind.ExtendsKeyword);
  return [
    ...own,
    ...bases.flatMap((clause) => clause.types).flatMap(({ expression }) => {
      const base = checker.getSymbolAtLocation(expression);
      return base === undefined ? [] : membersOf(follow(base, checker), checker);
    }),
  ];
}

/** A generic alias computes a type; a user sees, and can name, what it computes. */
function isComputed(symbol: ts.Symbol): boolean {
  const declarations = symbol.declarations ?? [];
  return declarations.some((node) => ts.isTypeAliasDeclaration(node) && node.typeParameters !== undefined);
}

/** Types of the build's own files that a public declaration mentions and no surface exports. */
export function findUnnamed(surfaces: readonly Surface[], folder: string): Violation[] {
  const exported = new Set(surfaces.flatMap(({ exports }) => [...exports.values()]));
  const missing = new Map<string, string>();
  for (const { name, checker, exports } of surfaces) {
    for (const [publicName, symbol] of exports) {
      for (const identifier of membersOf(symbol, checker).flatMap((declaration) => mentioned(declaration, []))) {
        const found = checker.getSymbolAtLocation(identifier);
        const target = found && follow(found, checker);
        if (target === undefined || exported.has(target) || isComputed(target) || !isOwn(target, folder)) continue;
        missing.set(target.name, `${target.name} is in the type of ${publicName} (${name}) and no surface exports it`);
      }
    }
  }
  return [...missing.values()].sort().map((what) => ({ where: 'surfaces', what }));
}

/** Whether a symbol is declared at the top of one of the build's files (type parameters and locals are not). */
function isOwn(symbol: ts.Symbol, folder: string): boolean {
  return (symbol.declarations ?? []).some((declaration) => {
    const owner = ts.isVariableDeclaration(declaration) ? declaration.parent.parent.parent : declaration.parent;
    return ts.isSourceFile(owner) && path.resolve(owner.fileName).startsWith(path.resolve(folder) + path.sep);
  });
}

/** What a surface begins with, so that a Node which cannot parse the rest is told so. */
export const FIRST_IMPORT = `import './base/node_version.js';`;

/** Statements of a surface's source that are no re-exports. */
export function findStatements(file: { readonly path: string; readonly text: string }): Violation[] {
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2022, true);
  return tree.statements
    .filter((statement, index) => !(index === 0 && statement.getText(tree) === FIRST_IMPORT))
    .filter((statement) => !ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined)
    .map((statement) => ({
      where: `${file.path}:${tree.getLineAndCharacterOfPosition(statement.getStart(tree)).line + 1}`,
      what: 'a surface holds re-exports only',
    }));
}
