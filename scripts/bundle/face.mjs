// The files that package.json names: they look at Node's version, and hand on what is in the bundle. An older Node can
// parse them, and learns from the first line that it is too old.
import { PARTS } from './surface_parts.mjs';

/** The beginning of a face. `guard`: the module that looks at the version, or null. */
function head(up, guard, isProgram) {
  return [
    ...(isProgram ? ['#!/usr/bin/env node'] : []),
    `'use strict';`,
    ...(guard === null ? [] : [`require('${up}${guard}.js');`]),
  ];
}

/** Returns: the face of a program: `entry` is its place in dist/. */
export function programFace(bundled, guard) {
  return `${[...head('../', guard, true), `require('../bundle/${bundled}.js');`].join('\n')}\n`;
}

/** Returns: the face of a surface that is one file of the bundle. Each name is written, for whoever only reads it. */
export function plainFace(bundled, names, guard) {
  const lines = [
    ...head('./', guard, false),
    `Object.defineProperty(exports, '__esModule', { value: true });`,
    `const bundled = require('./bundle/${bundled}.js');`,
    ...names.map((name) => `exports.${name} = bundled.${name};`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Returns: the face of the main surface, in parts; for each its file in the bundle, and its names. */
export function partedFace(parts, guard) {
  const lines = [
    ...head('./', guard, false),
    `Object.defineProperty(exports, '__esModule', { value: true });`,
    '// An object that has lost a member is a table: to change one of its members takes no time.',
    'exports.first = 0;',
    'exports.last = 0;',
    'delete exports.first;', // The last one would only be taken back.
    'delete exports.last;',
    '// A part is loaded when one of its names is first used; then they are plain values.',
    'function part(load, names) {',
    '  const settle = () => {',
    '    const loaded = load();',
    '    for (const each of names) define(each, { value: loaded[each], writable: true });',
    '    return loaded;',
    '  };',
    '  for (const name of names) {',
    '    const set = (value) => { settle(); exports[name] = value; };', // A test puts its own in the place.
    '    define(name, { get: () => settle()[name], set });',
    '  }',
    '}',
    'function define(name, how) {',
    '  Object.defineProperty(exports, name, Object.assign({ enumerable: true, configurable: true }, how));',
    '}',
  ];
  for (const { part, file, names } of parts) {
    lines.push(`// ${PARTS[part]}.`, `part(() => require('./bundle/${file}.js'), [`);
    lines.push(...names.map((name) => `  '${name}',`), ']);');
  }
  return `${lines.join('\n')}\n`;
}
