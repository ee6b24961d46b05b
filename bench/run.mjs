// Runs the measuring programs, each time in a process of its own, and prints what they found beside what is promised.
// Runs are interleaved (all programs once, then all again), so that a slow minute of the machine spoils one sample
// of each figure instead of all samples of one.
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { mergeRuns, rowAgainst } from './harness/figures.mjs';
import { runForJson, runProgram } from './harness/fresh.mjs';
import { readOptions, USAGE } from './harness/options.mjs';
import { assertBuilt, compileSqlite, findPythonLoops, preparePeers, pythonPeers } from './harness/preparation.mjs';
import { formatTable } from './harness/table.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));

const PROGRAMS = [
  'step',
  'hand_over',
  'spawn',
  'gather',
  'await_done',
  'sleepers',
  'timers',
  'owned_sleep',
  'chain',
  'scope',
  'fail_after',
  'group',
  'primitives',
  'queue_hand_over',
  'scope_cancel',
  'async_storage',
  'node_http',
  'simulated_sleep',
  'simulated_echo',
  'idle',
  'drivers',
  'start',
];
// The questions that Python's loops are asked too; the names are those of its functions and of our rows.
const PYTHON_QUESTIONS = ['step', 'hand_over', 'spawn'];

const failures = [];

async function attempt(name, work) {
  process.stderr.write(` ${name}`);
  try {
    return await work();
  } catch (error) {
    failures.push(`${name} failed: ${error.message}`);
    return [];
  }
}

async function runPrograms(names) {
  const rows = [];
  for (const name of names) {
    const file = path.join(here, 'programs', `${name}.mjs`);
    rows.push(...(await attempt(name, async () => (await runProgram(file)).rows)));
  }
  return rows;
}

async function runPython({ name, python }, ours, quick) {
  return attempt(name, async () => {
    const { figures } = await runForJson(python, [pythonPeers, name, ...(quick ? ['--quick'] : [])]);
    return ours.map((row) => rowAgainst(row, name, figures[row.id]));
  });
}

async function runAll(options, pythonLoops) {
  const runs = [];
  for (let run = 1; run <= options.runs; run++) {
    process.stderr.write(`run ${run} of ${options.runs}:`);
    const rows = await runPrograms(options.programs);
    const asked = rows.filter((row) => PYTHON_QUESTIONS.includes(row.id));
    if (asked.length > 0) for (const loop of pythonLoops) rows.push(...(await runPython(loop, asked, options.quick)));
    process.stderr.write('\n');
    runs.push(rows);
  }
  return runs;
}

function describeMachine() {
  const cpus = os.cpus();
  return {
    node: process.version,
    cpu: cpus[0]?.model ?? 'unknown',
    cores: cpus.length,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    load: os.loadavg().map((load) => Number(load.toFixed(2))),
  };
}

function write(file, result) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return path.relative(process.cwd(), file);
}

// Rows of one question stand together, whichever process they come from.
function inOrder(rows) {
  const question = (row) => row.id.split('.')[0];
  const first = new Map();
  for (const row of rows) if (!first.has(question(row))) first.set(question(row), first.size);
  return [...rows].sort((a, b) => first.get(question(a)) - first.get(question(b)));
}

async function main() {
  const options = readOptions(process.argv.slice(2), PROGRAMS);
  if (options.help) {
    process.stdout.write(`${USAGE}\n  programs: ${PROGRAMS.join(', ')}\n`);
    return;
  }
  assertBuilt();
  const began = new Date();
  const python = await findPythonLoops();
  const skipped = [...(await preparePeers()), ...python.skipped];
  if (options.programs.includes('start')) skipped.push(...(await compileSqlite()));
  const runs = await runAll(options, python.found);
  const machine = describeMachine();
  const rows = inOrder(mergeRuns(runs));
  const { runs: count, quick } = options;
  const file = options.json ?? path.join(here, 'results', `${began.toISOString().replaceAll(':', '-')}.json`);
  const result = { began: began.toISOString(), machine, runs: count, quick, skipped, failures, rows, samples: runs };
  const written = write(file, result);
  const load = `Node ${machine.node}, ${machine.cores} × ${machine.cpu}, load ${machine.load[0]}`;
  const lines = [load, '', ...formatTable(rows), '', ...skipped, ...failures, `written: ${written}`];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (failures.length > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error.message}\n${USAGE}\n`);
  process.exitCode = 1;
}
