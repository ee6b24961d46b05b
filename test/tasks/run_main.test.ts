// runMain and run({ signals }): programs in processes of their own, with real signals.
import { checkpoint, run, runBlocking } from '../../lib/index';
import { SimulatedEngine } from '../../lib/testing';
import { start } from './child';
import { codeOf } from './support';

const INT = 130;
const TERM = 143;

test.each([
  ['endless', 'SIGINT', INT],
  ['endless', 'SIGTERM', TERM],
  ['endless async', 'SIGINT', INT],
  ['endless, signals undefined', 'SIGINT', INT],
] as const)('D38, RU8: runMain: %s: the first %s cancels main, and the status is 128 + n', async (name, signal, status) => {
  const program = start('main', name);
  await program.line('ready');
  program.kill(signal);
  expect(await program.ended).toEqual({ code: status, signal: null, stdout: 'ready\n', stderr: '' });
});

test('D38, RU8: runMain: main is cancelled with the signal’s name as reason, and cleans up', async () => {
  const program = start('main', 'tidy');
  await program.line('ready');
  program.kill('SIGINT');
  expect(await program.ended).toMatchObject({
    code: INT,
    stdout: 'ready\nreason SIGINT\ncleanup ended\n',
    stderr: '',
  });
});

test('D38, RU9: runMain: the second signal exits at once', async () => {
  const program = start('main', 'stubborn');
  await program.line('ready');
  program.kill('SIGINT');
  await program.line('cancelled');
  program.kill('SIGTERM');
  expect(await program.ended).toMatchObject({ code: TERM, signal: null });
});

test('D38, RU9: runMain: the second signal exits at once while the left-behind tasks end', async () => {
  const program = start('main', 'stubborn child');
  await program.line('ready');
  program.kill('SIGINT');
  await program.line('child cancelled');
  program.kill('SIGINT');
  expect(await program.ended).toMatchObject({ code: INT, signal: null });
});

test('D38, RU8: runMain: a first signal while the left-behind tasks end lets them end', async () => {
  const program = start('main', 'ended with a stubborn child');
  await program.line('ready');
  program.kill('SIGINT');
  program.tell('go on');
  expect(await program.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
});

test('D38, RU8, RU14: runMain: a main that handles the signal ends as it likes', async () => {
  const program = start('main', 'swallowing');
  await program.line('ready');
  program.kill('SIGINT');
  expect(await program.ended).toEqual({ code: 0, signal: null, stdout: 'ready\nswallowed\n', stderr: '' });
});

test('D38: runMain: another failure after the signal is printed', async () => {
  const program = start('main', 'failing cleanup');
  await program.line('ready');
  program.kill('SIGINT');
  const ended = await program.ended;
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/cleanup failed/);
});

test('D38: runMain: a failure is printed and the status is 1', async () => {
  const ended = await start('main', 'failing').ended;
  expect(ended).toMatchObject({ code: 1, stdout: '' });
  expect(ended.stderr).toMatch(/Error: main failed/);
});

test('D38: runMain: a cancellation that no signal caused is a failure', async () => {
  const ended = await start('main', 'cancelled by itself').ended;
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/by hand/);
});

test('D38: runMain: a main that returns leaves the status at 0 and prints nothing', async () => {
  expect(await start('main', 'quiet').ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
});

test('D38: run: with signals the first one cancels main, and the process goes on', async () => {
  const program = start('main', 'run with signals');
  await program.line('ready');
  program.kill('SIGTERM');
  expect(await program.ended).toEqual({ code: 0, signal: null, stdout: 'ready\nrejected SIGTERM\n', stderr: '' });
});

test('D38: run: without signals it touches none', async () => {
  const program = start('main', 'run without signals');
  await program.line('ready');
  program.kill('SIGINT');
  expect(await program.ended).toMatchObject({ code: null, signal: 'SIGINT' });
});

test('RU10: run: a handler of the user is called too', async () => {
  const program = start('main', 'run beside a handler');
  await program.line('ready');
  program.kill('SIGTERM');
  await program.line('handler of the user');
  await program.line('rejected');
  program.kill('SIGKILL');
  await program.ended;
});

test('RU10: run: its handlers are there while it runs and gone after it', async () => {
  const counts = (): number[] => ['SIGINT', 'SIGTERM'].map((name) => process.listenerCount(name));
  const before = counts();
  let during: number[] = [];
  await run(function* () {
    during = counts();
    yield* checkpoint();
  }, { engine: new SimulatedEngine(), signals: ['SIGINT', 'SIGTERM'] });
  expect(during).toEqual(before.map((count) => count + 1));
  expect(counts()).toEqual(before);
});

test('RU10: run: a main that is refused leaves no handler behind', () => {
  const before = process.listenerCount('SIGTERM');
  codeOf(() => void run(5 as never, { engine: new SimulatedEngine(), signals: ['SIGTERM'] }));
  expect(process.listenerCount('SIGTERM')).toBe(before);
});

test('D38: runBlocking: signals are refused, as only Node’s own loop delivers them', () => {
  const options = { engine: new SimulatedEngine(), signals: ['SIGINT'] } as const;
  expect(codeOf(() => runBlocking(function* () {}, options))).toBe('ERR_OUT_OF_RANGE');
});
