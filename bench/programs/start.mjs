// What does loading cost a program? The time of a whole process that only loads something, over that of a process that
// loads nothing: ours, effect, and the native binary of better-sqlite3, without the JavaScript around it. Ours loads its
// parts when their names are first used, and its binary when a first loop is made: what that adds are rows of their own. An
// `import` loads all parts; what it adds is counted from an empty module, because modules cost something by themselves.
// The sides take turns, so a drift of the machine meets all of them. Nothing else runs in these processes: no flags, no
// harness. Memory comes from processes of its own, which say at their end what they hold.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { check, isQuick, report } from '../harness/contest.mjs';
import { dist } from '../harness/library.mjs';
import { sqliteBinary } from '../harness/preparation.mjs';
import { median } from '../harness/statistics.mjs';

const bench = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const ROUNDS = isQuick ? 9 : 41;
const MEMORY_ROUNDS = isQuick ? 3 : 9;

const programs = {
  empty: [],
  ours: [path.join(dist, 'index.js')],
  named: [path.join(dist, 'index.js')],
  running: [path.join(dist, 'index.js')],
  emptyModule: [],
  imported: [path.join(dist, 'esm', 'index.mjs')],
  ...(existsSync(path.join(bench, 'node_modules', 'effect')) && { effect: ['effect'] }),
  ...(existsSync(sqliteBinary) && { sqlite: [sqliteBinary] }),
};
const names = Object.keys(programs);
const FILES = { emptyModule: 'empty.mjs', imported: 'imported.mjs' };

// User and system time of the children that have ended, where the system says so.
function cpuOfChildren() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ');
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return null;
  }
}

function start(name, ...flags) {
  const file = path.join(bench, 'start', FILES[name] ?? `${name}.cjs`);
  const child = spawnSync(process.execPath, [...flags, file, ...programs[name]], { cwd: bench, encoding: 'utf8' });
  check(child.status, 0, `the exit status of ${name} (${child.stderr})`);
  return child.stdout;
}

function startTimed(name) {
  const cpu = cpuOfChildren();
  const began = process.hrtime.bigint();
  start(name);
  const wall = Number(process.hrtime.bigint() - began) / 1e6;
  return { wall, cpu: cpu === null ? null : cpuOfChildren() - cpu };
}

function rounds(count, measure) {
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < count; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) samples[name].push(measure(name));
  }
  return samples;
}

// The kernel counts CPU time in hundredths of a second: only the sum of many processes says something.
function meanCpu(samples) {
  return samples.reduce((sum, { cpu }) => sum + (cpu ?? Number.NaN), 0) / samples.length;
}

for (const name of names) start(name); // What has to come from the disk, comes now.
const samples = rounds(ROUNDS, startTimed);
const wall = Object.fromEntries(names.map((name) => [name, median(samples[name].map((sample) => sample.wall))]));
const cpu = Object.fromEntries(names.map((name) => [name, meanCpu(samples[name])]));
const baseOf = (name) => (name === 'imported' ? 'emptyModule' : 'empty');
const added = (name) => ({
  wall: wall[name] - wall[baseOf(name)],
  ...(Number.isFinite(cpu.empty) && { cpuOfAll: cpu[name] - cpu[baseOf(name)] }),
});
const memory = rounds(MEMORY_ROUNDS, (name) => Number(start(name, '--require', path.join(bench, 'start', 'tell_rss.cjs'))));
const rss = Object.fromEntries(names.map((name) => [name, median(memory[name])]));
const addedRss = (name) => ({ size: rss[name] - rss[baseOf(name)] });

function timeRow(id, what, side, peer, peerName, must) {
  const ours = added(side);
  if (peer === null || !names.includes(peer)) return { id, what, unit: 'ms', ours };
  const theirs = added(peer);
  const ratio = { wall: ours.wall / theirs.wall };
  return { id, what, unit: 'ms', ours, peer: { name: peerName, ...theirs }, ratio, ...(must && { must: { ratio: must } }) };
}

function memoryRow(id, what, side, peer, peerName) {
  const ours = addedRss(side);
  if (!names.includes(peer)) return { id, what, unit: 'bytes', ours };
  const theirs = addedRss(peer);
  return { id, what, unit: 'bytes', ours, peer: { name: peerName, ...theirs }, ratio: { size: ours.size / theirs.size } };
}

const sqlite = 'better-sqlite3’s binary';
const what = 'load the package, over an empty program';
report([
  { id: 'start.empty', what: 'an empty program', unit: 'ms', ours: { wall: wall.empty, cpuOfAll: cpu.empty } },
  timeRow('start', what, 'ours', 'effect', 'effect', 1),
  timeRow('start.sqlite', what, 'ours', 'sqlite', sqlite, 3),
  timeRow('start.named', '  and take run and sleep from it', 'named', 'effect', 'effect'),
  timeRow('start.running', '  with its binary, a loop and an empty run', 'running', null),
  timeRow('start.imported', '  import run and sleep, which loads all parts', 'imported', 'effect', 'effect, required'),
  memoryRow('start.rss', '  resident bytes that loading adds', 'ours', 'effect', 'effect'),
  memoryRow('start.rss_sqlite', '  the same', 'ours', 'sqlite', sqlite),
  memoryRow('start.rss_named', '  and take run and sleep from it', 'named', 'effect', 'effect'),
  memoryRow('start.rss_imported', '  import run and sleep, which loads all parts', 'imported', 'none'),
  memoryRow('start.rss_running', '  with its binary, a loop and an empty run', 'running', 'none'),
]);
