// Searching: up to a separator and lines, how far, and with whatever cuts the kernel makes.
import { type ByteStream, createTask, type Future } from '../../lib';
import { StreamBuffer } from '../../lib/net/stream_buffer';
import { outcomeOf } from '../tasks/support';
import { withCode } from '../helpers/failures';
import { run } from './engines';
import { connect, until } from './support';

const text = (bytes: unknown): string => (bytes as Buffer).toString();

/** Sends pieces that arrive one by one, while somebody reads who takes none of them before the last. */
function* sendApart(near: ByteStream, far: ByteStream, pieces: readonly string[]) {
  yield* until(() => far._reader !== null);
  let arrived = 0;
  for (const [i, piece] of pieces.entries()) {
    near.write(piece);
    arrived += piece.length;
    if (i < pieces.length - 1) yield* until(() => far._unread?.length === arrived);
  }
}

const cuts: readonly (readonly [string, readonly string[]])[] = [
  ['\r\n', ['a', 'b\r', '\nrest']],
  ['--end', ['ab', '-', '-', 'e', 'n', 'drest']],
  ['aab', ['a', 'a', 'abrest']],
];

test.each(cuts)('ST6: a separator %j that comes in pieces is found', (separator, pieces) => run(function* () {
  const { near, far } = yield* connect();
  const reading = createTask(() => far.readUntil(separator));
  yield* sendApart(near, far, pieces);
  const whole = pieces.join('');
  expect(text(yield* reading)).toBe(whole.slice(0, whole.indexOf(separator) + separator.length));
  expect(text(yield* far.read())).toBe('rest');
  near.abort();
  far.abort();
}));

test('ST6: what was searched is not searched again', () => run(function* () {
  const { near, far } = yield* connect();
  const peek = jest.spyOn(StreamBuffer.prototype, 'peek');
  const reading = createTask(() => far.readUntil('--'));
  yield* sendApart(near, far, ['x'.repeat(1000), 'y'.repeat(500), '-', '-']);
  expect(yield* reading).toHaveLength(1502);
  expect(peek.mock.calls).toEqual([[0], [999], [1499], [1500]]);
  peek.mockRestore();
  near.abort();
  far.abort();
}));

test('ST5: of several separators the one that ends first counts', () => run(function* () {
  const { near, far } = yield* connect();
  near.write('ab--c-d');
  expect(text(yield* far.readUntil(['--c', '-']))).toBe('ab-');
  expect(text(yield* far.readUntil(['c-d', '-c']))).toBe('-c');
  expect(text(yield* far.readUntil([Buffer.from('-'), 'd']))).toBe('-');
  near.abort();
  far.abort();
}));

test('ST3, ST4: beyond the limit nothing is taken, and a larger limit finds it', () => run(function* () {
  const { near, far } = yield* connect();
  near.write(`${'x'.repeat(100)}\nnext\n`);
  for (const reading of [() => far.readLine({ limit: 50 }), () => far.readUntil('\n', { limit: 99 })]) {
    const [how, error] = yield* outcomeOf(reading());
    expect(how).toBe('failed');
    expect(error).toMatchObject({ code: 'ERR_LIMIT_EXCEEDED', consumed: 100 });
  }
  expect(text(yield* far.readLine({ limit: 100 }))).toBe('x'.repeat(100));
  expect(text(yield* far.readLine())).toBe('next');
  near.abort();
  far.abort();
}));

const tooLong: readonly (readonly [string, number, (stream: ByteStream) => Future<unknown>])[] = [
  ['readLine', 8, (stream) => stream.readLine({ limit: 5 })],
  ['readUntil', 7, (stream) => stream.readUntil('\r\n', { limit: 5 })],
];

test.each(tooLong)('ST3, ST4: the limit of %s counts before a separator has come', (_name, consumed, reading) =>
  run(function* () {
    const { near, far } = yield* connect();
    const waiting = createTask(outcomeOf(createTask(() => reading(far))));
    yield* sendApart(near, far, ['12345', '678']);
    expect(yield* waiting).toEqual(['failed', expect.objectContaining({ code: 'ERR_LIMIT_EXCEEDED', consumed })]);
    expect(text(yield* far.readExactly(8))).toBe('12345678');
    near.abort();
    far.abort();
  }));

test('ST4: separators that are empty or nothing are refused at the call', () => run(function* () {
  const { near, far } = yield* connect();
  expect(() => far.readUntil('')).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => far.readUntil([])).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => far.readUntil(['a', ''])).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => far.readUntil(3 as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => far.read('3' as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  for (const options of [null, 5, { limt: 5 }] as never[]) {
    expect(() => far.readUntil('a', options)).toThrow(withCode('ERR_INVALID_ARG_TYPE', /readUntil/));
    expect(() => far.readLine(options)).toThrow(withCode('ERR_INVALID_ARG_TYPE', /readLine/));
  }
  expect(() => far.readInto('memory' as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  near.abort();
  far.abort();
}));
