// How long files and functions are. A function's length runs from its first line (without its comment) to its closing
// brace; one inside another counts for both, because a reader of the outer one reads it too.
import * as ts from 'typescript';
import { functionsOf } from './cpp_scanner';
import type { SourceFile, Violation } from './source_tree';

/** Line counts are those of an editor: a final line break does not begin another line. */
export function lineCount(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

/** Files of more than `limit` lines. `excepted` maps a path to the reason why it may be longer. */
export function findLongFiles(
  files: readonly SourceFile[],
  limit: number,
  excepted: Readonly<Record<string, string>> = {},
): Violation[] {
  return files
    .filter((file) => excepted[file.path] === undefined && lineCount(file.text) > limit)
    .map((file) => ({ where: file.path, what: `${lineCount(file.text)} lines, more than ${limit}` }));
}

function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

function typescriptFunctions(file: SourceFile): { name: string; line: number; lines: number }[] {
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2022, true);
  const found: { name: string; line: number; lines: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (isFunction(node)) {
      const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
      const last = tree.getLineAndCharacterOfPosition(node.end).line;
      found.push({ name: node.name?.getText(tree) ?? '(anonymous)', line: first + 1, lines: last - first + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function measuredFunctions(file: SourceFile): { name: string; line: number; lines: number }[] {
  if (file.path.endsWith('.ts')) return typescriptFunctions(file);
  return functionsOf(file).map(({ name, first, last }) => ({ name, line: first, lines: last - first + 1 }));
}

/** Functions of more than `limit` lines. `excepted` maps `path name` to the reason why it may be longer. */
export function findLongFunctions(
  files: readonly SourceFile[],
  limit: number,
  excepted: Readonly<Record<string, string>> = {},
): Violation[] {
  return files.flatMap((file) =>
    measuredFunctions(file)
      .filter(({ name, lines }) => lines > limit && excepted[`${file.path} ${name}`] === undefined)
      .map(({ name, line, lines }) => ({
        where: `${file.path}:${line}`,
        what: `${name} has ${lines} lines, more than ${limit}`,
      })),
  );
}
