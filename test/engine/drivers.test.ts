import { ArgumentRangeError, getRunningLoop, run } from '../../lib';
import { loadBinding } from '../../lib/engine/binding';
import { chosenDriver } from '../../lib/engine/drivers';
import { NativeEngine } from '../../lib/engine/native_engine';

const both = ['uv', 'poller'];
const asks = process.env['READYLOOP_DRIVER'] ?? '';

test('chosenDriver: libuv is joined where the addon has found one', () => {
  expect(chosenDriver(both, '', { node: '24.0.0' })).toBe('uv');
  expect(chosenDriver(['poller'], '', { node: '24.0.0' })).toBe('poller');
});

test.each(['bun', 'deno'])('chosenDriver: a host that only pretends to have libuv gets the thread: %s', (host) => {
  expect(chosenDriver(both, '', { node: '24.0.0', uv: '1.48.0', [host]: '1.0.0' })).toBe('poller');
  expect(() => chosenDriver(both, 'uv', { [host]: '1.0.0' })).toThrow(
    `READYLOOP_DRIVER=uv cannot work in this host, which has no libuv (${host}); choose one of poller`,
  );
});

test('chosenDriver: the other one can be asked for', () => {
  expect(chosenDriver(both, 'poller', { node: '24.0.0' })).toBe('poller');
  expect(chosenDriver(both, 'uv', { node: '24.0.0' })).toBe('uv');
});

test('chosenDriver: a driver that cannot be had is an error that names the others', () => {
  expect(() => chosenDriver(both, 'iocp', {})).toThrow(ArgumentRangeError);
  expect(() => chosenDriver(both, 'iocp', {})).toThrow('READYLOOP_DRIVER=iocp is none; choose one of uv, poller');
  expect(() => chosenDriver(['poller'], 'uv', {})).toThrow('has no libuv (unknown); choose one of poller');
});

test('NativeEngine: this process has libuv, and uses it unless it was told otherwise', () => {
  expect(loadBinding().drivers).toEqual(both);
  const engine = new NativeEngine();
  expect(engine.driver).toBe(asks === '' ? 'uv' : asks);
  engine.close();
});

test('EventLoop: metrics name the engine and the driver', async () => {
  const metrics = await run(function* () {
    return getRunningLoop().metrics();
  });
  expect(metrics.engine).toMatch(/^native:(epoll|kqueue|poll)$/);
  expect(metrics.driver).toBe(asks === '' ? 'uv' : asks);
});
