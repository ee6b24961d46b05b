// Finds tests that wait on real time or bind a fixed port: such tests are slow on a fast day and fail on a slow one.
// Tests use the virtual clock, handshakes and port 0. A test whose subject *is* real time says so where it waits, in a
// comment on that line or the one above: `// real time: reason`.
import * as ts from 'typescript';
import { blankNotCode } from './cpp_scanner';
import type { SourceFile, Violation } from './source_tree';

const excuse = /(?:\/\/|\/\*)\s*real time: \S.{8,}/;
const loopSpans = new Set(['sleep', 'sleepUntil', 'callLater', 'callAt']);
const simulations = new Set(['simulate', 'explore', 'exploreTest', 'simulated', 'explored']);
const realLoops = new Set(['run', 'runBlocking', 'runMain', 'EventLoop', 'Runner']);

function isExcused(text: string, line: number): boolean {
  const lines = text.split('\n');
  return excuse.test(lines[line] ?? '') || excuse.test(lines[line - 1] ?? '');
}

/** The last part of what is called: `setTimeout` for `globalThis.setTimeout`. */
function calleeName(node: ts.CallExpression | ts.NewExpression): string {
  return ts.isPropertyAccessExpression(node.expression) ? node.expression.name.text : node.expression.getText();
}

function isZero(node: ts.Expression | undefined): boolean {
  return node === undefined || (ts.isNumericLiteral(node) && Number(node.text) === 0) || /^-/.test(node.getText());
}

/** With what a loop was made: the text after `new EventLoop(` in the nearest declaration of `name` before `node`. */
function argumentsOfMaking(name: string, node: ts.Node): string | null {
  if (!/^\w+$/.test(name)) return null;
  const before = node.getSourceFile().text.slice(0, node.getStart());
  const declared = new RegExp(`\\b(?:const|let) (?:${name}\\b|\\{[^}]*\\b${name}\\b[^}]*\\})[^=]*=\\s*([^;]*)`, 'g');
  const value = [...before.matchAll(declared)].at(-1)?.[1] ?? '';
  return /^new (?:Runner|EventLoop)\(([^]*)/.exec(value)?.[1] ?? null;
}

/** Whether a call starts, or belongs to, a loop on the real clock: one that was given no engine. */
function isOfRealLoop(call: ts.CallExpression | ts.NewExpression): boolean {
  if (ts.isPropertyAccessExpression(call.expression)) {
    const made = argumentsOfMaking(call.expression.expression.getText(), call);
    return made !== null && !/\bengine\b/.test(made);
  }
  const isLoop = realLoops.has(call.expression.getText());
  return isLoop && !(call.arguments ?? []).some((argument) => /\bengine\b/.test(argument.getText()));
}

/** Whether `node` is a call of a loop on the real clock, or stands inside one. */
function isOnRealLoop(node: ts.Node): boolean {
  if (ts.isSourceFile(node)) return false;
  if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && isOfRealLoop(node)) return true;
  return isOnRealLoop(node.parent);
}

/** Whether `node` stands in what is given to a simulation, where Node's timers and all ports are virtual. */
function isSimulated(node: ts.Node): boolean {
  if (ts.isSourceFile(node)) return false;
  return (ts.isCallExpression(node) && simulations.has(node.expression.getText())) || isSimulated(node.parent);
}

function complaintAboutCall(node: ts.CallExpression): string | null {
  const name = calleeName(node);
  if (name === 'setInterval') return 'setInterval runs on real time';
  if (name === 'setTimeout' && !isZero(node.arguments[1])) return 'setTimeout waits on real time';
  if (node.expression.getText() === 'Atomics.wait') return 'Atomics.wait blocks in real time';
  if (name === 'listen' && ts.isNumericLiteral(node.arguments[0] ?? node) && !isZero(node.arguments[0])) {
    return 'listens on a fixed port; use port 0';
  }
  if (loopSpans.has(name) && !isZero(node.arguments[0]) && isOnRealLoop(node)) {
    return `${name} waits on the real clock of a loop without a simulated engine`;
  }
  return null;
}

function complaintAbout(node: ts.Node): string | null {
  if (ts.isCallExpression(node)) return complaintAboutCall(node);
  if (ts.isPropertyAssignment(node) && node.name.getText() === 'port' && ts.isNumericLiteral(node.initializer)) {
    return isZero(node.initializer) ? null : 'names a fixed port; use port 0';
  }
  if (ts.isImportDeclaration(node) && /^'(node:)?timers\/promises'$/.test(node.moduleSpecifier.getText())) {
    return /\b(setTimeout|setInterval|scheduler|\*)/.test(node.importClause?.getText() ?? '')
      ? 'imports timers that wait on real time'
      : null;
  }
  return null;
}

/** Waits on real time in TypeScript tests. */
export function findRealTime(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) => {
    const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2022, true);
    const violations: Violation[] = [];
    const visit = (node: ts.Node): void => {
      const complaint = complaintAbout(node);
      const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
      if (complaint !== null && !isExcused(file.text, line) && !isSimulated(node)) {
        violations.push({ where: `${file.path}:${line + 1}`, what: complaint });
      }
      ts.forEachChild(node, visit);
    };
    visit(tree);
    return violations;
  });
}

const nativeWaits = /\b(?:sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep|sleep)\s*\(|\bhtons\(\s*[1-9]/;

/** Waits on real time in native tests. */
export function findNativeRealTime(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) =>
    blankNotCode(file.text)
      .split('\n')
      .map((code, line) => ({ code, line }))
      .filter(({ code, line }) => nativeWaits.test(code) && !isExcused(file.text, line))
      .map(({ code, line }) => ({
        where: `${file.path}:${line + 1}`,
        what: `real time or a fixed port: ${code.trim()}`,
      })),
  );
}
