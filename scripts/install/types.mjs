// TypeScript programs against the installed package: both compilers, each way of resolving modules, and the program runs.
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { root } from '../prebuild/targets.mjs';
import { typed } from './programs.mjs';
import { output, works } from './runner.mjs';
import { makeProject } from './tarball.mjs';

const COMPILERS = [['TypeScript 5.9', 'typescript'], ['TypeScript 7', 'typescript-7']];
const RESOLUTIONS = [['node16', 'node16'], ['nodenext', 'nodenext'], ['bundler', 'esnext']];

export function typeChecks({ workshop, project, env }) {
  const prepare = (name) => {
    const folder = makeProject(workshop, name, { 'program.mts': typed, 'program.cts': typed });
    mkdirSync(path.join(folder, 'node_modules', '@types'), { recursive: true });
    symlinkSync(path.join(root, 'node_modules', '@types', 'node'), path.join(folder, 'node_modules', '@types', 'node'));
    symlinkSync(path.join(project, 'node_modules', 'readyloop'), path.join(folder, 'node_modules', 'readyloop'));
    return folder;
  };
  return COMPILERS.flatMap(([title, name]) => RESOLUTIONS.map(([resolution, module]) => [
    `${title}, moduleResolution ${resolution}`,
    async () => {
      const folder = prepare(`types-${name}-${resolution}`);
      // A bundler's resolution knows no CommonJS output.
      const files = resolution === 'bundler' ? ['program.mts'] : ['program.mts', 'program.cts'];
      const options = ['--strict', '--target', 'es2022', '--lib', 'es2022', '--types', 'node', '--module', module,
        '--moduleResolution', resolution];
      await output(process.execPath, [path.join(root, 'node_modules', name, 'bin', 'tsc'), ...options, ...files],
        { cwd: folder, env });
      for (const file of files) await works(process.execPath, [file.replace('ts', 'js')], { cwd: folder, env });
      return `${files.length === 1 ? 'an ES module' : 'an ES module and a CommonJS program'}, compiled and run`;
    },
  ]));
}
