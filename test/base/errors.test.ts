import { constants } from 'node:os';
import { runInNewContext } from 'node:vm';
import * as surface from '../../lib';
import { asError, CancelledError, NonErrorThrown, ReadyloopError, systemError } from '../../lib/base/errors';

// No error has the first as its class; the second has the code of a system error, and a test beside connections.
const abstracted: readonly unknown[] = [ReadyloopError, surface.ConnectionFailedError];

const classes = Object.entries(surface).filter(
  ([, value]) => typeof value === 'function' && value.prototype instanceof Error && !abstracted.includes(value),
) as unknown as [string, new (message: string) => Error & { readonly code: string }][];

function make([name, errorClass]: (typeof classes)[number]): Error & { readonly code: string } {
  if (name === 'ExceptionGroup') return new surface.ExceptionGroup([new Error('x')]);
  return name === 'TlsError' ? new surface.TlsError(new Error('x'), '') : new errorClass('x');
}

test('errors: the catalogue is on the surface', () => {
  expect(classes.length).toBeGreaterThan(15);
});

test.each(classes)('errors: %s has its class as name and a stable code', (name, errorClass) => {
  const error = make([name, errorClass]);
  expect(error).toMatchObject({ name, code: expect.stringMatching(/^ERR_[A-Z_]+$/) as unknown });
  expect(error.stack).toContain('errors.test');
});

test('errors: no two classes share a code', () => {
  const codes = classes
    .filter(([name]) => name !== 'ExceptionGroup')
    .map((entry) => make(entry).code);
  expect(new Set(codes).size).toBe(codes.length);
});

test('errors: wrong types are TypeErrors and wrong values RangeErrors', () => {
  expect(new surface.ArgumentTypeError('x')).toBeInstanceOf(TypeError);
  expect(new surface.ArgumentRangeError('x')).toBeInstanceOf(RangeError);
});

test('errors: a cancellation says why and by whom', () => {
  const error = new CancelledError('lunch', { task: 'Task-1' });
  expect(error).toMatchObject({ reason: 'lunch', origin: { task: 'Task-1' } });
  expect(error.message).toContain('lunch');
  expect(new CancelledError()).toMatchObject({ reason: undefined, origin: null });
  expect(new CancelledError(new Error('inner')).message).toContain('inner');
});

test('errors: an error of the system has the shape of Node’s', () => {
  expect(systemError(-constants.errno.EPERM, 'watch', 'use node:fs')).toMatchObject({
    code: 'EPERM',
    errno: -constants.errno.EPERM,
    syscall: 'watch',
    message: 'EPERM: watch: use node:fs',
  });
});

test('F16: asError keeps errors, of other realms too, and wraps everything else', () => {
  const own = new TypeError('own');
  const foreign: unknown = runInNewContext('new RangeError("foreign")');
  expect(asError(own)).toBe(own);
  expect(asError(foreign)).toBe(foreign);
  expect(asError('text')).toMatchObject({ name: NonErrorThrown.name, value: 'text' });
  expect(asError(undefined)).toMatchObject({ value: undefined });
});

test('F16: a thrown value that cannot be printed is wrapped all the same', () => {
  const naked: unknown = Object.create(null);
  expect(asError(naked)).toMatchObject({ code: 'ERR_NON_ERROR_THROWN', value: naked });
  expect(new CancelledError(naked).reason).toBe(naked);
  expect(asError(Symbol('sign'))).toMatchObject({ code: 'ERR_NON_ERROR_THROWN' });
});
