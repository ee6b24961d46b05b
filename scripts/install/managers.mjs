// The package managers. Each gets an empty folder and the tarball, may run no script of a dependency (npm by an option, the
// others by their own rules), and finds no compiler. Then programs of both module systems run, and the doctor says that
// the shipped binary was loaded.
import path from 'node:path';
import { programs } from './programs.mjs';
import { output, works } from './runner.mjs';
import { makeProject, originIn } from './tarball.mjs';

const QUIET = ['--no-audit', '--no-fund'];
const MAIN = path.join('node_modules', 'readyloop', 'dist', 'cli', 'main.js');

/** Runs what a user would in a project with a folder node_modules. */
async function tryProject(node, folder, env) {
  await works(node, ['program.cjs'], { cwd: folder, env });
  await works(node, ['program.mjs'], { cwd: folder, env });
  const origin = originIn(await output(node, [MAIN, 'doctor', '--json'], { cwd: folder, env }), folder);
  if (origin !== 'prebuilt') throw new Error(`the binary is a ${origin}`);
  return 'both module systems, the shipped binary';
}

export function managerChecks({ workshop, tarball, tools, env, project, registry, npm }) {
  const node = process.execPath;
  const dependencies = { readyloop: `file:${tarball}` };
  const fresh = (name, files = {}) => makeProject(workshop, name, { ...programs, ...files }, { dependencies });
  const pnpm = ['--registry', registry, '--store-dir', path.join(workshop, 'pnpm-store')];
  const yarn = async (name, linker) => {
    const rc = [`nodeLinker: ${linker}`, `npmRegistryServer: "${registry}"`, 'enableTelemetry: false',
      'pnpEnableEsmLoader: true', 'enableGlobalCache: false', 'enableScripts: false',
      'enableImmutableInstalls: false'].join('\n');
    const folder = fresh(name, { '.yarnrc.yml': `${rc}\n`, 'yarn.lock': '' });
    await output(node, [await tools.get('yarn'), 'install'], { cwd: folder, env });
    return folder;
  };
  return [
    // Others build on this one.
    ['npm --ignore-scripts', async () => {
      await output(node, [npm, 'install', tarball, '--ignore-scripts', ...QUIET], { cwd: project, env });
      return await tryProject(node, project, env);
    }, true],
    ['npm 12', async () => {
      const newer = await tools.get('node26');
      const folder = fresh('npm12');
      const withNewer = { ...env, PATH: `${path.dirname(newer)}:${env.PATH}` };
      const printed = await output(newer, [await tools.get('npm12'), 'install', ...QUIET], { cwd: folder, env: withNewer });
      if (/install scripts|allow-scripts/i.test(printed)) throw new Error(`npm 12 wants to know about scripts:\n${printed}`);
      return await tryProject(newer, folder, env);
    }],
    ['pnpm 10', async () => {
      const folder = fresh('pnpm10');
      await output(node, [await tools.get('pnpm10'), 'install', ...pnpm], { cwd: folder, env });
      return await tryProject(node, folder, env);
    }],
    ['pnpm 12', async () => {
      const folder = fresh('pnpm12');
      await output(await tools.get('pnpm'), ['install', ...pnpm], { cwd: folder, env });
      return await tryProject(node, folder, env);
    }],
    ['yarn, node-modules', async () => await tryProject(node, await yarn('yarn-modules', 'node-modules'), env)],
    ['yarn, Plug’n’Play', async () => {
      const folder = await yarn('yarn-pnp', 'pnp');
      const cli = await tools.get('yarn');
      await works(node, [cli, 'node', 'program.cjs'], { cwd: folder, env });
      await works(node, [cli, 'node', 'program.mjs'], { cwd: folder, env });
      await works(node, [cli, 'node', 'worker.cjs'], { cwd: folder, env });
      const report = await output(node, [cli, 'readyloop', 'doctor', '--json'], { cwd: folder, env });
      if (originIn(report, folder) !== 'prebuilt') throw new Error(report);
      return 'both module systems, a worker, the command, the shipped binary';
    }],
    ['bun install', async () => {
      const folder = fresh('bun', { '.npmrc': `registry=${registry}\n` });
      await output(await tools.get('bun'), ['install'], { cwd: folder, env });
      return await tryProject(node, folder, env);
    }],
  ];
}
