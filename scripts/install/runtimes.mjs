// The runtimes: four versions of Node, versions that are too old, Bun, Deno and Electron. What is expected of the others
// is what the README says of them.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { programs } from './programs.mjs';
import { NotRun, outcomeOf, output, works } from './runner.mjs';
import { makeProject } from './tarball.mjs';

const SUPPORTED = [20, 22, 24, 26];
const TOO_OLD = [12, 18];
// Of sockets Deno knows nothing, as they are not its own.
const DENO = ['run', '--no-prompt', '--allow-ffi', '--allow-read', '--allow-env', '--allow-sys'];
const DOCTOR = 'node_modules/readyloop/dist/cli/main.js';

export function runtimeChecks({ workshop, tools, env, project }) {
  const at = { cwd: project, env };
  const everyProgram = async (node) => {
    for (const program of Object.keys(programs)) await works(node, [program], at);
    return 'CommonJS, ES module, runBlocking, a worker thread';
  };
  const inVersion = (major) => [`Node ${major}`, async () => {
    const node = process.versions.node.startsWith(`${major}.`) ? process.execPath : await tools.get(`node${major}`);
    return await everyProgram(node);
  }];
  const tooOld = (major) => [`Node ${major} is told that it is too old`, async () => {
    const node = await tools.get(`node${major}`);
    for (const program of ['program.cjs', 'program.mjs', DOCTOR]) {
      const { status, all } = await outcomeOf(node, [program], at);
      const isReadable = /readyloop needs Node 20\.11 or later, and this is Node \d+/.test(all) && !/SyntaxError/.test(all);
      if (status === 0 || !isReadable) throw new Error(`${program} under Node ${major} ended with ${status}:\n${all}`);
    }
    return 'both module systems and the command';
  }];
  return [
    ...SUPPORTED.map(inVersion),
    ...TOO_OLD.map(tooOld),
    ['Bun', async () => await otherRuntime(await tools.get('bun'), ['run'], at)],
    ['Deno', async () => await otherRuntime(await tools.get('deno'), DENO, at)],
    ['Electron', () => {
      throw new NotRun('its npm package downloads the program from elsewhere when it is installed, and no registry has it');
    }],
    ['two copies of the package in one process', async () => await twoCopies(workshop, project, env)],
  ];
}

/** Every program, and the driver that the doctor reports. */
async function otherRuntime(program, args, at) {
  for (const file of Object.keys(programs)) await works(program, [...args, file], { ...at, timeoutMs: 30_000 });
  const { driver } = JSON.parse(await output(program, [...args, DOCTOR, 'doctor', '--json'], at));
  if (driver !== 'poller') throw new Error(`the driver is ${driver}`);
  return 'CommonJS, ES module, runBlocking, a worker thread, driven by the poller thread';
}

/** A dependency that brings a copy of its own: an error that names both. */
async function twoCopies(workshop, project, env) {
  const program = `
    const own = require('readyloop');
    own.run(function* () { yield* own.sleep(0); require('dep').start(); }).catch((error) => {
      console.log(error.code === 'ERR_DUPLICATE_COPY' && error.copies.length === 2 ? 'works' : error);
    });`;
  const folder = makeProject(workshop, 'copies', { 'program.cjs': program });
  const dep = `${folder}/node_modules/dep`;
  cpSync(`${project}/node_modules`, `${folder}/node_modules`, { recursive: true });
  mkdirSync(dep);
  cpSync(`${project}/node_modules`, `${dep}/node_modules`, { recursive: true });
  writeFileSync(`${dep}/package.json`, '{"name": "dep", "version": "1.0.0", "main": "index.js"}');
  writeFileSync(`${dep}/index.js`, `exports.start = () => require('readyloop').run(function* () {});`);
  await works(process.execPath, ['program.cjs'], { cwd: folder, env });
}
