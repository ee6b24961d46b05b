// Reads what a stage of the CI printed from a file, and prints how many tests passed and failed in it: `12 0`. It knows
// the closing lines of Jest, ctest and this project's own scripts (`N passed, N failed`). The second argument is the
// stage's exit status; a stage without such a line is one test, one that says it tested nothing is none, and one that
// ended badly has failed at least once. Then come the lines of the stage that say what was not run, and why, each once:
// `not run: WHAT: WHY`.
import { readFileSync } from 'node:fs';

const [file, status] = process.argv.slice(2);
// Colours would hide the words.
const text = readFileSync(file, 'utf8').replace(/\u001b\[[\d;]*m/g, '');
const total = { passed: 0, failed: 0, skipped: 0, lines: 0 };

function add(passed, failed) {
  total.lines += 1;
  total.passed += Number(passed ?? 0);
  total.failed += Number(failed ?? 0);
}

for (const [, line] of text.matchAll(/^Tests:[ \t]+(.*)$/gm)) {
  add(/(\d+) passed/.exec(line)?.[1], /(\d+) failed/.exec(line)?.[1]);
  total.skipped += Number(/(\d+) skipped/.exec(line)?.[1] ?? 0);
}
for (const [, failed, all] of text.matchAll(/^\d+% tests passed, (\d+) tests? failed out of (\d+)/gm)) {
  add(Number(all) - Number(failed), failed);
}
for (const [, passed, failed] of text.matchAll(/^(\d+) passed, (\d+) failed$/gm)) add(passed, failed);

const succeeded = status === '0';
if (succeeded && total.lines === 0) total.passed = 1;
if (!succeeded && total.failed === 0) total.failed = 1;
console.log(`${total.passed} ${total.failed}`);

const notRun = new Set(Array.from(text.matchAll(/^not run: .+$/gm), ([line]) => line.trim()));
if (total.skipped > 0) notRun.add(`not run: ${total.skipped} tests: Jest skipped them`);
for (const line of notRun) console.log(line);
