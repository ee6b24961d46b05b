// The programs inside Markdown pages. A fenced block of TypeScript or JavaScript is a program: it compiles and runs as
// it stands, unless its first line says `// not run: reason`, which is for fragments and for code that must fail.
import * as ts from 'typescript';
import type { SourceFile } from './source_tree';

export interface Snippet {
  /** `README.md:12`: the page and the line of the block's first line. */
  readonly where: string;
  readonly isTypeScript: boolean;
  readonly code: string;
}

const fence = /^([ \t]*)(`{3,}|~{3,})[ \t]*(\w*)[^\n]*\n([\s\S]*?)^[ \t]*\2[ \t]*$/gm;
const typescript = new Set(['ts', 'typescript', 'mts']);
const javascript = new Set(['js', 'javascript', 'mjs']);

/** The snippets of a page that are to be run. */
export function snippetsOf(page: SourceFile): Snippet[] {
  return [...page.text.matchAll(fence)].flatMap((match) => {
    const [, indent = '', , language = '', body = ''] = match;
    const code = body.replace(new RegExp(`^${indent}`, 'gm'), '');
    if (!typescript.has(language) && !javascript.has(language)) return [];
    if (/^\s*\/\/ not run: \S/.test(code)) return [];
    const line = page.text.slice(0, match.index).split('\n').length + 1;
    return [{ where: `${page.path}:${line}`, isTypeScript: typescript.has(language), code }];
  });
}

/** Type errors of each given file, as one line each; files without any are left out. */
export function typeErrors(files: readonly string[], options: ts.CompilerOptions): Map<string, string[]> {
  const program = ts.createProgram([...files], { ...options, noEmit: true });
  const found = new Map<string, string[]>();
  for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
    const { file, start } = diagnostic;
    const name = file?.fileName ?? '(options)';
    const line = file === undefined || start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
    const text = `line ${line}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
    found.set(name, [...(found.get(name) ?? []), text]);
  }
  return found;
}

/** The JavaScript of one module, its types taken away. */
export function toJavaScript(code: string): string {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  return ts.transpileModule(code, { compilerOptions, fileName: 'snippet.mts' }).outputText;
}
