// Writes the ESM face of the package: for each surface, dist/esm/<name>.mjs that hands on the named exports of the one
// CommonJS implementation, and dist/esm/<name>.d.mts with the same types. There is no second copy of any code, so a
// process that mixes `import` and `require` still has one loop.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
const surfaces = ['index', 'testing', 'eslint_plugin'];

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
  const text = [`import implementation from '../${surface}.js';`, '', 'export const {', ...lines];
  text.push('} = implementation;', '');
  if (hasDefault(surface)) text.push('export default implementation.default;', '');
  return text.join('\n');
}

function hasDefault(surface) {
  return createRequire(import.meta.url)(path.join(dist, `${surface}.js`)).default !== undefined;
}

// To an ES module the default of a CommonJS one is all of it, and what that means differs between ways of resolving
// modules; so the type of a default is named here.
const DEFAULTS = { eslint_plugin: 'LintPlugin' };

function typesOf(surface) {
  const all = `export * from '../${surface}.js';\n`;
  if (!hasDefault(surface)) return all;
  const type = `import type { ${DEFAULTS[surface]} } from '../${surface}.js';\n`;
  return `${type}${all}declare const exported: ${DEFAULTS[surface]};\nexport default exported;\n`;
}

mkdirSync(path.join(dist, 'esm'), { recursive: true });
for (const surface of surfaces) {
  writeFileSync(path.join(dist, 'esm', `${surface}.mjs`), faceOf(surface));
  writeFileSync(path.join(dist, 'esm', `${surface}.d.mts`), typesOf(surface));
}
