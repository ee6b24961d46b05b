// The commands of the installed package: the doctor, and both ways to build, in a project that has the tarball and nothing
// else. What was built is what the program then loads.
import { cpSync, existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, targets } from '../prebuild/targets.mjs';
import { NotRun, output, outcomeOf, works } from './runner.mjs';
import { makeProject, originIn, ownTarget } from './tarball.mjs';
import { programs } from './programs.mjs';

const MAIN = path.join('node_modules', 'readyloop', 'dist', 'cli', 'main.js');

export function commandChecks({ workshop, project, env, npm }) {
  const node = process.execPath;
  /** A copy of the installed project, as one on a platform for which nothing is shipped. */
  const withoutBinary = (name) => {
    const folder = makeProject(workshop, name, programs);
    // The link to the command has to lead to the copy.
    const options = { recursive: true, verbatimSymlinks: true };
    cpSync(path.join(project, 'node_modules'), path.join(folder, 'node_modules'), options);
    rmSync(path.join(folder, 'node_modules', 'readyloop', 'prebuilds'), { recursive: true });
    return folder;
  };
  const tryBuilt = async (folder) => {
    await works(node, ['program.cjs'], { cwd: folder, env });
    const origin = originIn(await output(node, [MAIN, 'doctor', '--json'], { cwd: folder, env }), folder);
    if (origin !== 'local build') throw new Error(`the binary is a ${origin}`);
    return 'compiled, tried, put where it is found';
  };
  return [
    ['npx readyloop doctor', async () => {
      const npx = path.join(path.dirname(npm), 'npx-cli.js');
      const report = await output(node, [npx, '--no-install', 'readyloop', 'doctor'], { cwd: project, env });
      if (!/because +it is shipped for this target/.test(report)) throw new Error(report);
    }],
    ['without a binary, the error and the doctor say what to do', async () => {
      const folder = withoutBinary('no-binary');
      for (const args of [['program.cjs'], [MAIN, 'doctor']]) {
        const { status, all } = await outcomeOf(node, args, { cwd: folder, env });
        const isReadable = /no native binary for .*Node v[\s\S]*Looked for: [\s\S]*Shipped are: [\s\S]*npx readyloop build/.test(all);
        if (status !== 1 || !isReadable) throw new Error(`${args} ended with ${status}:\n${all}`);
      }
    }],
    ['every other binary, and half of the right one, is refused in words', () => refusals(workshop, project, env)],
    ['readyloop build without tools names them', async () => {
      const { status, all } = await outcomeOf(node, [MAIN, 'build'], { cwd: withoutBinary('no-tools'), env });
      if (status !== 1 || !/these are missing: Python 3, make, a C\+\+17 compiler/.test(all)) throw new Error(all);
    }],
    ['readyloop build without headers of Node says so', async () => {
      const folder = withoutBinary('no-headers');
      // A Node with nothing beside it, in a home where nothing was kept, and nobody to download from.
      const bare = path.join(folder, 'bin', 'node');
      cpSync(realpathSync(node), bare);
      const own = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_config_'));
      const nobody = { HOME: folder, XDG_CACHE_HOME: folder, npm_config_disturl: 'http://127.0.0.1:1/' };
      const without = { ...Object.fromEntries(own), ...nobody };
      const { status, all } = await outcomeOf(bare, [MAIN, 'build'], { cwd: folder, env: without });
      if (status !== 1 || !/the headers of Node v.* cannot be had[^]*Let --nodedir name/.test(all)) throw new Error(all);
    }],
    ['npx readyloop build, by node-gyp', async () => {
      const folder = withoutBinary('build-gyp');
      await output('npx', ['--no-install', 'readyloop', 'build'], { cwd: folder, timeoutMs: 300_000 });
      return await tryBuilt(folder);
    }],
    ['npx readyloop build --cmake', async () => {
      const folder = withoutBinary('build-cmake');
      const script = path.join(root, 'node_modules', '.bin');
      const withCmakeJs = { ...process.env, PATH: `${process.env.PATH}:${script}` };
      const args = ['--no-install', 'readyloop', 'build', '--cmake'];
      await output('npx', args, { cwd: folder, env: withCmakeJs, timeoutMs: 300_000 });
      return await tryBuilt(folder);
    }],
  ];
}

/** Programs that are told to load what was packed for other machines, and a file that was cut short. */
async function refusals(workshop, project, env) {
  const folder = path.join(project, 'node_modules', 'readyloop');
  const own = readFileSync(path.join(folder, ownTarget.file));
  const half = path.join(workshop, 'half.node');
  writeFileSync(half, own.subarray(0, own.length / 2));
  const others = targets.filter((target) => target !== ownTarget).map(({ file }) => path.join(folder, file));
  const packed = others.filter((file) => existsSync(file));
  for (const file of [half, ...packed]) {
    const wrong = { ...env, READYLOOP_NATIVE_PATH: file };
    const { status, all } = await outcomeOf(process.execPath, ['program.cjs'], { cwd: project, env: wrong });
    const reason = file === half ? /: it is truncated \(\d+ bytes of \d+\)\./ : /: it is for .+, and this (process runs on|is) .+\./;
    if (status !== 1 || !/code: 'ERR_WRONG_BINARY'/.test(all) || !reason.test(all)) throw new Error(`${file}:\n${all}`);
  }
  if (packed.length < others.length) throw new NotRun('not all binaries are packed: npm run prebuild');
  return `${packed.length} for other machines, one cut short`;
}
