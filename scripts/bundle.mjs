// Writes the JavaScript that is shipped: a few files instead of one for each module. Reading two hundred small files took
// most of the time of `require`, and names that are one scope away cost less than members of another module's exports.
// The declarations stay as they are, a file for each module.
// Invariant: what two surfaces share is in a file that both require, so a process has one loop whichever it loads.
// The main surface has parts, and each comes with the first use of one of its names. `lib/net` asks for Node's streams,
// TLS and DNS, which take longer than all of the rest, and many programs need neither it nor `lib/sync`.
import { build, transform } from 'esbuild';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { OWN_REQUIRE, toCommonJs } from './bundle/common_js.mjs';
import { partedFace, plainFace, programFace } from './bundle/face.mjs';
import { partOf, PARTS, sourceOfPart } from './bundle/surface_parts.mjs';
import { withoutComments } from './bundle/without_comments.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const lib = path.join(root, 'lib');
const dist = path.join(root, 'dist');
const folder = path.join(dist, 'bundle');

/** The surfaces and programs beside the main one: where each is in lib/ and in dist/, without the ending. */
const OTHERS = ['testing', 'eslint_plugin', 'cli/main'].filter((name) => existsSync(path.join(lib, `${name}.ts`)));
/** They stand alone; everybody else gets all of the core at once, so that it is one file. */
const WITHOUT_CORE = ['eslint_plugin'];
/** The look at Node's version, which has to come before anything that an older one cannot parse. */
const GUARD = existsSync(path.join(lib, 'base/node_version.ts')) ? 'base/node_version' : null;

const written = new Set();
const fileOf = (entry) => entry.replaceAll('/', '_');

function bundle() {
  const entries = [...Object.keys(PARTS), ...OTHERS];
  return build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(entries.map((entry) => [fileOf(entry), `entry:${entry}`])),
    outdir: folder,
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm', // Shared parts become files of their own in this format alone; toCommonJs does the rest.
    platform: 'node',
    target: 'node20.11',
    packages: 'external',
    define: { require: OWN_REQUIRE }, // Else esbuild wraps it, for hosts that have none.
    chunkNames: 'shared_[hash]',
    sourcemap: 'linked',
    sourcesContent: true,
    charset: 'ascii', // One character beyond makes the engine hold, and read, two bytes for each.
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [{ name: 'readyloop', setup }],
  });
}

function setup({ onLoad, onResolve }) {
  onResolve({ filter: /^entry:/ }, ({ path: name }) => ({ path: name.slice('entry:'.length), namespace: 'entry' }));
  onLoad({ filter: /./, namespace: 'entry' }, ({ path: entry }) => {
    return { contents: sourceOf(entry), loader: 'ts', resolveDir: lib };
  });
  // The faces have the guard: inside the bundle it would be too late. Nothing for each importer, so that nothing is shared.
  onResolve({ filter: /\/base\/node_version\.js$/ }, ({ importer }) => ({ path: importer, namespace: 'guard' }));
  onLoad({ filter: /./, namespace: 'guard' }, () => ({ contents: '' }));
  // `sideEffects` of package.json is for whoever bundles the package; here every part stays whole.
  onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path: module, resolveDir }) => {
    return { path: path.resolve(resolveDir, module.replace(/\.js$/, '.ts')), sideEffects: true };
  });
}

function sourceOf(entry) {
  const surface = readFileSync(path.join(lib, 'index.ts'), 'utf8');
  const own = entry in PARTS ? sourceOfPart(surface, entry) : `export * from './${entry}.js';`;
  const byDefault = entry === 'eslint_plugin' ? `export { default } from './${entry}.js';` : '';
  const isCore = entry === 'core' || WITHOUT_CORE.includes(entry);
  return `${isCore ? '' : `import 'entry:core';`}${own}${byDefault}`;
}

// The files that several share have names that stay, by their size: the largest is the core.
function renameShared(files) {
  const isShared = ({ path: file }) => /^shared_\w+\.js$/.test(path.basename(file));
  const bySize = files.filter(isShared).sort((a, b) => b.contents.length - a.contents.length);
  const names = bySize.map(({ path: file }, at) => [path.basename(file, '.js'), at === 0 ? 'shared' : `shared_${at}`]);
  const renamed = (text) => names.reduce((result, [from, to]) => result.replaceAll(from, to), text);
  return new Map(files.map(({ path: file, text }) => [renamed(file), renamed(text)]));
}

function write(file, text) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  written.add(file);
}

function writeBundle(files) {
  for (const [file, text] of files) {
    if (!file.endsWith('.js')) continue;
    const { code, map } = withoutComments(toCommonJs(text, path.basename(file)), files.get(`${file}.map`));
    const withLink = `${code.trimEnd()}\n//# sourceMappingURL=${path.basename(file)}.map\n`;
    new vm.Script(`(function (exports, require, module, __filename, __dirname) {${withLink}\n})`);
    write(file, withLink);
    write(`${file}.map`, map);
  }
}

async function writeFaces(outputs) {
  const parts = Object.keys(PARTS).map((part) => ({ part, file: part, names: outputOf(outputs, part).exports }));
  write(path.join(dist, 'index.js'), partedFace(parts, GUARD));
  for (const entry of OTHERS) {
    const file = path.join(dist, `${entry}.js`);
    const isProgram = entry.includes('/');
    const names = outputOf(outputs, fileOf(entry)).exports;
    write(file, isProgram ? programFace(fileOf(entry), GUARD) : plainFace(fileOf(entry), names, GUARD));
    if (isProgram) chmodSync(file, 0o755);
  }
  if (GUARD === null) return;
  const source = readFileSync(path.join(lib, `${GUARD}.ts`), 'utf8');
  const { code } = await transform(source, { loader: 'ts', format: 'cjs', target: 'es2015' });
  write(path.join(dist, `${GUARD}.js`), code);
}

function outputOf(outputs, name) {
  return Object.entries(outputs).find(([file]) => path.basename(file) === `${name}.js`)[1];
}

// What an earlier build left: modules that are part of the bundle now, parts that nobody shares any more.
function removeOthers() {
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && /\.js(\.map)?$/.test(entry.name) && !written.has(file)) rmSync(file);
  }
}

// The borders have to hold: the core must not have taken in another part, and has to be in one piece.
function assertBorders(outputs) {
  const core = outputOf(outputs, 'core');
  const chunks = core.imports.filter(({ external }) => external !== true).map(({ path: file }) => outputs[file]);
  const modules = [core, ...chunks].flatMap(({ inputs }) => Object.keys(inputs));
  const strays = modules.filter((module) => partOf(module) !== 'core');
  if (strays.length > 0) throw new Error(`the core would load ${strays.join(', ')}: who imports it?`);
  if (chunks.length !== 1) throw new Error(`the core has ${chunks.length} files and should be one: see WITHOUT_CORE`);
}

const { outputFiles, metafile } = await bundle();
assertBorders(metafile.outputs);
writeBundle(renameShared(outputFiles));
await writeFaces(metafile.outputs);
removeOthers();
