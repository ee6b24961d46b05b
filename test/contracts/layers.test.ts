// Contract: imports go down the floors, no file takes part in a cycle, and what belongs to one file or folder (Node's
// headers, libuv, the addon, a platform) stays there. Each rule is first shown a small tree that breaks it.
import { findClimbs, findCycles, findHomeless, type Edge, type Floors } from './rules/floors';
import {
  findConditionsInBodies,
  findHostHeaders,
  findPlatformConditions,
  findStrayIncludes,
  includeEdges,
} from './rules/native_rules';
import { readTree, report, type SourceFile } from './rules/source_tree';
import { edgesOf, importsOf, packagesOf } from './rules/typescript_imports';

const libFloors: Floors = [
  ['base'],
  ['engine'],
  ['kernel'],
  ['tasks'],
  ['sync', 'net', 'threads', 'process', 'inspect'],
  ['testing', 'lint'],
  ['.'],
  ['cli'],
];
const nativeFloors: Floors = [['base'], ['selector'], ['loop'], ['transport', 'process'], ['addon']];

/** Packages that a file of lib/ may import: the one that knows where the addon is, in the one file that asks for it. */
const allowedPackages: Readonly<Record<string, readonly string[]>> = {
  'lib/engine/binary_search.ts': ['node-gyp-build'],
};
/** Packages whose types the rules for ESLint are written with. Nothing of them is there when the rules run. */
const typesOfLint = ['@typescript-eslint/types', 'typescript'];
const uvFile = 'native/addon/uv_driver.cc';
/** Files that belong to one platform, or choose between platforms, though their names end in no platform's suffix. */
const platformFiles = [
  'native/selector/epoll.cc',
  'native/selector/epoll.h',
  'native/selector/kqueue.cc',
  'native/selector/kqueue.h',
  'native/selector/waker_eventfd.cc',
  'native/selector/waker_eventfd.h',
  'native/selector/waker_kqueue.cc',
  'native/selector/waker_kqueue.h',
];

const lib = readTree(['lib'], ['.ts']);
const native = readTree(['native'], ['.h', '.cc', '.cpp']);
const relativeTo = (top: string, files: readonly SourceFile[]): string[] =>
  files.map((file) => file.path.slice(top.length + 1));

describe('the rules', () => {
  const edge = (from: string, to: string): Edge => ({ from, to });

  test('layers: an import of a higher floor is found, one of a lower floor or the same folder is not', () => {
    const up = edge('kernel/a.ts', 'tasks/b.ts');
    const edges = [up, edge('tasks/b.ts', 'kernel/a.ts'), edge('kernel/a.ts', 'kernel/c.ts')];
    expect(report(findClimbs(edges, libFloors))).toEqual([
      'kernel/a.ts: imports tasks/b.ts, which is not on a lower floor',
    ]);
  });

  test('layers: an import of another folder on the same floor is found', () => {
    expect(findClimbs([edge('sync/lock.ts', 'net/tcp.ts')], libFloors)).toHaveLength(1);
  });

  test('layers: only the surfaces stand above everything, and the command line above them', () => {
    expect(findClimbs([edge('index.ts', 'net/tcp.ts'), edge('cli/doctor.ts', 'index.ts')], libFloors)).toEqual([]);
    expect(findClimbs([edge('index.ts', 'cli/doctor.ts')], libFloors)).toHaveLength(1);
    expect(findClimbs([edge('net/tcp.ts', 'index.ts')], libFloors)).toHaveLength(1);
  });

  test('layers: a folder without a floor is found', () => {
    expect(findHomeless(['util/strings.ts', 'base/deque.ts', 'index.ts'], libFloors)).toHaveLength(1);
  });

  test('layers: cycles of any length are found once', () => {
    const edges = [edge('a', 'b'), edge('b', 'c'), edge('c', 'a'), edge('c', 'd'), edge('e', 'e')];
    expect(report(findCycles(edges))).toEqual(['a: import cycle a -> b -> c -> a', 'e: import cycle e -> e']);
    expect(findCycles([edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('c', 'd')])).toEqual([]);
  });

  test('layers: every form of import is seen, type-only ones included', () => {
    const text = [
      `import { a } from './a';`,
      `import type { B } from './b';`,
      `export { c } from './c';`,
      `export * from './d';`,
      `import e = require('./e');`,
      `type F = import('./f').F;`,
      `const g = require('./g');`,
      `const h = () => import('./h');`,
      `// import './comment';`,
    ].join('\n');
    expect(importsOf({ path: 'x.ts', text })).toEqual(['./a', './b', './c', './d', './e', './f', './g', './h']);
  });

  test('layers: an import is resolved to its file, whatever way it is written', () => {
    const files = ['lib/a/x.ts', 'lib/b/index.ts', 'lib/c/y.ts'].map((path) => ({ path, text: '' }));
    const importer = { path: 'lib/c/z.ts', text: `import '../a/x'; import '../b'; import './y.js'; import 'node:fs';` };
    expect(edgesOf([...files, importer], 'lib').map(({ to }) => to)).toEqual(['a/x.ts', 'b/index.ts', 'c/y.ts']);
  });

  test('layers: host headers outside their place are found', () => {
    const files = [
      { path: 'native/loop/loop.cc', text: '#include <node_api.h>\n#include <uv.h>\n' },
      { path: 'native/addon/module.cc', text: '#include <node_api.h>\n#  include <uv.h>\n' },
      { path: uvFile, text: '#include <uv.h>\n' },
    ];
    expect(report(findHostHeaders(files, uvFile))).toEqual([
      'native/loop/loop.cc: includes node_api.h outside addon/',
      `native/loop/loop.cc: includes uv.h: only ${uvFile} may`,
      `native/addon/module.cc: includes uv.h: only ${uvFile} may`,
    ]);
  });

  test('layers: includes that are not written from native/ are found', () => {
    const files = [
      { path: 'native/base/fd.h', text: '' },
      { path: 'native/base/fd.cc', text: '#include "fd.h"\n#include "base/fd.h"\n#include "../base/fd.h"\n' },
    ];
    expect(findStrayIncludes(files).map(({ what }) => what)).toHaveLength(2);
    expect(includeEdges(files)).toContainEqual({ from: 'base/fd.cc', to: 'base/fd.h' });
  });

  test('layers: conditions on a platform are found outside the files of that platform', () => {
    const text = '#ifdef __linux__\n#endif\n#if defined(__APPLE__)\n#endif\n#ifndef NDEBUG\n#endif\n';
    const files = ['native/base/fd.cc', 'native/base/close_darwin.cc', 'native/selector/epoll.cc'];
    const found = findPlatformConditions(files.map((path) => ({ path, text })), platformFiles);
    expect(found.map(({ where }) => where)).toEqual(['native/base/fd.cc:1', 'native/base/fd.cc:3']);
  });

  test('layers: conditional compilation inside a function body is found', () => {
    const text = 'int f() {\n#if DEBUG\n  return 1;\n#endif\n  return 0;\n}\n#if DEBUG\nint g();\n#endif\n';
    expect(report(findConditionsInBodies([{ path: 'native/a.cc', text }]))).toEqual(['native/a.cc:2: #if inside f']);
  });
});

