// What a TypeScript file imports, read from its syntax tree: static, type-only and dynamic imports, re-exports,
// `import('…')` types and `require` calls. A rule about imports that missed one of these forms would not hold.
import path from 'node:path';
import * as ts from 'typescript';
import type { Edge } from './floors';
import type { SourceFile } from './source_tree';

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (!ts.isCallExpression(node)) return undefined;
  const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const isRequire = /(^|\.)require(\.resolve)?$/.test(node.expression.getText());
  return isImport || isRequire ? node.arguments[0] : undefined;
}

/** The module names in `file`, as written. */
export function importsOf(file: SourceFile): string[] {
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2022, true);
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) names.push(specifier.text);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return names;
}

/** The edges between the files of a tree whose top folder is `top`; names of packages are left out. */
export function edgesOf(files: readonly SourceFile[], top: string): Edge[] {
  const known = new Set(files.map((file) => file.path));
  return files.flatMap((file) =>
    importsOf(file)
      .filter((name) => name.startsWith('.'))
      .map((name) => ({
        from: path.posix.relative(top, file.path),
        to: path.posix.relative(top, resolveIn(known, path.posix.dirname(file.path), name)),
      })),
  );
}

function resolveIn(known: ReadonlySet<string>, folder: string, name: string): string {
  const plain = path.posix.join(folder, name).replace(/\.js$/, '');
  return [`${plain}.ts`, `${plain}/index.ts`].find((candidate) => known.has(candidate)) ?? `${plain}.ts`;
}

/** The packages that `file` imports, Node's own modules left out when they are written with `node:`. */
export function packagesOf(file: SourceFile): string[] {
  return importsOf(file).filter((name) => !name.startsWith('.') && !name.startsWith('node:'));
}
