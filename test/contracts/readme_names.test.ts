// Contract: the README names all that `readyloop` exports, and every code of its errors.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as readyloop from '../../lib';

const root = path.resolve(__dirname, '../../..');
const text = (file: string): string => readFileSync(path.join(root, file), 'utf8');

// What each `statistics()` gives is named by a rule there.
function namesIn(declarations: string): string[] {
  const [, section = ''] = declarations.split(/^## .*$/m);
  const found = section.matchAll(/^(?:abstract )?(?:class|interface|type|function|const) (\w+)/gm);
  return [...new Set([...found].map(([, name]) => name!))].filter((name) => !name.endsWith('Statistics'));
}

function missingFrom(readme: string, words: readonly string[]): string[] {
  return words.filter((word) => !new RegExp(`\\b${word}\\b`).test(readme));
}

test('the rules: names are those of the first section, and a longer word is not the word', () => {
  const first = ["## 'a'", 'class One {', '}', 'type Two = 1;', 'interface OneStatistics {', '}'];
  const declarations = ['# x', ...first, "## 'b'", 'class Three {', '}'].join('\n');
  expect(namesIn(declarations)).toEqual(['One', 'Two']);
  expect(missingFrom('`Ones`, `Two`', ['One', 'Two'])).toEqual(['One']);
});

test('readme: every name of the package is in it', () => {
  const names = namesIn(text('docs/api/readyloop.api.txt'));
  expect(names.length).toBeGreaterThan(200);
  expect(missingFrom(text('README.md'), names)).toEqual([]);
});

test('readme: every code of an error is in it', () => {
  const source = ['errors', 'binary_errors', 'simulation_errors', 'exception_group']
    .map((file) => text(`lib/base/${file}.ts`)).join('');
  // Those of OpenSSL are reasons of a TlsError.
  const codes = [...source.matchAll(/'(ERR_(?!SSL_)[A-Z_]+)'/g)].map(([, code]) => code!);
  expect(codes).toContain(new readyloop.TimeoutError('x').code);
  expect(missingFrom(text('README.md'), codes)).toEqual([]);
});
