// Turns an ES module that esbuild has written into a CommonJS module, line by line, so that its source map stays true.
// All imports stand at the beginning and the exports at the end, and no export is ever assigned again, so what is
// exported may be plain values: no getters, which would cost at each use.

const IMPORT = /^import (?:\{([^}]*)\}|\* as ([\w$]+)|([\w$]+)) from ("[^"]+");$/gm;
const BARE_IMPORT = /^import ("[^"]+");$/gm;
const EXPORT = /^export \{([^}]*)\};$/gm;
// Compiled TypeScript asks for it before it takes the names as they are.
const MARK = 'Object.defineProperty(module.exports, "__esModule", { value: true });';

/** What `require` is called while esbuild looks; it has as many letters. */
export const OWN_REQUIRE = 'reQuire';
const CALL_OF_REQUIRE = new RegExp(`\\b${OWN_REQUIRE}\\b`, 'g');
// A class that names itself has a second name inside, which errors and `console.log` would show.
const INNER_CLASS = /\bvar (\w+) = class (_\1)\b/g;

/** Throws: an Error if something of the ES module is left. */
export function toCommonJs(text, name) {
  const code = text
    .replace(IMPORT, (_, names, whole, byDefault, from) =>
      `const ${names === undefined ? (whole ?? byDefault) : `{${pairs(names, (a, b) => [a, b])}}`} = require(${from});`)
    .replace(BARE_IMPORT, 'require($1);')
    .replace(EXPORT, (_, names) => `module.exports = {${pairs(names, (a, b) => [b, a])}}; ${MARK}`);
  const left = /^(import|export) .*$/m.exec(code);
  if (left !== null) throw new Error(`${name}: \`${left[0]}\` has no form in CommonJS; teach toCommonJs about it`);
  // On the first line, so that no line moves.
  return `"use strict";${withOwnNames(code)}`;
}

function withOwnNames(code) {
  const inner = [...code.matchAll(INNER_CLASS)].map(([, name, second]) => [name, second]);
  return inner
    .reduce((text, [name, second]) => text.replace(new RegExp(`(?<![\\w$.#])${second}\\b`, 'g'), name), code)
    .replace(CALL_OF_REQUIRE, 'require');
}

// `a as b` becomes `a: b` or `b: a`; line breaks stay.
function pairs(names, order) {
  return names.replace(/([\w$]+)(?: as ([\w$]+))?/g, (_, from, to) =>
    to === undefined ? from : order(from, to).join(': '),
  );
}
