// Compiles test/types against the built declarations as each user may see them: with TypeScript 5.9 and 7, under each
// way of resolving modules, and with the declarations themselves checked. Nothing is run.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const compilers = [
  { name: 'TypeScript 5.9', tsc: 'node_modules/typescript/bin/tsc' },
  { name: 'TypeScript 7', tsc: 'node_modules/typescript-7/bin/tsc' },
];
const resolutions = [
  { moduleResolution: 'node16', module: 'node16' },
  { moduleResolution: 'nodenext', module: 'nodenext' },
  { moduleResolution: 'bundler', module: 'esnext' },
];

if (!existsSync(path.join(root, 'dist', 'esm', 'index.d.mts'))) {
  console.error('dist/ holds no declarations: run `npm run build` first');
  process.exit(2);
}

let failed = 0;
for (const { name, tsc } of compilers) {
  for (const { moduleResolution, module } of resolutions) {
    const options = ['-p', 'test/types', '--moduleResolution', moduleResolution, '--module', module];
    const child = spawnSync(process.execPath, [tsc, ...options], { cwd: root, encoding: 'utf8' });
    const passed = child.status === 0;
    if (!passed) failed += 1;
    console.log(`${passed ? 'ok  ' : 'FAIL'} ${name}, moduleResolution ${moduleResolution}`);
    if (!passed) console.log(`${child.stdout}${child.stderr}`);
  }
}
const total = compilers.length * resolutions.length;
console.log(`${total - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
