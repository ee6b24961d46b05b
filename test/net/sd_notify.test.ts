// Telling a supervisor: what arrives at its socket, and what happens without one.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CancelScope, checkpoint, moveOnAfter, openDatagram, run, runBlocking, sdNotify } from '../../lib';
import { withCode } from '../helpers/failures';
import { colours, failureOf } from '../tasks/support';

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

let folder = '';
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'readyloop-notify-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe.each(colours)('$name', ({ of }) => {
  test('sdNotify: a supervisor at a path or an abstract name is told line by line', () => run(of(function* () {
    const NOTIFY_SOCKET = path.join(folder, 'socket');
    for (const [name, place] of [[NOTIFY_SOCKET, NOTIFY_SOCKET], ['@readyloop-notify', '\0readyloop-notify']] as const) {
      const supervisor = (yield openDatagram({ path: place })) as Awaited<ReturnType<typeof openDatagram>>;
      const before = openDescriptors();
      expect(yield sdNotify({ READY: 1, STATUS: 'serving 3 ports' }, { env: { NOTIFY_SOCKET: name } })).toBe(true);
      const { data } = (yield supervisor.receive()) as { data: Buffer };
      expect(String(data)).toBe('READY=1\nSTATUS=serving 3 ports');
      yield checkpoint();
      expect(openDescriptors()).toBe(before);
      yield supervisor.close();
    }
  })));
});

test('sdNotify: without a supervisor nothing happens', () => runBlocking(function* () {
  expect(yield* sdNotify({ READY: 1 }, { env: {} })).toBe(false);
  expect(yield* sdNotify({ READY: 1 }, { env: { NOTIFY_SOCKET: '' } })).toBe(false);
}));

test('sdNotify: a supervisor that does not listen is a system error with its address', () => runBlocking(function* () {
  const NOTIFY_SOCKET = path.join(folder, 'nobody');
  const before = openDescriptors();
  const error = yield* failureOf(sdNotify({ STOPPING: 1 }, { env: { NOTIFY_SOCKET } }));
  expect(error).toMatchObject({ code: 'ENOENT', address: NOTIFY_SOCKET });
  expect(openDescriptors()).toBe(before);
}));

test('sdNotify: a task that is cancelled already tells nothing', () => run(function* () {
  const NOTIFY_SOCKET = path.join(folder, 'socket');
  const supervisor = yield* openDatagram({ path: NOTIFY_SOCKET });
  const scope = new CancelScope();
  yield* scope.run(function* () {
    scope.cancel();
    yield* sdNotify({ READY: 1 }, { env: { NOTIFY_SOCKET } });
  });
  expect(scope.cancelledCaught).toBe(true);
  const nothing = yield* moveOnAfter(0, () => supervisor.receive());
  expect(nothing.cancelledCaught).toBe(true);
  yield* supervisor.close();
}));

test('sdNotify: what makes no line is refused at the call', () => runBlocking(function* () {
  const env = { NOTIFY_SOCKET: path.join(folder, 'socket') };
  expect(() => sdNotify({}, { env })).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => sdNotify({ STATUS: 'two\nlines' }, { env })).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => sdNotify({ 'A=B': 1 }, { env })).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => sdNotify({ READY: true } as never, { env })).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => sdNotify('READY=1' as never, { env })).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => sdNotify({ READY: 1 }, { environment: env } as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => sdNotify({ READY: 1 }, { env: { NOTIFY_SOCKET: 'vsock:2:1' } })).toThrow(withCode('ERR_UNSUPPORTED'));
  yield* checkpoint();
}));
