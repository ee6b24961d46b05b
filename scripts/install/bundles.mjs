// Bundles by esbuild, in folders without node_modules: the package left out; the package inside and the addon outside,
// which is found beside the bundle, or by its path; the same as an ES module. And by webpack, the addon outside.
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { outcomeOf, works } from './runner.mjs';
import { ownTarget } from './tarball.mjs';

// What an ES module has not, and bundled CommonJS asks for.
const BANNER = [
  `import { createRequire } from 'node:module';`,
  `import { fileURLToPath } from 'node:url';`,
  'const require = createRequire(import.meta.url);',
  'const __filename = fileURLToPath(import.meta.url);',
  `const __dirname = fileURLToPath(new URL('.', import.meta.url));`,
].join('\n');

export function bundleChecks({ workshop, tools, env, project }) {
  const node = process.execPath;
  const bundle = async (entry, outfile, options) => {
    const { build } = await import(pathToFileURL(await tools.get('esbuild')).href);
    await build({
      entryPoints: [path.join(project, entry)], outfile, bundle: true, platform: 'node', target: 'node20',
      logLevel: 'silent', ...options,
    });
  };
  const pack = async (entry, folder) => {
    const { default: webpack } = await import(pathToFileURL(await tools.get('webpack')).href);
    const stats = await promisify(webpack)({
      context: project, entry: `./${entry}`, target: 'node', mode: 'production',
      output: { path: folder, filename: 'app.cjs' },
    });
    const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
    const own = [...errors, ...warnings].filter(({ moduleName = '' }) => !moduleName.includes('node-gyp-build'));
    if (own.length > 0) throw new Error(own.map(({ message }) => message).join('\n'));
  };
  const place = (name) => {
    const folder = path.join(workshop, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  const shipped = path.join(project, 'node_modules', 'readyloop', 'prebuilds');
  return [
    ['esbuild, the package external', async () => {
      const folder = place('npm/bundled');
      await bundle('program.mjs', path.join(folder, 'app.mjs'), { format: 'esm', external: ['readyloop', 'readyloop/*'] });
      await works(node, ['app.mjs'], { cwd: folder, env });
    }],
    ['esbuild, the addon external, beside the bundle', async () => {
      const folder = place('bundle-beside');
      await bundle('program.cjs', path.join(folder, 'app.cjs'), { format: 'cjs' });
      const { status, all } = await outcomeOf(node, ['app.cjs'], { cwd: folder, env });
      if (status === 0 || !/ERR_MISSING_BINARY[\s\S]*copy the package’s folder prebuilds\/ beside it|copy the package/.test(all)) {
        throw new Error(`without the addon it ended with ${status}:\n${all}`);
      }
      cpSync(shipped, path.join(folder, 'prebuilds'), { recursive: true });
      await works(node, ['app.cjs'], { cwd: folder, env });
    }],
    ['esbuild, the addon external, by its path', async () => {
      const folder = place('bundle-path');
      await bundle('worker.cjs', path.join(folder, 'app.cjs'), { format: 'cjs', minify: true });
      cpSync(path.join(shipped, '..', ownTarget.file), path.join(folder, 'native.node'));
      const withPath = { ...env, READYLOOP_NATIVE_PATH: path.join(folder, 'native.node') };
      await works(node, ['app.cjs'], { cwd: folder, env: withPath });
    }],
    ['esbuild, an ES module with the package inside', async () => {
      const folder = place('bundle-esm');
      await bundle('program.mjs', path.join(folder, 'app.mjs'), { format: 'esm', banner: { js: BANNER } });
      cpSync(shipped, path.join(folder, 'prebuilds'), { recursive: true });
      await works(node, ['app.mjs'], { cwd: folder, env });
    }],
    ['esbuild, the addon as a file of the bundle', async () => {
      const folder = place('bundle-file');
      const name = path.relative('prebuilds', ownTarget.file);
      const contents = `import path from 'node:path';\nimport addon from 'readyloop/native/${name}';\n` +
        `process.env.READYLOOP_NATIVE_PATH = path.join(__dirname, addon);\nrequire('./program.cjs');\n`;
      const { build } = await import(pathToFileURL(await tools.get('esbuild')).href);
      await build({
        stdin: { contents, resolveDir: project }, outfile: path.join(folder, 'app.cjs'), bundle: true, platform: 'node',
        target: 'node20', logLevel: 'silent', format: 'cjs', loader: { '.node': 'file' },
      });
      await works(node, ['app.cjs'], { cwd: folder, env });
    }],
    ['webpack, the addon external, beside the bundle', async () => {
      const folder = place('webpack-beside');
      await pack('program.cjs', folder);
      cpSync(shipped, path.join(folder, 'prebuilds'), { recursive: true });
      await works(node, ['app.cjs'], { cwd: folder, env });
    }],
    ['webpack, the addon external, by its path', async () => {
      const folder = place('webpack-path');
      await pack('program.mjs', folder);
      const withPath = { ...env, READYLOOP_NATIVE_PATH: path.join(shipped, '..', ownTarget.file) };
      await works(node, ['app.cjs'], { cwd: folder, env: withPath });
    }],
  ];
}
