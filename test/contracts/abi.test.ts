// Contract: lib/engine/abi.ts and the addon mean the same layout. Both write into one piece of memory, so a difference
// would not fail where it is made but corrupt records later.
import { ABI } from '../../lib/engine/abi';
import { loadBinding } from '../../lib/engine/binding';
import { readTree } from './rules/source_tree';

/** Members of the `const enum`s of abi.ts; the compiler keeps none of them, so they are counted in the text. */
function enumMembers(text: string): number {
  const bodies = [...text.matchAll(/const enum \w+ \{([^}]*)\}/g)].map((match) => match[1] ?? '');
  return bodies.reduce((sum, body) => sum + (body.match(/^\s*\w+ = /gm) ?? []).length, 0);
}

test('abi: every constant of TypeScript equals the one that the addon exports', () => {
  expect({ ...loadBinding().abi }).toEqual(ABI);
});

test('abi: no constant of the layout is left out of the comparison', () => {
  const [source] = readTree(['lib/engine'], ['abi.ts']);
  const masks = 1; // Kind.mask follows from kindBits and is TypeScript's alone.
  const constants = 2; // RECORD_WORDS and KIND_BITS are no enum members.
  expect(Object.keys(ABI)).toHaveLength(enumMembers(source?.text ?? '') - masks + constants);
});

test('abi: the mask of kinds covers the bits of kinds and each kind fits', () => {
  const mask = 2 ** (ABI['kindBits'] ?? 0) - 1;
  const kinds = Object.entries(ABI).filter(([name]) => name.startsWith('kind') && name !== 'kindBits');
  expect(kinds.length).toBeGreaterThan(0);
  expect(kinds.filter(([, kind]) => kind < 1 || kind > mask)).toEqual([]);
  expect(new Set(kinds.map(([, kind]) => kind)).size).toBe(kinds.length);
});

test('abi: the addon names the selectors that it was built with, the default first', () => {
  const { selectors } = loadBinding();
  expect(selectors).toContain('poll');
  expect(selectors[0]).toBe(process.platform === 'darwin' ? 'kqueue' : 'epoll');
});
