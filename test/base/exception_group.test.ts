import { inspect } from 'node:util';
import { ExceptionGroup } from '../../lib';
import { withCode } from '../helpers/failures';

class Lost extends Error {}
class Broken extends Error {}

const lost = new Lost('lost');
const broken = new Broken('broken');
const alsoLost = new Lost('also lost');
const nested = (): ExceptionGroup => new ExceptionGroup([lost, new ExceptionGroup([broken, alsoLost], 'inner')], 'outer');

test('XG1: split by a class gives both parts with their nesting', () => {
  const [match, rest] = nested().split(Lost);
  expect(match?.message).toBe('outer');
  expect(match?.errors[0]).toBe(lost);
  expect((match?.errors[1] as ExceptionGroup).message).toBe('inner');
  expect((match?.errors[1] as ExceptionGroup).errors).toEqual([alsoLost]);
  expect(rest?.errors).toHaveLength(1);
  expect((rest?.errors[0] as ExceptionGroup).errors).toEqual([broken]);
});

test('XG1: leaves keep their identity', () => {
  const [match, rest] = nested().split((error) => error === broken);
  expect(match?.leaves[0]).toBe(broken);
  expect(rest?.leaves.map((leaf) => [leaf === lost, leaf === alsoLost])).toEqual([[true, false], [false, true]]);
});

test('XG1: a part in which nothing is left is null', () => {
  expect(nested().split(Error)[1]).toBeNull();
  expect(nested().split(RangeError)[0]).toBeNull();
});

test('XG1: splitting leaves the group as it was', () => {
  const group = nested();
  group.split(Lost);
  expect(group.leaves).toEqual([lost, broken, alsoLost]);
});

test('XG2: subgroup keeps message, stack and cause', () => {
  const cause = new Error('why');
  const group = new ExceptionGroup([lost, broken], 'outer', { cause });
  const part = group.subgroup(Broken);
  expect(part?.errors).toEqual([broken]);
  expect(part).toMatchObject({ message: 'outer', stack: group.stack, cause });
});

test('XG2: derive keeps message, stack and cause, and makes nothing of nothing', () => {
  const cause = new Error('why');
  const group = new ExceptionGroup([lost], 'outer', { cause });
  expect(group.derive([broken])).toMatchObject({ errors: [broken], message: 'outer', stack: group.stack, cause });
  expect(group.derive([])).toBeNull();
});

test('XG2: derive invents no cause', () => {
  expect(new ExceptionGroup([lost]).derive([broken])).not.toHaveProperty('cause');
});

test('XG3: a group is an ExceptionGroup with a stable code', () => {
  expect(nested()).toMatchObject({ name: 'ExceptionGroup', code: 'ERR_EXCEPTION_GROUP' });
});

test('XG3: what is not an Error is refused', () => {
  expect(() => new ExceptionGroup(['text' as unknown as Error])).toThrow(withCode('ERR_INVALID_ARG_TYPE', /text/));
});

test('XG3: an empty group is refused', () => {
  expect(() => new ExceptionGroup([])).toThrow(withCode('ERR_INVALID_ARG_TYPE', /at least one/));
});

test('XG1: a matcher that is neither a class nor a predicate is refused', () => {
  expect(() => nested().split('Lost' as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE', /class/));
});

test('XG5: the tree shows an index and a stack for each leaf', () => {
  const lines = nested().format().split('\n');
  expect(lines[0]).toBe('ExceptionGroup: outer (2)');
  expect(lines).toContain('  [1]');
  expect(lines).toContain('    ExceptionGroup: inner (2)');
  expect(lines).toContain('      [2]');
  const stackLine = (alsoLost.stack as string).split('\n')[1] as string;
  expect(lines).toContain(`        ${stackLine}`);
});

test('XG5: depth is limited', () => {
  const text = nested().format({ maxDepth: 1 });
  expect(text).toContain('ExceptionGroup: inner (2)\n      …');
  expect(text).not.toContain('broken');
});

test('XG5: width is limited, and the rest is counted', () => {
  const group = new ExceptionGroup([lost, broken, alsoLost]);
  expect(group.format({ maxWidth: 1 })).toMatch(/… and 2 more$/);
  expect(group.format({ maxWidth: 3 })).not.toContain('more');
});

test('XG5: console.log prints the tree', () => {
  expect(inspect(nested())).toBe(nested().format());
});

test('XG6: a group is an AggregateError whose errors are its own', () => {
  const group = nested();
  expect(group).toBeInstanceOf(AggregateError);
  expect(Object.keys(Object.getOwnPropertyDescriptors(group))).toContain('errors');
});

test('XG6: a cause is kept', () => {
  const cause = new Error('why');
  expect(new ExceptionGroup([lost], 'outer', { cause }).cause).toBe(cause);
});
