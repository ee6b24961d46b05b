// A small reading of C++: it blanks comments and literals, then follows braces to find functions. It understands the
// C++ of this project (no macros that open braces), not the language; lambdas count as part of their function.
import type { SourceFile } from './source_tree';

/** A run of lines, counted from 1, both ends included. */
export interface FunctionLines {
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

const notCode = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|R"([^()\s\\]*)\([\s\S]*?\)\1"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'/g;

/** The text with comments, strings and preprocessor lines blanked; line breaks and positions stay. */
export function blankNotCode(text: string): string {
  const separatorsKept = text.replace(/(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])/g, '_');
  const literals = separatorsKept.replace(notCode, (match) => match.replace(/[^\n]/g, ' '));
  return literals.replace(/^[ \t]*#(?:[^\n\\]|\\\n|\\.)*/gm, (match) => match.replace(/[^\n]/g, ' '));
}

const container = /^(?:inline\s+)?(?:namespace\b|extern\b)|(?:^|\s)(?:class|struct|union|enum)\b[^()]*$/;
const notFunction = /^(?:if|for|while|switch|do|else|try|catch|return)\b|[=,(]$|\breturn$/;

/** The name of the function whose body opens after `head`, or null when `head` opens something else. */
function functionName(head: string): string | null {
  const plain = head.replace(/\[\[[^\]]*\]\]/g, ' ').trim();
  if (container.test(plain) || notFunction.test(plain)) return null;
  const match = /([A-Za-z_~][\w:~]*|operator\s*\S+?)\s*\(/.exec(plain);
  return match?.[1] ?? null;
}

interface Block {
  /** The function that the block is the body of, or null. */
  readonly name: string | null;
  readonly start: number;
  /** Set for `member_{value}`: the head that it interrupts goes on after it. */
  readonly resumesHeadAt: number | null;
}

/** The outermost functions of a file, with the lines from the start of their signature to their closing brace. */
export function functionsOf(file: SourceFile): FunctionLines[] {
  const code = blankNotCode(file.text);
  const lineAt = (index: number): number => code.slice(0, index).split('\n').length;
  const open: Block[] = [];
  const functions: FunctionLines[] = [];
  let headStart = 0;
  for (const { 0: mark, index } of code.matchAll(/[{};]/g)) {
    let nextHead = index + 1;
    if (mark === '{') {
      open.push(openBlock(code, headStart, index, open));
    } else if (mark === '}') {
      const block = open.pop();
      if (block !== undefined && block.name !== null) {
        functions.push({ name: block.name, first: lineAt(block.start), last: lineAt(index) });
      }
      nextHead = block?.resumesHeadAt ?? nextHead;
    }
    headStart = nextHead;
  }
  return functions;
}

/** Bodies stand after a space, initializers of members directly after a name: that is how the sources are formatted. */
function openBlock(code: string, headStart: number, index: number, open: readonly Block[]): Block {
  const start = headStart + Math.max(0, code.slice(headStart).search(/\S/));
  if (/[\w>]/.test(code[index - 1] ?? '')) return { name: null, start, resumesHeadAt: headStart };
  const head = code.slice(headStart, index).replace(/\b(?:public|private|protected)\s*:/g, ' ');
  const isInner = open.some((block) => block.name !== null);
  return { name: isInner ? null : functionName(head), start, resumesHeadAt: null };
}
