// Writes the ESM face of the package: for each surface, dist/esm/<name>.mjs that hands on the named exports of the one
// CommonJS implementation, and dist/esm/<name>.d.mts with the same types. There is no second copy of any code, so a
// process that mixes `import` and `require` still has one loop.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
const surfaces = ['index', 'testing'];

/** The names that `require` of a surface gives, in a stable order. Loading a surface must not need the addon. */
function namesOf(surface) {
  const exported = createRequire(import.meta.url)(path.join(dist, `${surface}.js`));
  const names = Object.keys(exported).filter((name) => name !== 'default' && name !== '__esModule');
  if (names.length === 0) throw new Error(`dist/${surface}.js exports nothing: is the build complete?`);
  return names.sort();
}

// A default import is the whole `module.exports`, on every Node version; named imports of CommonJS would depend on a
// static scan of the compiled text.
function faceOf(surface) {
  const lines = namesOf(surface).map((name) => `  ${name},`);
  return [`import implementation from '../${surface}.js';`, '', 'export const {', ...lines, '} = implementation;', '']
    .join('\n');
}

mkdirSync(path.join(dist, 'esm'), { recursive: true });
for (const surface of surfaces) {
  writeFileSync(path.join(dist, 'esm', `${surface}.mjs`), faceOf(surface));
  writeFileSync(path.join(dist, 'esm', `${surface}.d.mts`), `export * from '../${surface}.js';\n`);
}