describe('the tree', () => {
  test('layers: lib imports go down the floors', () => {
    expect(lib.length).toBeGreaterThan(0);
    expect(report(findHomeless(relativeTo('lib', lib), libFloors))).toEqual([]);
    expect(report(findClimbs(edgesOf(lib, 'lib'), libFloors))).toEqual([]);
  });

  test('layers: lib has no import cycle, type-only imports included', () => {
    expect(report(findCycles(edgesOf(lib, 'lib')))).toEqual([]);
  });

  test('layers: lib imports packages only where they are allowed', () => {
    const allowed = ({ path }: SourceFile): readonly string[] =>
      path.startsWith('lib/lint/') ? typesOfLint : (allowedPackages[path] ?? []);
    const stray = lib.flatMap((file) =>
      packagesOf(file)
        .filter((name) => !allowed(file).includes(name))
        .map((name) => `${file.path} imports ${name}`),
    );
    expect(stray).toEqual([]);
  });

  test('layers: the rules for ESLint stand by themselves, and take types alone from others', () => {
    const rules = lib.filter((file) => file.path.startsWith('lib/lint/'));
    expect(rules.length).toBeGreaterThan(0);
    const statements = rules.flatMap((file) => file.text.match(/^import [^;]*? from '[^.][^']*';/gm) ?? []);
    expect(statements.filter((statement) => !statement.startsWith('import type '))).toEqual([]);
    const outside = edgesOf(lib, 'lib').filter(({ from, to }) => from.startsWith('lint/') && !to.startsWith('lint/'));
    expect(outside).toEqual([]);
  });

  test('layers: only one file of lib loads the addon', () => {
    const loaders = lib.filter((file) => importsOf(file).some((name) => name.endsWith('.node')) ||
      /process\.dlopen|\bcreateRequire\b|^(?!\s*\/\/).*\brequire\([^'"]/m.test(file.text));
    // The other one asks for modules of Node's alone, as the objects that everybody else has.
    expect(loaders.map((file) => file.path)).toEqual(['lib/engine/binding.ts', 'lib/testing/patches.ts']);
    const patches = lib.find((file) => file.path === 'lib/testing/patches.ts')?.text ?? '';
    expect(patches.match(/requireBuiltin\([^)]*\)/g)).toEqual(['requireBuiltin(`node:${name}`)']);
  });

  test('layers: native includes go down the floors and form no cycle', () => {
    expect(native.length).toBeGreaterThan(0);
    const edges = includeEdges(native);
    expect(report(findHomeless(relativeTo('native', native), nativeFloors))).toEqual([]);
    expect(report(findStrayIncludes(native))).toEqual([]);
    expect(report(findClimbs(edges, nativeFloors))).toEqual([]);
    expect(report(findCycles(edges))).toEqual([]);
  });

  test('layers: the list of native sources, which both builders read, names every file and no other', () => {
    const [list] = readTree(['native'], ['sources.json']);
    const sets = Object.values(JSON.parse(list?.text ?? '{}') as Record<string, string[]>);
    const listed = [...new Set(sets.flat())].sort();
    expect(listed).toEqual(relativeTo('native', native).filter((file) => file.endsWith('.cc')));
  });

  test('layers: the headers of Node and libuv stay in their files', () => {
    expect(report(findHostHeaders(native, uvFile))).toEqual([]);
  });

  test('layers: a platform difference is a different file', () => {
    expect(report(findPlatformConditions(native, platformFiles))).toEqual([]);
    expect(report(findConditionsInBodies(native))).toEqual([]);
  });
});
