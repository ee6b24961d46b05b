// Makes the compiled modules export plain values: `node scripts/settle_exports.mjs DIST`.
// The compiler first sets every export to undefined and then to its value, and re-exports through getters, both for the
// sake of import cycles, which this project does not have. Without them the engine sees each export written once, so it
// treats it as the constant it is. No line is added or removed, so the source maps stay true.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const [dist] = process.argv.slice(2);
if (dist === undefined) {
  console.error('usage: node scripts/settle_exports.mjs DIST');
  process.exit(2);
}

const UNDEFINED_FIRST = /^exports\.(?:[\w$]+ = exports\.)*[\w$]+ = void 0;$/gm;
const THROUGH_GETTER =
  /^Object\.defineProperty\(exports, "([\w$]+)", \{ enumerable: true, get: function \(\) \{ return ([\w$.]+); \} \}\);$/gm;

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith('.js')) continue;
  const file = path.join(entry.parentPath ?? entry.path, entry.name);
  const compiled = readFileSync(file, 'utf8');
  const settled = compiled.replace(UNDEFINED_FIRST, '').replace(THROUGH_GETTER, 'exports.$1 = $2;');
  if (settled !== compiled) writeFileSync(file, settled);
}
