// An old Node is told so, by the first file that each surface and the command line load.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import * as ts from 'typescript';
import { refuseOldNode } from '../../lib/base/node_version';
import { root } from '../contracts/rules/source_tree';
import { thrownBy, withCode } from '../helpers/failures';

const dist = path.join(root, 'dist');

test.each(['0.12.18', '12.22.12', '18.20.8', '19.9.0', '20.9.0', '20.10.0'])('Node version: %s is refused', (version) => {
  const error = thrownBy(() => refuseOldNode(version));
  expect(error).toEqual(withCode('ERR_NODE_TOO_OLD', /readyloop needs Node 20\.11 or later, and this is Node \d/));
  expect(error.message).toContain(version);
  expect(error.message).toContain(process.execPath);
});

test.each(['20.11.0', '20.11.1', '21.0.0-nightly', '22.0.0', '100.0.0'])('Node version: %s is not', (version) => {
  expect(() => refuseOldNode(version)).not.toThrow();
});

test.each(['index.js', 'testing.js', 'cli/main.js'])('Node version: %s looks before it loads anything else', (file) => {
  const program = `
    Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '16.20.2' } });
    try { require(${JSON.stringify(path.join(dist, file))}); } catch (error) { console.log(error.code); }
    console.log(Object.keys(require.cache).map((name) => require('path').basename(name)).join());`;
  const child = spawnSync(process.execPath, ['--eval', program], { encoding: 'utf8' });
  // A module that throws is taken out of the cache again.
  expect(child.stdout).toBe('ERR_NODE_TOO_OLD\n\n');
});

test('Node version: the file that looks, and those on the way to it, are of the syntax of 2015', () => {
  const newer = (text: string): string[] => {
    const { outputText } = ts.transpileModule(text, {
      compilerOptions: { target: ts.ScriptTarget.ES2015, module: ts.ModuleKind.CommonJS, removeComments: true },
    });
    const { outputText: asItIs } = ts.transpileModule(text, {
      compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.CommonJS, removeComments: true },
    });
    return outputText === asItIs ? [] : ['newer syntax'];
  };
  expect(newer('class A { static { this.b ??= 1; } }')).toHaveLength(1);
  for (const file of ['base/node_version.js', 'index.js', 'testing.js', 'cli/main.js']) {
    expect([file, ...newer(ts.sys.readFile(path.join(dist, file)) ?? 'absent??=1')]).toEqual([file]);
  }
});
