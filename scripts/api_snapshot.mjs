// Keeps docs/api/readyloop.api.txt: the declarations of all that is public, in one file that is read in review.
// `npm run api` writes it, `npm run api -- --check` compares and says what differs. `--dist DIR` and `--file FILE` are for
// the test of this script.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeSurfaces } from './api/declarations.mjs';
import { lineDifference } from './api/line_difference.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const HEAD = `# The public declarations

Written by \`npm run api\` from the build. A line that changes here changes what users compile against: see
"Versions and support" in the README for what that means to the version, and CHANGELOG.md.

`;

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, dist: { type: 'string' }, file: { type: 'string' } },
});
const dist = path.resolve(values.dist ?? path.join(root, 'dist'));
const file = path.resolve(values.file ?? path.join(root, 'docs', 'api', 'readyloop.api.txt'));

const SURFACES = { readyloop: 'index', 'readyloop/testing': 'testing', 'readyloop/eslint-plugin': 'eslint_plugin' };
const surfaces = Object.entries(SURFACES)
  .map(([name, stem]) => ({ name, file: path.join(dist, `${stem}.d.ts`) }))
  .filter(({ file: declarations }) => values.dist === undefined || existsSync(declarations));

const found = HEAD + describeSurfaces(surfaces, dist);
if (values.check) {
  const recorded = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (recorded !== found) {
    console.error(`The public declarations are not those of ${path.relative(root, file)}:\n`);
    console.error(lineDifference(recorded, found));
    console.error('\nIf this is meant, run `npm run api`, read the difference as a user would, and note it in CHANGELOG.');
    process.exitCode = 1;
  }
} else {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, found);
  console.log(`written: ${path.relative(root, file)}`);
}
